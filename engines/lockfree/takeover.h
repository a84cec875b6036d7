// What a killed owner of an arena was in the middle of, put in order from its intents (docs/lockfree.md). Done by the
// arena's new owner before it uses it; every step can be done again, because that one may be killed too.
#pragma once

#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

void settle(Space& space, std::uint32_t arena);

// The blocks in the magazines and spares of an arena that the caller owns go back to their chunks. The caller may be
// killed anywhere.
void put_back(Space& space, std::uint32_t arena);

// Chunks of an arena that the caller owns, to another that it owns, after put_back() of the first. True when there were
// any. The caller may be killed anywhere: what it has moved is the other's, the rest is still where it was.
bool move_chunks(Space& space, std::uint32_t from, std::uint32_t to);

}  // namespace dictbench::lockfree
