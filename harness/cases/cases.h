// What a read costs that finds something new: one process writes so many updates, then another reads once, and only
// that read is timed. Round after round, and again for every number of updates and every size of the dict.
//
// Engines whose processes share one table hardly mind. An engine of private replicas (stream-log) applies the updates
// first, or loads a full dump when it was overtaken. Each figure is a CellRecord of the workload `ultra-cases`, phase
// "10000 items, 100 updates"; engine_facts tells items, updates, and what the engine itself counted meanwhile
// ("dumps_loaded", "dumps_written"). Table `ultra-cases` prints them.
//
// Called by the main thread of the driver; writer and reader are forked, and end with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/meters/clock.h"
#include "results/record.h"

namespace dictbench {

struct CasesOptions {
  std::vector<std::uint64_t> items = {1'000, 10'000, 100'000};
  std::vector<std::uint64_t> updates = {0, 1, 100, 10'000, 100'000};  // between two reads
  double seconds = 0.2;                                               // of each case, at least kLeastReads reads
  unsigned repetitions = 3;
};

inline constexpr std::uint64_t kLeastReads = 5;

struct Case {
  std::string engine;  // spec text
  std::uint64_t items = 0, updates = 0;
  unsigned repetition = 1;
};

// Measures one case on a dict of its own. What goes wrong is in the record's status. Throws SpecError.
CellRecord measure_case(const Case& what, const CasesOptions& options, const std::string& run_id,
                        const TickClock& clock);

}  // namespace dictbench
