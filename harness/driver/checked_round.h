// After the measured window: the worker goes on with its stream for a while, untimed, and looks at the answer of every
// operation. What is wrong once in some ten thousand calls would rarely be among the sampled gets of the window.
//
// Looked at: each value that is read (torn, another key's, another length); after a write, that the process reads its
// own write or another process's, and nothing older; after an erase, that the key is gone; what add() returns, between
// the counter's value before and after; of a scan the order, and that it visits what it says. What a scan leaves out
// is looked for when nobody writes (harness/verify/). A phase of a number of operations has none left to go on with:
// only its counters are looked at, by adding nothing.
#pragma once

#include "harness/driver/operation_loop.h"

namespace dictbench {

// Goes on behind LoopPlan::already with at most kCheckedOperations operations or `plan.seconds`. `alone`: no other
// process works on the same keys meanwhile. LoopResult::ops and misses as in the window.
LoopResult run_checked_round(const LoopPlan& plan, bool alone);

inline constexpr std::uint64_t kCheckedOperations = 50'000;

}  // namespace dictbench
