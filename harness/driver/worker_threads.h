// Workers of a cell as threads of one process, for dicts that threads can share and processes cannot.
//
// The process is forked for the cell, and only in it is the engine made: nothing of the table is copied on write. Each
// worker has its own Dict, its own area of the control page and its own usage, as worker processes have; worker 0 is
// the process's first thread, so that a cell of one worker pays nothing for threads that it has not.
#pragma once

#include <functional>

#include "harness/driver/worker.h"

namespace dictbench {

// The whole life of that process: makes the engine, leads all workers of `plan` (whose `worker` and `attach` it fills
// in) to their ends, returns the exit status: 0, or 1 after a failure that a worker's area tells. When a worker has
// failed the others wait for a step that never comes: the driver kills the process.
int run_worker_threads(ControlPage& page, const WorkerPlan& plan,
                       const std::function<std::unique_ptr<Engine>()>& create);

}  // namespace dictbench
