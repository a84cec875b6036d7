// RedisDict: the dict's operations as Redis commands over one connection.
//
// A batch goes out as pipelines of single commands: faster, not atomic. Used by one thread of the process
// that attached; after `disconnected` or `timeout` every call says `disconnected`.
#pragma once

#include <string>

#include "engines/engine.h"
#include "engines/redis/connection.h"
#include "engines/spec.h"

namespace dictbench {

// Redis' own limit (proto-max-bulk-len) of a key and of a value, in bytes.
inline constexpr std::size_t kLargestRedisString = std::size_t{512} << 20;

class RedisDict final : public Dict {
 public:
  // `spec`: bound to the rules of the engine `redis`. Throws Error(unavailable).
  RedisDict(const Spec& spec, const std::string& address);

  bool get(std::string_view key, Value& out) override;
  void set(std::string_view key, std::string_view value) override;
  bool erase(std::string_view key) override;
  std::int64_t add(std::string_view key, std::int64_t delta) override;
  std::uint64_t size() override;
  void for_each(const Visitor& visit) override;
  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override;
  void set_many(std::span<const KeyValue> items) override;

 private:
  template <class Queue, class Take>
  void in_pipelines(std::size_t count, const Queue& queue, const Take& take);
  bool visit_page(const std::vector<std::string_view>& keys, const Visitor& visit);

  RedisConnection connection_;
  std::size_t pipeline_;  // commands of a batch per round trip
};

}  // namespace dictbench
