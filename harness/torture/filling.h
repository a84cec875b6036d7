// Filling a dict to the brim, and what must hold then: what `full`, `small-shm` and `full-disk` have in common.
//
// Used by one thread of a process that has the dict attached. Throws Broken.
#pragma once

#include <cstdint>
#include <functional>

#include "harness/torture/expected.h"

namespace dictbench::torture {

// Stores keys from `first` on, until Error(full) comes or `most_bytes` are stored; true when it came. Any other
// Error is a broken invariant. The number of keys stored goes to `stored`.
bool fill(Dict& dict, Expected& expected, std::uint64_t first, std::uint64_t most_bytes, std::uint64_t& stored);

// Of a dict that fill() has filled with `stored` keys from `first` on: everything is there; a write that fails
// changes nothing; once `make_room` has returned (it may do nothing where the dict itself sets the limit) erasing
// works, and then there is room again. The number of operations.
std::uint64_t use_full(Dict& dict, Expected& expected, std::uint64_t first, std::uint64_t stored,
                       const std::function<void()>& make_room);

}  // namespace dictbench::torture
