// The benchmarks of dictbench_micro, registered at run time because the engines are known only then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dictbench {

struct MicroOptions {
  std::vector<std::string> engines;  // specs
  std::uint64_t keys = 0;            // 0: 1,000,000, and 20,000 for engines with a server
};

// get, set and erase of each engine: one process and one thread walk an operation stream of the standard workloads
// get-uniform and update-uniform as the driver's closed loop does, without latency sampling. Throws SpecError,
// WorkloadError.
void register_engine_benchmarks(const MicroOptions& options);

// Gives the last engine back: its segment, files, server. After the benchmarks, before main returns.
void release_engine();

// What the harness itself adds to an operation, part by part, and its whole loop over `null`.
void register_harness_benchmarks();

}  // namespace dictbench
