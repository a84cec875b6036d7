// An arena: what one attached Dict owns in the segment, written by its owner alone, so that nothing of it is lost
// when the owner is killed. Whoever attaches next, or needs memory, takes a dead owner's arena over as it stands.
//
// Invariants:
//  - what the owner is about to do with a block stands in an intent before it does it, and goes when it is done;
//  - a block that is not free in its chunk's bitmap is in the table, in its chunk owner's magazine, or in an intent;
//  - the state word names the owner by pid and start time, so that a reused pid is not taken for it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "engines/lockfree/words.h"

namespace dictbench::lockfree {

inline constexpr std::size_t kArenas = 1024;
inline constexpr std::size_t kClasses = 22;

// Blocks of one word of a chunk's bitmap that the owner has taken out of it and not yet used.
struct Magazine {
  std::atomic<std::uint64_t> word{0};  // number of the bitmap word over all chunks
  std::atomic<std::uint64_t> mask{0};
};

struct alignas(128) Arena {
  std::atomic<std::uint64_t> state{0};        // owner.h
  std::atomic<std::uint64_t> announced{0};    // 1 + the epoch in which the running write began; 0: none runs
  std::atomic<std::uint64_t> fresh{0};        // intent: a block taken and not yet in the table
  std::atomic<std::uint64_t> stale{0};        // intent: a block about to leave the table
  std::atomic<std::uint64_t> table{0};        // intent: block of a table that only we know
  std::atomic<std::uint64_t> stale_table{0};  // intent: directory word about to be replaced
  std::atomic<std::uint64_t> retired{0};      // tables out of use, a list (retire.h)
  std::array<Magazine, kClasses> magazines;
};

}  // namespace dictbench::lockfree
