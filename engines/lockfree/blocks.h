// Blocks: the table's allocator, one process's hands in the segment.
//
// A chunk of 128 KiB belongs to one arena and holds blocks of one size. Its bitmap says which are free: anybody frees
// a block by setting a bit, only the owner takes some, up to 64 at a time, into its
// arena's magazine. The block that a process freed last, whose ever it is, it keeps as its spare and takes next: it is
// in the cache. So nobody waits for anybody, and what a killed process held can be told from its arena alone.
//
// Life of a block: take() writes it into the intent `fresh` before it leaves the magazine, filled() adds that it holds
// something now; published() removes the intent once the block is in the table, give_back() when it never came there.
// Whoever takes a block out of the table wrote it into its intent `stale` before, and calls free().
//
// A chunk in which all is free again goes back to everybody, for blocks of any size (chunks.h). When the segment is
// full, a process takes over chunks of others in which something is free: their owner may be idle, or stopped for ever.
//
// Used by one thread: the one of the Dict that owns the arena.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engines/lockfree/block.h"
#include "engines/lockfree/chunks.h"
#include "engines/lockfree/size_class.h"
#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

class Blocks {
 public:
  Blocks(Space space, std::uint32_t arena);

  // A block of at least `bytes`, in the intent `fresh`. Throws Error(full) when the segment and /dev/shm have no room.
  Block take(std::uint64_t bytes) { return take(bytes, class_of(bytes), mine().fresh); }
  // `first`: what fill_block() returned.
  void filled(Block block, std::uint64_t first) noexcept { note_filled(block, first, mine().fresh); }
  // It is about to be filled again, before anybody has seen it.
  void refilled(Block block) noexcept { mine().fresh.store(pack(Intent{.block = block}), std::memory_order_release); }
  void published() noexcept { mine().fresh.store(0, std::memory_order_release); }
  void give_back(Block block, std::uint64_t bytes) noexcept { give_back(block, class_of(bytes), mine().fresh); }

  // The same with the intent `table`, because a writer may need a table while it has a block in hand.
  Block take_table(std::uint64_t bytes) { return take(bytes, table_class_of(bytes), mine().table); }
  void table_filled(Block block) noexcept { note_filled(block, first_word(block), mine().table); }
  void give_back_table(Block block, std::uint64_t bytes) noexcept {
    give_back(block, table_class_of(bytes), mine().table);
  }

  // Frees a block that is no more in the table and that no reader is protected from: readers look again.
  void free(Block block, std::uint64_t bytes) noexcept { free_of_class(block, class_of(bytes)); }

  Arena& mine() const noexcept { return space_.arena(arena_); }
  std::uint32_t arena() const noexcept { return arena_; }

 private:
  class Unlisted;
  struct Holding {
    std::vector<std::uint32_t> chunks;  // of ours, of one class
    std::size_t cursor = 0;             // bitmap words over all of them: where to look next
  };

  Block take(std::uint64_t bytes, unsigned size_class, Atomic<std::uint64_t>& intent);
  void give_back(Block block, unsigned size_class, Atomic<std::uint64_t>& intent) noexcept;
  void free_of_class(Block block, unsigned size_class) noexcept;
  static void note_filled(Block block, std::uint64_t first, Atomic<std::uint64_t>& intent) noexcept;
  std::uint64_t first_word(Block block) const noexcept { return load_word(space_.block(block)); }
  void refill(unsigned size_class);
  bool refill_from(unsigned size_class, std::size_t words, int least);
  bool refill_from_others(unsigned size_class);
  bool fill_magazine(unsigned size_class, std::uint64_t word, std::uint64_t found);
  void new_chunk(unsigned size_class);
  void hold(unsigned size_class, std::uint64_t chunk);
  bool take_over(std::uint64_t chunk, const ChunkState& seen);
  Block take_run(std::uint64_t bytes, Atomic<std::uint64_t>& intent);
  std::uint64_t claim(std::uint32_t count);
  bool make_room();
  bool give_back_chunks();
  bool give_back_chunks_of_others();
  void find_chunks();

  Space space_;
  std::uint32_t arena_;
  Chunks chunks_;
  std::array<Holding, kClasses> holdings_;
  bool all_held_ = false;                   // false: some chunks of ours may be in no list, as there was no memory
  std::size_t held_ = 0, next_sweep_ = 16;  // chunks of ours; at how many to look for empty ones
  std::uint64_t others_ = 0;                // chunk at which the search among others' goes on
};

}  // namespace dictbench::lockfree
