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

enum class Owner { living, nobody, dead };

// Makes the arena ours when nobody living has it, and says who had it. What a dead one's was is settled then, but for
// its chunks where the caller does that.
Owner seize(Space& space, std::uint32_t index, const ProcessIdentity& self, bool with_chunks) {
  Arena& arena = space.arena(index);
  const std::uint64_t ours = owner_word::make(self, kLive);
  std::uint64_t word = arena.state.load(std::memory_order_acquire);
  if (word == owner_word::kNobody)
    return arena.state.compare_exchange_strong(word, ours, std::memory_order_acq_rel) ? Owner::nobody : Owner::living;
  if (owner_word::liveness(word) != Liveness::dead) return Owner::living;
  const std::uint64_t dead = word;
  if (!arena.state.compare_exchange_strong(word, owner_word::make(self, kSettling), std::memory_order_acq_rel))
    return Owner::living;
  CRASH_POINT("lockfree.takeover.claimed");
  try {
    settle(space, index);
    if (with_chunks) settle_chunks(space, index);
  } catch (...) {  // no memory for a key: the next one may have some
    arena.state.store(dead, std::memory_order_release);
    throw;
  }
  arena.state.store(ours, std::memory_order_release);
  return Owner::dead;
}

}  // namespace

std::uint32_t claim_arena(Space& space) {
  const ProcessIdentity self = ProcessIdentity::self();
  Root& root = space.root();
  while (true) {
    std::uint32_t used = root.arenas.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < used; ++i)
      if (seize(space, i, self, true) != Owner::living) return i;
    if (used == kArenas)
      throw Error(ErrorCode::full,
                  fmt::format("lockfree: {} processes are attached, as many as there can be", kArenas));
    // Its page is there if one before it lies in it.
    if (const std::uint64_t at = root.arenas_at + used * sizeof(Arena); at % kPageBytes == 0)
      space.segment().commit_range_unlocked(at, kPageBytes);
    if (root.arenas.compare_exchange_strong(used, used + 1) && seize(space, used, self, true) != Owner::living)
      return used;
  }
}

void release_arena(Space& space, std::uint32_t arena) noexcept {
  space.arena(arena).state.store(0, std::memory_order_release);
}

ClaimedArena::ClaimedArena(Space space) : space_(space), index_(claim_arena(space_)), process_(getpid()) {}
ClaimedArena::~ClaimedArena() {
  if (process_ == getpid()) release_arena(space_, index_);
}

// Who attaches meanwhile finds no arena that we hold. So those that nobody has are released at once: their chunks stay
// theirs, and are taken as those of the living are. A dead one's may be half taken, and are nobody's only behind a pass
// over all chunks, which is for a few arenas at once.
bool adopt_chunks(Space& space, std::uint32_t own) {
  constexpr std::size_t kMostHeld = 16;
  const ProcessIdentity self = ProcessIdentity::self();
  ArenaSet dead;
  bool any = false;
  const auto move_and_release = [&] {
    if (dead.none()) return;
    any |= move_chunks(space, dead, own);
    for (std::uint32_t i = 0; i < kArenas; ++i)
      if (dead[i]) release_arena(space, i);
    dead.reset();
  };
  try {
    for (std::uint32_t i = 0; i < space.root().arenas.load(std::memory_order_acquire); ++i) {
      if (i == own) continue;
      const Owner owner = seize(space, i, self, false);
      if (owner == Owner::living) continue;
      if (owner == Owner::dead) dead.set(i);
      any |= reclaim(space, i);
      put_back(space, i);
      if (owner == Owner::nobody) release_arena(space, i);
      if (dead.count() == kMostHeld) move_and_release();
    }
  } catch (...) {
    move_and_release();
    throw;
  }
  move_and_release();
  return any;
}

}  // namespace dictbench::lockfree
