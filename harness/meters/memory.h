// What processes hold in memory, from /proc/PID/smaps_rollup.
//
// PSS counts a page that k processes map as 1/k for each, so the sum over processes is the memory really
// used. Pages of a shared segment are in the PSS of those who map it *and* in the segment's storage:
// what a dict costs is therefore private (anonymous) memory plus storage, see docs/method.md.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace dictbench {

struct ProcessMemory {
  std::uint64_t pss_bytes = 0;        // everything
  std::uint64_t anonymous_bytes = 0;  // heap, stacks: the part no file or segment backs
};

// Zeros when the process is gone or not ours to look at.
ProcessMemory memory_of(pid_t pid);

}  // namespace dictbench
