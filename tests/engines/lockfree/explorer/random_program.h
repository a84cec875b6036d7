// Programs drawn from a seed: what nobody thought of.
#pragma once

#include <cstdint>

#include "tests/engines/lockfree/explorer/program.h"

namespace dictbench::explorer {

// The same seed gives the same program on every machine. Two to four fibers of one to three operations each, besides
// what they wait for and take over, on one to three keys of their own. Their bounds end each after 5,000 executions.
Program random_program(std::uint64_t seed);

}  // namespace dictbench::explorer
