// What a killed owner of an arena was in the middle of, put in order from its intents (docs/lockfree.md). Done by the
// arena's new owner before it uses it; every step can be done again, because that one may be killed too.
#pragma once

#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

void settle(Space& space, std::uint32_t arena);

// Chunks and magazines of an arena that the caller owns, to another that it owns. True when there were any.
bool move_chunks(Space& space, std::uint32_t from, std::uint32_t to);

}  // namespace dictbench::lockfree
