// Whose arena it is: one word {start time, pid, state}, so that taking an arena over is one compare-and-swap; and what
// is to be done for an owner that died in the middle of something.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

// An arena for the calling process: one that nobody has, a dead owner's, put in order, or one that was never used.
// Throws Error(full) when kArenas are in use by living processes.
std::uint32_t claim_arena(Space& space);

// The owner is done with it; what it holds stays for the next one.
void release_arena(Space& space, std::uint32_t arena) noexcept;

// An arena claimed for as long as this lives. In a child that inherited it over a fork it is still the
// parent's, and nothing is released.
class ClaimedArena {
 public:
  explicit ClaimedArena(Space space);
  ~ClaimedArena();
  ClaimedArena(const ClaimedArena&) = delete;
  ClaimedArena& operator=(const ClaimedArena&) = delete;

  std::uint32_t index() const noexcept { return index_; }

 private:
  Space space_;
  std::uint32_t index_;
  pid_t process_;
};

// Gives the chunks of arenas whose owner is dead to `own`, in one pass over all chunks for a few arenas. What is in the
// magazines and spares of arenas without a living owner, and their tables out of use, goes back to their chunks. True
// when there were chunks or such tables. Throws std::bad_alloc; some may be `own`'s then.
bool adopt_chunks(Space& space, std::uint32_t own);

}  // namespace dictbench::lockfree
