// What is set untimed: the preload, and what a timed load has left undone.
#pragma once

#include "engines/engine.h"
#include "workloads/operation_stream.h"
#include "workloads/workload.h"

namespace dictbench {

// Sets what is left of a stream of sets from `done` on, in batches (set_many), as process `writer` whose first
// operation of the stream has this sequence number.
void set_operations(Dict& dict, const Workload& workload, const Phase& phase, std::uint8_t writer,
                    const OperationStream& stream, std::size_t done, std::uint64_t first_sequence);

// The preload: every key of the workload once. Sets the share of process `worker` of `processes`, in batches.
void preload(Dict& dict, const Workload& workload, unsigned worker, unsigned processes);

}  // namespace dictbench
