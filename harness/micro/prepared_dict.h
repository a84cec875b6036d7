// The dict that the engines' benchmarks work on: one engine, filled with a workload's keys by this process.
//
// Kept from one benchmark to the next of the same engine, because Google Benchmark calls a benchmark several
// times to find its number of iterations and filling takes longer than measuring. One at a time, so that
// engines do not share the memory; used by the main thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engines/engine.h"
#include "workloads/workload.h"

namespace dictbench {

class PreparedDict {
 public:
  PreparedDict(std::string spec, const Workload& workload);

  const std::string& spec() const noexcept { return spec_; }
  Dict& dict() noexcept { return *dict_; }

  // Sets every key of the workload again, in order, as a worker's preload does: for benchmarks that erased some.
  void fill();

 private:
  const std::string spec_;
  const Workload& workload_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Dict> dict_;  // goes before its engine
};

}  // namespace dictbench
