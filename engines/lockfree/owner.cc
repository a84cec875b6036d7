#include "engines/lockfree/owner.h"

#include <fmt/format.h>

#include "engines/error.h"
#include "engines/lockfree/takeover.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/process_identity.h"

namespace dictbench::lockfree {
namespace {

// An arena's state word: 0, nobody's; else its owner's start time (34 bits of it: 5 years of clock ticks), pid (Linux
// has at most 4 Mi) and whether it is still putting in order what it took over.
constexpr unsigned kPidBits = 22;
constexpr unsigned kStateBits = 8;
constexpr std::uint64_t kLive = 1, kSettling = 2;

std::uint64_t word_of(const ProcessIdentity& owner, std::uint64_t state) {
  return owner.start_time << (kPidBits + kStateBits) |
         (static_cast<std::uint64_t>(owner.pid) & ((1 << kPidBits) - 1)) << kStateBits | state;
}

// Asks the kernel, so for slow paths only.
bool is_dead(std::uint64_t word) {
  const auto pid = static_cast<pid_t>(word >> kStateBits & ((1 << kPidBits) - 1));
  const auto now = ProcessIdentity::of(pid);
  return !now || word_of(*now, 0) != word_of({.pid = pid, .start_time = word >> (kPidBits + kStateBits)}, 0) ||
         liveness(*now) == Liveness::dead;
}

// Makes the arena ours when nobody living has it; settled when this returns true.
bool take_over(Space& space, std::uint32_t index, const ProcessIdentity& self) {
  Arena& arena = space.arena(index);
  std::uint64_t word = arena.state.load(std::memory_order_acquire);
  if (word == 0) return arena.state.compare_exchange_strong(word, word_of(self, kLive), std::memory_order_acq_rel);
  if (!is_dead(word)) return false;
  if (!arena.state.compare_exchange_strong(word, word_of(self, kSettling), std::memory_order_acq_rel)) return false;
  CRASH_POINT("lockfree.takeover.claimed");
  settle(space, index);
  arena.state.store(word_of(self, kLive), std::memory_order_release);
  return true;
}

}  // namespace

std::uint32_t claim_arena(Space& space) {
  const ProcessIdentity self = ProcessIdentity::self();
  Root& root = space.root();
  while (true) {
    std::uint32_t used = root.arenas.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < used; ++i)
      if (take_over(space, i, self)) return i;
    if (used == kArenas)
      throw Error(ErrorCode::full,
                  fmt::format("lockfree: {} processes are attached, as many as there can be", kArenas));
    const std::uint64_t page = (root.arenas_at + used * sizeof(Arena)) / kPageBytes * kPageBytes;
    space.segment().commit_range_unlocked(page, kPageBytes);
    if (root.arenas.compare_exchange_strong(used, used + 1) && take_over(space, used, self)) return used;
  }
}

void release_arena(Space& space, std::uint32_t arena) noexcept {
  space.arena(arena).state.store(0, std::memory_order_release);
}

bool adopt_chunks(Space& space, std::uint32_t own) {
  const ProcessIdentity self = ProcessIdentity::self();
  bool any = false;
  for (std::uint32_t i = 0; i < space.root().arenas.load(std::memory_order_acquire); ++i) {
    if (i == own || !take_over(space, i, self)) continue;
    any |= move_chunks(space, i, own);
    release_arena(space, i);
  }
  return any;
}

}  // namespace dictbench::lockfree
