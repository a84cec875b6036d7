// Verification by a process that wrote nothing: a forked child attaches to the dict and reads it back.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "engines/engine.h"
#include "harness/verify/readback.h"
#include "workloads/workload.h"

namespace dictbench {

// As read_back(), in a child that `attach`es. A child that dies or does not end in time is told as
// `not_done`. Called by the driver, with no worker attached any more.
Readback verify_in_new_process(const std::function<std::unique_ptr<Dict>()>& attach, const Workload& workload,
                               unsigned processes, const std::vector<std::vector<std::uint64_t>>& executed,
                               std::chrono::seconds timeout);

}  // namespace dictbench
