#include "harness/driver/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/driver/budget.h"
#include "harness/driver/progress.h"
#include "harness/driver/run_record.h"
#include "harness/meters/host.h"

namespace dictbench {
namespace {

Facts options_told(const RunOptions& options) {
  const CellSelection& selection = options.selection;
  return {{"engines", fmt::format("{}", fmt::join(selection.engines, " "))},
          {"workloads", fmt::format("{}", fmt::join(selection.workloads, " "))},
          {"processes", selection.processes.empty() ? "as each workload says"
                                                    : fmt::format("{}", fmt::join(selection.processes, ","))},
          {"repetitions", selection.repetitions ? std::to_string(*selection.repetitions) : "as each workload says"},
          {"scale", fmt::format("{}", selection.scale.value_or(1))},
          {"seed", selection.seed ? std::to_string(*selection.seed) : "as each workload says"},
          {"start", std::string(to_string(options.start))},
          {"budget_s", options.budget_s ? fmt::format("{}", *options.budget_s) : "none"},
          {"scales_like", options.scales_like.empty() ? "none" : options.scales_like.filename().string()},
          {"for", options.for_targets ? "targets" : "all tables"}};
}

unsigned most_processes(const CellSelection& selection) {
  unsigned most = 1;
  for (const std::string& workload : selection.workloads)
    for (const unsigned processes :
         selection.processes.empty() ? load_workload(workload).processes : selection.processes)
      most = std::max(most, processes);
  return most;
}

}  // namespace

RunSummary run(const RunOptions& options) {
  install_interrupt_handlers();
  std::vector<Cell> cells = make_schedule(options.selection);
  RunSummary summary;
  RecordFile done;
  if (options.resume && std::filesystem::exists(options.out)) done = read_records(options.out);
  RecordFile known;  // scales
  if (!options.scales_like.empty()) known = read_records(options.scales_like);

  const RunRecord record = describe_run(options.selection.engines, options_told(options), options.selection.order_seed,
                                        most_processes(options.selection));
  const CellOptions cell_options{record.run_id,   options.start,   options.selection.seed,
                                 options.timeout, options.plugins, TickClock::calibrate()};
  RecordWriter writer(options.out);
  writer.write(record);
  Progress progress(cells.size());
  for (const std::string& warning : record.warnings) progress.note("warning: " + warning);

  const StealReading before = StealReading::take();
  if (options.budget_s || !options.scales_like.empty()) {
    known.cells.insert(known.cells.end(), done.cells.begin(), done.cells.end());
    fit_to_budget(cells, options.budget_s, cell_options, known, [&](const Cell& cell) { progress.try_out(cell); });
  }
  summary.cells = cells.size();
  cells = without_done(std::move(cells), done, options.start, options.selection.seed);
  summary.skipped = summary.cells - cells.size();
  progress.expect(cells.size());
  for (const Cell& cell : cells) {
    if (interrupted()) break;
    progress.begin(cell);
    const std::vector<CellRecord> records = run_cell(cell, cell_options);
    if (interrupted()) break;  // the cell was cut short: nothing of it is a result
    for (const CellRecord& result : records) writer.write(result);
    const auto bad = std::ranges::find_if(records, [](const CellRecord& result) { return !result.ok(); });
    if (bad == records.end()) {
      ++summary.measured;
    } else {
      const bool unavailable = bad->status.starts_with("unavailable");
      ++(unavailable ? summary.unavailable : summary.invalid);
      summary.wrong += bad->verified.starts_with("failed");
      if (!unavailable)
        progress.note(fmt::format("{} x {}: {} ({})", bad->engine, bad->workload, bad->status, bad->verified));
    }
    progress.end();
  }
  summary.interrupted = interrupted();
  if (const double stolen = steal_between(before, StealReading::take()); stolen > 0.02)
    progress.note(
        fmt::format("warning: the hypervisor gave {:.0f} % of the processor time to others; repeat the run when the "
                    "host is quieter",
                    100 * stolen));
  return summary;
}

}  // namespace dictbench
