// The owner of something in shared memory, in one 64-bit word: claiming it, and taking it from a dead owner, is one
// compare-and-swap, under no lock.
//
//     | start time, clock ticks, 34 bits | pid 22 bits | state 8 bits |        0: nobody's
//
// 34 bits of clock ticks are 5 years; Linux has at most 4 Mi pids. What the state says is the user's; it is not 0, so
// that no owner's word is. The word names no domain (process_identity.h): all processes that attach to one segment are
// of one domain, which Segment::open() sees to.
//
// A word is believed only while it stands: who finds a dead owner takes over by a compare-and-swap from the word that
// he judged.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "engines/shm/process_identity.h"

namespace dictbench::owner_word {

inline constexpr std::uint64_t kNobody = 0;
inline constexpr unsigned kStateBits = 8, kPidBits = 22, kStartShift = kStateBits + kPidBits;

constexpr std::uint64_t make(const ProcessIdentity& owner, std::uint8_t state) noexcept {
  constexpr std::uint64_t kPids = (std::uint64_t{1} << kPidBits) - 1;
  return owner.start_time << kStartShift | (static_cast<std::uint64_t>(owner.pid) & kPids) << kStateBits | state;
}
constexpr pid_t pid(std::uint64_t word) noexcept {
  return static_cast<pid_t>(word >> kStateBits & ((std::uint64_t{1} << kPidBits) - 1));
}
constexpr std::uint8_t state(std::uint64_t word) noexcept { return static_cast<std::uint8_t>(word); }

// Of the owner that the word names, which is not kNobody. Asks the kernel (about 5 us), so for slow paths only.
Liveness liveness(std::uint64_t word);

}  // namespace dictbench::owner_word
