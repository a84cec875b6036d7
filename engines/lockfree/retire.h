// Tables out of use (docs/lockfree.md): kept until nobody can be looking at one, then their memory is used again.
#pragma once

#include <cstdint>

#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

// Frees what the arena, which belongs to the caller, has retired and nobody can be looking at any more. True when there
// was any. By the arena's owner, after a table of his was replaced and when the segment is full; and by whoever has
// taken over a dead owner's arena.
bool reclaim(const Space& space, std::uint32_t arena) noexcept;

}  // namespace dictbench::lockfree
