// Walks over a dict that nobody writes to: for_each() must visit every key once, a scan the keys that follow its first.
#pragma once

#include <cstdint>
#include <string>

#include "engines/engine.h"
#include "workloads/expectation.h"

namespace dictbench {

// Empty, or what is wrong with the walk. `ordered`: it goes in byte order of the keys. Which keys were visited is told
// by a sum of their hashes, so that no key needs memory. Errors of the dict pass through.
std::string check_walk(Dict& dict, const Expectation& expected, bool ordered);

// Scans of an ordered dict that nobody writes to, from keys that are there and between them: exactly the next keys in
// byte order, with the values that get() finds. Empty, or what is wrong. Sorts all keys.
std::string check_scans(Dict& dict, const Expectation& expected, std::uint64_t seed);

}  // namespace dictbench
