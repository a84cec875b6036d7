#include "engines/lockfree/owner.h"

#include <fmt/format.h>
#include <unistd.h>

#include "engines/error.h"
#include "engines/lockfree/chunks.h"
#include "engines/lockfree/retire.h"
#include "engines/lockfree/takeover.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/owner_word.h"

namespace dictbench::lockfree {
namespace {

// The states of an arena's owner: it uses it, or it is still putting in order what it took over.
constexpr std::uint8_t kLive = 1, kSettling = 2;

// Makes the arena ours when nobody living has it; settled when this returns true, but for its chunks
// where the caller does that.
bool take_over(Space& space, std::uint32_t index, const ProcessIdentity& self, bool with_chunks) {
  Arena& arena = space.arena(index);
  const std::uint64_t ours = owner_word::make(self, kLive);
  std::uint64_t word = arena.state.load(std::memory_order_acquire);
  if (word == owner_word::kNobody) return arena.state.compare_exchange_strong(word, ours, std::memory_order_acq_rel);
  if (owner_word::liveness(word) != Liveness::dead) return false;
  const std::uint64_t dead = word;
  if (!arena.state.compare_exchange_strong(word, owner_word::make(self, kSettling), std::memory_order_acq_rel))
    return false;
  CRASH_POINT("lockfree.takeover.claimed");
  try {
    settle(space, index);
    if (with_chunks) settle_chunks(space, index);
  } catch (...) {  // no memory for a key: the next one may have some
    arena.state.store(dead, std::memory_order_release);
    throw;
  }
  arena.state.store(ours, std::memory_order_release);
  return true;
}

}  // namespace

std::uint32_t claim_arena(Space& space) {
  const ProcessIdentity self = ProcessIdentity::self();
  Root& root = space.root();
  while (true) {
    std::uint32_t used = root.arenas.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < used; ++i)
      if (take_over(space, i, self, true)) return i;
    if (used == kArenas)
      throw Error(ErrorCode::full,
                  fmt::format("lockfree: {} processes are attached, as many as there can be", kArenas));
    // Its page is there if one before it lies in it.
    if (const std::uint64_t at = root.arenas_at + used * sizeof(Arena); at % kPageBytes == 0)
      space.segment().commit_range_unlocked(at, kPageBytes);
    if (root.arenas.compare_exchange_strong(used, used + 1) && take_over(space, used, self, true)) return used;
  }
}

void release_arena(Space& space, std::uint32_t arena) noexcept {
  space.arena(arena).state.store(0, std::memory_order_release);
}

ClaimedArena::ClaimedArena(Space space) : space_(space), index_(claim_arena(space_)), process_(getpid()) {}
ClaimedArena::~ClaimedArena() {
  if (process_ == getpid()) release_arena(space_, index_);
}

bool adopt_chunks(Space& space, std::uint32_t own) {
  const ProcessIdentity self = ProcessIdentity::self();
  ArenaSet taken;
  bool any = false;
  // An arena that is nobody's has no chunk that is half taken: so chunks come before the release.
  const auto finish = [&] {
    if (taken.none()) return;
    any |= move_chunks(space, taken, own);
    for (std::uint32_t i = 0; i < kArenas; ++i)
      if (taken[i]) release_arena(space, i);
  };
  try {
    for (std::uint32_t i = 0; i < space.root().arenas.load(std::memory_order_acquire); ++i) {
      if (i == own || !take_over(space, i, self, false)) continue;
      taken.set(i);
      any |= reclaim(space, i);
      put_back(space, i);
    }
  } catch (...) {
    finish();
    throw;
  }
  finish();
  return any;
}

}  // namespace dictbench::lockfree
