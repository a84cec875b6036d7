// What a killed owner of an arena was in the middle of, put in order from its intents (docs/lockfree.md). Done by the
// arena's new owner before it uses it; every step can be done again, because that one may be killed too.
#pragma once

#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

// All but its chunks (settle_chunks()). Throws std::bad_alloc where there is no memory for a key.
void settle(Space& space, std::uint32_t arena);

// The blocks in the magazines and spares of an arena that the caller owns go back to their chunks. The caller may be
// killed anywhere.
void put_back(Space& space, std::uint32_t arena);

}  // namespace dictbench::lockfree
