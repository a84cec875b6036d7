// What a table holds, counted and checked from outside: for tests, `dictbench torture` and the record. Exact while
// nobody writes.
#pragma once

#include <cstdint>
#include <string>

#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

// Arenas that belong to a process, living or not yet found dead.
std::uint64_t arenas_in_use(const Space& space);

// Tables out of use whose memory is not yet used again.
std::uint64_t retired_tables(const Space& space);

// What is broken, or empty: an item in the wrong place, a key twice, a block that is in use twice or free at the same
// time, a block that nobody holds and that is not free.
std::string broken(const Space& space);

}  // namespace dictbench::lockfree
