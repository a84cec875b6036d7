// One walk over a dict that nobody writes to: for_each() must visit every key once, with the value that get() finds.
#pragma once

#include <string>

#include "engines/engine.h"
#include "workloads/expectation.h"

namespace dictbench {

// Empty, or what is wrong with the walk. `ordered`: it goes in byte order of the keys. Which keys were visited is told
// by a sum of their hashes, so that no key needs memory. Errors of the dict pass through.
std::string check_walk(Dict& dict, const Expectation& expected, bool ordered);

}  // namespace dictbench
