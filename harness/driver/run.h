// A whole run: schedule, budget, cells one after the other, one record line each.
#pragma once

#include <filesystem>
#include <optional>

#include "harness/driver/schedule.h"

namespace dictbench {

struct RunOptions {
  CellSelection selection;
  StartMode start = StartMode::fork;
  std::chrono::seconds timeout{300};
  std::optional<double> budget_s;     // for the whole run: fit_to_budget()
  std::filesystem::path scales_like;  // record file: cells that are in it get the scale that they have there
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
