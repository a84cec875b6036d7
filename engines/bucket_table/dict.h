// A bucket-table as a Dict: follows the table from file to file as it grows.
//
// One per worker; used by one thread, of the process that made it.
#pragma once

#include <chrono>
#include <string>

#include "engines/bucket_table/growth.h"
#include "engines/engine.h"

namespace dictbench::bucket_table {

class BucketDict final : public Dict {
 public:
  // `timeout`: how long to wait for a lock. Throws Error: `unavailable`, `corrupt`, `timeout`.
  BucketDict(const std::string& path, std::chrono::milliseconds timeout);

  bool get(std::string_view key, Value& out) override;
  void set(std::string_view key, std::string_view value) override;
  bool erase(std::string_view key) override;
  std::int64_t add(std::string_view key, std::int64_t delta) override;
  std::uint64_t size() override;
  void for_each(const Visitor& visit) override;
  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override;
  void set_many(std::span<const KeyValue> items) override;

  const Geometry& geometry() { return current().file().geometry(); }
  const KeyHash& hasher() const noexcept { return table_.file().hasher(); }
  std::uint64_t joined_pages() { return current().file().header().joined.load(std::memory_order_relaxed); }

  // What is broken, or empty; repairs what killed processes left first.
  std::string broken();

 private:
  Table& current() {
    if (table_.moved()) [[unlikely]]
      follow();
    return table_;
  }
  void follow();
  void check_sizes(std::string_view key, std::string_view value);
  bool get_hashed(std::uint64_t hash, std::string_view key, Value& out);
  void set_hashed(std::uint64_t hash, std::string_view key, std::string_view value);
  // Whether the table is still the dict after `work` on it; if not, it has to be done again.
  template <typename Work>
  void in_stripe(std::uint64_t hash, const Work& work);

  std::string path_;
  Table table_;         // any of the dict's: all have one hash of keys
  unsigned walks_ = 0;  // for_each() under way
};

}  // namespace dictbench::bucket_table
