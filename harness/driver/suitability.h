// Which engine can do what: asked before a cell runs, from the contract alone. Pure functions.
#pragma once

#include <string>

#include "engines/contract.h"
#include "harness/driver/worker_group.h"
#include "workloads/workload.h"

namespace dictbench {

// How the workers really start: a dict that threads can share and processes cannot has threads, whatever was asked for.
StartMode start_mode(const Contract& contract, StartMode asked);

// Why this engine cannot run this workload ("scan needs an ordered engine"), or nothing.
std::string unsuitable(const Contract& contract, const Workload& workload, unsigned processes);

}  // namespace dictbench
