// The untimed preload: every key of a workload set once, before its first phase.
#pragma once

#include "engines/engine.h"
#include "workloads/workload.h"

namespace dictbench {

// Sets the share of process `worker` of `processes`, in batches.
void preload(Dict& dict, const Workload& workload, unsigned worker, unsigned processes);

}  // namespace dictbench
