// MemcachedDict: the dict's operations over one libmemcached connection.
//
// Three habits of memcached and libmemcached shape this:
//  - memcached's `set` removes the key's old value when it finds no memory for the new one. What was
//    acknowledged must not be lost, so set() stores by `add` and `replace` (option store=keep), beginning
//    with the one that succeeded last: one round trip while a phase only inserts or only overwrites;
//  - libmemcached connects again by itself after a failure, and some versions report a lost or silent
//    server during a get as "not found"; here every miss is checked against the last error, and the first
//    lost connection closes the client for good;
//  - its `incr` knows unsigned numbers only: see add().
// Used by one thread of the process that attached.
#pragma once

#include <libmemcached/memcached.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "engines/engine.h"
#include "engines/memcached/pipeline.h"
#include "engines/server/endpoint.h"
#include "engines/spec.h"

namespace dictbench {

// memcached's own limit of a key, in bytes.
inline constexpr std::size_t kLargestMemcachedKey = 250;

// The largest item (header, key and value), in bytes, that the server of this spec takes.
std::size_t memcached_item_limit(const Spec& spec);

// The largest value, in bytes, that the server of this spec takes.
std::size_t largest_memcached_value(const Spec& spec);

class MemcachedDict final : public Dict {
 public:
  // `spec`: bound to the rules of the engine `memcached`. Throws Error(unavailable).
  MemcachedDict(const Spec& spec, const std::string& address);

  bool get(std::string_view key, Value& out) override;
  void set(std::string_view key, std::string_view value) override;
  bool erase(std::string_view key) override;

  // One `incr` for deltas of 0 to 2^32-1 on a counter that is there and not negative; otherwise gets and
  // cas. A sum beyond int64 is taken back with `decr`, so others may see it for an instant.
  std::int64_t add(std::string_view key, std::int64_t delta) override;

  std::uint64_t size() override;

  // Unsupported: memcached lists no keys.
  [[noreturn]] void for_each(const Visitor& visit) override;

  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override;

  // Overlaps the round trips; as set() for each item. The binary protocol has one trip an item.
  void set_many(std::span<const KeyValue> items) override;

  // The server's statistics by name ("pid", "curr_items", ...).
  std::map<std::string, std::string> statistics();

  // Forgets every key.
  void clear();

 private:
  // A libmemcached client and the buffer that its fetches reuse.
  struct Client {
    Client();
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    memcached_st* const handle;
    memcached_result_st result;
  };

  void connect();
  void require_open() const;
  void check_key(std::string_view key) const;
  void check_value(std::string_view value) const;
  // A miss that is one: no failure hides behind it.
  bool truly_missing(memcached_return_t status) const;
  // Throws what the status means; closes the client when the connection is not to be used any more.
  [[noreturn]] void fail(memcached_return_t status);
  memcached_return_t store(std::string_view key, std::string_view value);
  void set_page(std::span<const KeyValue> items);
  bool try_incr(std::string_view key, std::uint32_t delta, std::int64_t& sum);
  [[noreturn]] void take_back(std::string_view key, std::uint32_t delta, std::uint64_t sum);
  std::int64_t add_by_cas(std::string_view key, std::int64_t delta);
  bool get_with_cas(std::string_view key, Value& out, std::uint64_t& cas);
  std::size_t get_page(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found);

  Endpoint server_;
  std::uint32_t timeout_ms_;
  bool binary_;
  bool keep_;  // store=keep
  std::size_t largest_value_;
  std::unique_ptr<Client> client_;               // null after the connection was lost
  std::unique_ptr<MemcachedPipeline> pipeline_;  // once set_many() was called
  bool expect_present_ = false;                  // which of `replace` and `add` set() tries first
  Value scratch_;
  Value again_;
};

}  // namespace dictbench
