// Index: the operations on keys. See docs/lockfree.md for the whole argument; in short:
//
//  - a reader writes nothing. It reads a slot word, the block, and the slot word again: unchanged means that the block
//    was in the table all the time, because a slot word never comes back (words.h). The table's own memory may be
//    given to somebody else only after kGrace further retirements, and a reader that met so many starts again;
//  - a writer names the table that it looks at in its hazard (Michael, "Hazard Pointers", 2004), so that this table is
//    not reused before the writer is done. A stopped writer keeps one table from reuse, no more;
//  - a frozen table is being rebuilt: readers go on reading it, a writer rebuilds it itself (rebuild.cc) and goes on.
//
// Used by one thread, the one of its Dict.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engines/engine.h"
#include "engines/error.h"
#include "engines/lockfree/blocks.h"
#include "engines/lockfree/slot_view.h"
#include "engines/lockfree/table.h"
#include "engines/value.h"

namespace dictbench::lockfree {

class Index {
 public:
  Index(Space space, Blocks& blocks);

  bool get(std::string_view key, Value& out) const;
  void set(std::string_view key, std::string_view value);
  bool erase(std::string_view key);

  // Replaces the value by what `change` makes of it (nothing: the key is missing), in one step: `change` is called
  // again when somebody was quicker.
  using Change = std::function<std::string_view(std::optional<std::string_view> value)>;
  void update(std::string_view key, const Change& change);

  std::uint64_t size() const;
  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) const;

  // Every item of a partition, each key once.
  using Items = std::unordered_map<std::string, std::string>;
  Items items_of(std::uint64_t partition) const;

  // As many sets, whose cache misses overlap.
  void set_many(std::span<const KeyValue> items);

  // The first tables, with room for `items`. By the creator, before anybody attaches.
  void make_tables(std::uint64_t items);

 private:
  struct Place;
  class Write;
  enum class Tried { done, again };
  enum class Look { found, missing, again };
  // Why a table is rebuilt: a bucket and its overflow bucket are full; a bucket is, and there is no
  // overflow bucket left; a number has reached its end; another has begun.
  enum class Why { crowded, no_overflow, worn, frozen };

  std::uint64_t partition(Hash hash) const noexcept { return hash.partition(partition_bits_); }
  // Fetch the key's bucket, and return the directory word; fetch the blocks that the bucket names for its tag.
  std::uint64_t prefetch_home(Hash hash) const noexcept {
    const std::uint64_t word = space_.directory(partition(hash)).load(std::memory_order_acquire);
    __builtin_prefetch(&space_.table(word).home(hash));
    return word;
  }
  void prefetch_block(std::uint64_t word, Hash hash) const noexcept;

  // get.cc
  Sight sight_of(std::uint64_t partition) const noexcept;
  Look look(const Sight& sight, Hash hash, std::string_view key, Value& out) const;
  Look look_further(const Sight& sight, Hash hash, std::string_view key, Value& out) const;
  Look look_in(const Bucket& bucket, const Sight& sight, Hash hash, std::string_view key, Value& out) const;
  bool gather(const Sight& sight, Items& items) const;

  // write.cc
  void set(Hash hash, std::string_view key, std::string_view value);
  Sight protect(Hash hash) noexcept;
  template <class Make>
  Tried attempt(const Sight& sight, Hash hash, std::string_view key, bool inserts, const Make& make);
  bool find(const Sight& sight, const Table& table, Bucket& home, Hash hash, std::string_view key, Place& place) const;
  void complete(const Table& table, Bucket& home, std::uint64_t control) const;
  bool quiet(const Table& table, const Place& place) const;
  Tried try_replace(const Sight& sight, const Table& table, const Place& place, Hash hash, Block block);
  Tried try_insert(const Table& table, const Place& place, Hash hash, Block block);
  bool add_overflow(const Table& table, Bucket& home, std::uint64_t control);

  // rebuild.cc
  class TableInHand;
  void rebuild(std::uint64_t partition, std::uint64_t word, Why why);
  static Error no_room(Why why, const Table& table);
  bool publish(std::uint64_t partition, std::uint64_t word, Block block, const Table& table);
  Table make_table(Block block, std::uint32_t partition, std::uint64_t bytes) const;
  bool fill(std::uint64_t partition, std::uint64_t word, const Table& from, const Table& to) const;
  std::uint32_t bucket_by_key(std::uint64_t partition, std::uint64_t word, Block block, std::uint32_t buckets) const;

  // retire.cc
  void retire(std::uint64_t word);

  Space space_;
  Blocks& blocks_;
  Arena& mine_;
  Hasher hasher_;
  unsigned partition_bits_;
};

}  // namespace dictbench::lockfree
