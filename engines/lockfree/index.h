// Index: the operations on keys. See docs/lockfree.md for the whole argument; in short:
//
//  - a reader writes nothing. It reads a slot word, the block, and the slot word again: unchanged means that the block
//    was in the table all the time, because a slot word never comes back (words.h). The table's own memory may be
//    given to somebody else only after kGrace further retirements, and a reader that met so many starts again;
//  - a writer announces its epoch, so that a table it looks at is not reused before it is done, however long that
//  takes;
//  - a frozen table is being rebuilt: readers go on reading it, a writer rebuilds it itself (rebuild.cc) and goes on.
//
// Used by one thread, the one of its Dict.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "engines/lockfree/blocks.h"
#include "engines/lockfree/table.h"
#include "engines/value.h"

namespace dictbench::lockfree {

// Retirements after which a table's memory is used again. A reader whose operation has seen so many starts anew.
inline constexpr std::uint64_t kGrace = 64;

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
  using Visit = std::function<void(std::string_view key, std::string_view value)>;
  void for_each_in(std::uint64_t partition, const Visit& visit) const;

  // The first tables, with room for `items`. By the creator, before anybody attaches.
  void make_tables(std::uint64_t items);

 private:
  struct Place;
  enum class Tried { done, again };

  Table table(std::uint64_t word) const noexcept {
    const TableAt at = unpack_table(word);
    return {space_.at(std::uint64_t{at.line} * 64), at.buckets};
  }
  std::uint64_t partition(Hash hash) const noexcept { return hash.partition(partition_bits_); }

  enum class Look { found, missing, again };
  Look look(std::uint64_t word, Hash hash, std::string_view key, std::uint64_t epoch, Value& out) const;
  Look look_in(const Bucket& bucket, std::uint64_t word, Hash hash, std::string_view key, std::uint64_t epoch,
               Value& out) const;
  bool in_grace(std::uint64_t epoch) const noexcept {
    return space_.root().epoch.load(std::memory_order_relaxed) - epoch < kGrace;
  }

  std::uint64_t announce(Hash hash) noexcept;
  void done() noexcept { mine_.announced.store(0, std::memory_order_release); }
  bool find(const Table& table, Bucket& home, Hash hash, std::string_view key, Place& place) const;
  void complete(const Table& table, Bucket& home, std::uint64_t control) const;
  bool quiet(Bucket& home, unsigned slot) const;
  Tried try_replace(const Table& table, const Place& place, Hash hash, Block block);
  Tried try_insert(const Table& table, const Place& place, Hash hash, Block block);
  Tried add_overflow(const Table& table, Bucket& home, std::uint64_t control);

  enum class Why { crowded, worn, frozen };
  void rebuild(std::uint64_t partition, std::uint64_t word, Why why);
  Table make_table(Block block, std::uint32_t partition, std::uint32_t buckets) const;
  bool fill(const Table& from, const Table& to) const;
  void retire(std::uint64_t word);
  void reclaim();

  Space space_;
  Blocks& blocks_;
  Arena& mine_;
  unsigned partition_bits_;
};

}  // namespace dictbench::lockfree
