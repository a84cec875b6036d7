// An arena: what one attached Dict owns in the segment, written by its owner alone, so that nothing of it is lost
// when the owner is killed. Whoever attaches next, or needs memory, takes a dead owner's arena over as it stands.
//
// Invariants:
//  - what the owner is about to do with a block stands in an intent before it does it, and goes when it is done;
//  - a block that is not free in its chunk's bitmap is in the table, or in an arena's magazine, spare or intent, or,
//    itself a table, among the retired ones;
//  - the state word names the owner by pid and start time, so that a reused pid is not taken for it.
#pragma once

#include <array>
#include <cstdint>

#include "engines/lockfree/atomic.h"
#include "engines/lockfree/words.h"

namespace dictbench::lockfree {

inline constexpr std::size_t kArenas = 1024;
inline constexpr std::size_t kClasses = 31;

// What an intent says of a block. Where it is filled, generation and `rest` tell whether it is still
// what it was: as much of the block's first word (block.h) as an intent has room for.
struct Intent {
  Block block = 0;  // 0: no intent
  std::uint16_t generation = 0;
  bool filled = false;     // false: just taken, or about to be filled anew; the rest means nothing
  std::uint16_t rest = 0;  // of a short item 15 bits of its first two bytes, else 0
};
constexpr std::uint64_t pack(Intent intent) {
  return std::uint64_t{intent.rest} << 49 | std::uint64_t{intent.filled} << 48 |
         std::uint64_t{intent.generation} << 32 | intent.block;
}
constexpr Intent unpack_intent(std::uint64_t word) {
  return {static_cast<Block>(word), static_cast<std::uint16_t>(word >> 32), (word >> 48 & 1) != 0,
          static_cast<std::uint16_t>(word >> 49)};
}

// Of a block that holds something, by its first word.
constexpr Intent filled_intent(Block block, std::uint64_t first) {
  return {.block = block,
          .generation = static_cast<std::uint16_t>(first),
          .filled = true,
          .rest = static_cast<std::uint16_t>(first >> 48 & 0x7fff)};
}
// Does the block whose first word is `first` still hold what the intent says?
constexpr bool is_of(Intent intent, std::uint64_t first) {
  return pack(intent) == pack(filled_intent(intent.block, first));
}

// Blocks of one word of a chunk's bitmap that the owner has taken out of it and not yet used.
struct Magazine {
  static constexpr std::uint64_t kTaking = std::uint64_t{1} << 63;  // blocks are being taken from the bitmap word
  static constexpr std::uint64_t kOneFill = std::uint64_t{1} << 32;

  // {kTaking 1 | how often the magazine was filled 31 | number of the bitmap word over all chunks 32}. So who sees it
  // twice has seen the mask of one filling in between, also where the same bitmap word has come back.
  Atomic<std::uint64_t> word{0};
  Atomic<std::uint64_t> mask{0};

  static constexpr std::uint64_t bitmap_word(std::uint64_t word) { return static_cast<std::uint32_t>(word); }
  // What follows `word` when the magazine is filled from this bitmap word.
  static constexpr std::uint64_t next(std::uint64_t word, std::uint64_t bitmap_word) {
    return (((word & ~(kOneFill - 1)) + kOneFill) & ~kTaking) | bitmap_word;
  }

  std::uint64_t at() const noexcept { return bitmap_word(word.load(std::memory_order_acquire)); }
  // Without the mark.
  std::uint64_t filling() const noexcept { return word.load(std::memory_order_acquire) & ~kTaking; }
};

// 1024 bytes apart, so that none lies in two pages.
struct alignas(1024) Arena {
  Atomic<std::uint64_t> state{0};        // owner.h
  Atomic<std::uint64_t> hazard{0};       // directory word of the table that the running write looks at; 0: none
  Atomic<std::uint64_t> fresh{0};        // Intent: a block taken and not yet in the table
  Atomic<std::uint64_t> stale{0};        // Intent: a block about to leave the table
  Atomic<std::uint64_t> table{0};        // Intent: block of a table that is not yet in the directory
  Atomic<std::uint64_t> stale_table{0};  // intent: directory word about to be replaced
  Atomic<std::uint64_t> retired{0};      // tables out of use, a list (retire.cc)
  std::array<Magazine, kClasses> magazines;
  std::array<Atomic<std::uint64_t>, kClasses>
      spare{};  // a block of anybody's chunk, freed last and taken next; 0: none
};

}  // namespace dictbench::lockfree
