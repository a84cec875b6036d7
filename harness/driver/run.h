// A whole run: schedule, budget, cells one after the other, one record line each.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/driver/plan.h"

namespace dictbench {

struct RunOptions {
  CellSelection selection;
  StartMode start = StartMode::fork;
  std::chrono::seconds timeout{300};
  // Seconds for the whole run, which then chooses how long phases last and how often it goes round (pace.h).
  std::optional<double> budget_s;
  unsigned least_repetitions = 1;  // under a budget
  std::filesystem::path out;
  bool resume = false;       // skip what `out` holds already
  bool for_targets = false;  // measured for a table of targets: the usual tables leave it out
  std::vector<std::string> plugins;
};

struct RunSummary {
  std::size_t cells = 0, measured = 0, wrong = 0, invalid = 0, unavailable = 0, skipped = 0;  // wrong: of the invalid
  bool interrupted = false;
};

// Progress and warnings go to standard error. Throws SpecError, WorkloadError, RecordError, RecordWriteError.
RunSummary run(const RunOptions& options);

}  // namespace dictbench
