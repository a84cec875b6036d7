// Processor time, page faults and context switches, of this process or of servers.
#pragma once

#include <sys/types.h>

#include <vector>

#include "results/record.h"

namespace dictbench {

// Of the calling process, all its threads, since it began.
Usage own_usage() noexcept;

// Of the calling thread alone.
Usage own_thread_usage() noexcept;

// Sum over the processes and all their threads, since they began. Processes that are gone count as
// nothing. Times have the kernel's tick as resolution (10 ms as a rule).
Usage usage_of(const std::vector<pid_t>& processes);

// after - before, field by field.
Usage difference(const Usage& after, const Usage& before) noexcept;

}  // namespace dictbench
