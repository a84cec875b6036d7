#include "harness/driver/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/driver/cell.h"
#include "harness/driver/pace.h"
#include "harness/driver/progress.h"
#include "harness/driver/run_record.h"
#include "harness/driver/schedule.h"
#include "harness/meters/host.h"

namespace dictbench {
namespace {

Facts options_told(const RunOptions& options) {
  const CellSelection& selection = options.selection;
  return {{"engines", fmt::format("{}", fmt::join(selection.engines, " "))},
          {"workloads", fmt::format("{}", fmt::join(selection.workloads, " "))},
          {"processes", selection.processes.empty() ? "as each workload says"
                                                    : fmt::format("{}", fmt::join(selection.processes, ","))},
          {"repetitions", selection.repetitions ? std::to_string(*selection.repetitions)
                          : options.budget_s    ? "as many as the budget holds"
                                                : "as each workload says"},
          {"seconds", selection.seconds ? fmt::format("{:.3g}", *selection.seconds) : "as each workload says"},
          {"limit", selection.limit ? fmt::format("{:g}", *selection.limit) : "as each workload says"},
          {"scale", fmt::format("{}", selection.scale.value_or(1))},
          {"seed", selection.seed ? std::to_string(*selection.seed) : "as each workload says"},
          {"start", std::string(to_string(options.start))},
          {"budget_s", options.budget_s ? fmt::format("{}", *options.budget_s) : "none"},
          {"for", options.for_targets ? "targets" : "all tables"}};
}

// A phase that was too slow is a result, and so is one that the engine cannot do.
void count(const std::vector<CellRecord>& records, RunSummary& summary, Progress& progress) {
  const auto bad = std::ranges::find_if(
      records, [](const CellRecord& result) { return !result.ok() && !result.status.starts_with("unfinished"); });
  if (bad == records.end()) {
    ++summary.measured;
    return;
  }
  const bool unavailable = bad->status.starts_with("unavailable");
  ++(unavailable ? summary.unavailable : summary.invalid);
  summary.wrong += bad->verified.starts_with("failed");
  if (!unavailable)
    progress.note(fmt::format("{} x {}: {} ({})", bad->engine, bad->workload, bad->status, bad->verified));
}

}  // namespace

RunSummary run(const RunOptions& asked) {
  install_interrupt_handlers();
  RunOptions options = asked;
  const bool by_clock = options.budget_s && !options.selection.repetitions;
  if (options.budget_s) {
    const Pace pace = pace_of(options.selection, *options.budget_s,
                              options.selection.repetitions.value_or(options.least_repetitions));
    if (!options.selection.seconds) options.selection.seconds = pace.seconds;
    if (!options.selection.limit) options.selection.limit = pace.limit;
  }
  Plan plan(options.selection);
  if (by_clock) plan.repeat(options.least_repetitions);
  RunSummary summary;
  RecordFile done;
  if (options.resume && std::filesystem::exists(options.out)) done = read_records(options.out);

  const RunRecord record = describe_run(options.selection.engines, options_told(options), options.selection.order_seed,
                                        plan.most_processes());
  const CellOptions cell_options{record.run_id, options.start, options.timeout, options.plugins,
                                 TickClock::calibrate()};
  RecordWriter writer(options.out);
  writer.write(record);
  Progress progress(0);
  for (const std::string& warning : record.warnings) progress.note("warning: " + warning);

  const StealReading before = StealReading::take();
  std::vector<Cell> left;
  for (unsigned repetition = 1; repetition <= plan.rounds(); ++repetition) {
    const std::vector<Cell> cells = plan.round(repetition);
    summary.cells += cells.size();
    for (const Cell& cell : without_done(cells, done, options.start)) left.push_back(cell);
  }
  summary.skipped = summary.cells - left.size();
  progress.expect(left.size());

  const RoundClock clock(options.budget_s.value_or(0), options.least_repetitions);
  const auto measure = [&](const Cell& cell) {
    progress.begin(cell);
    const std::vector<CellRecord> records = run_cell(cell, cell_options);
    if (interrupted()) return;  // the cell was cut short: nothing of it is a result
    for (const CellRecord& result : records) writer.write(result);
    count(records, summary, progress);
    progress.end();
  };
  for (const Cell& cell : left) {
    if (interrupted()) break;
    measure(cell);
  }
  while (by_clock && !interrupted() && clock.another(plan.rounds())) {
    plan.repeat(plan.rounds() + 1);
    const std::vector<Cell> cells = without_done(plan.round(plan.rounds()), done, options.start);
    summary.cells += cells.size();
    progress.expect(summary.cells - summary.skipped);
    for (const Cell& cell : cells) {
      if (interrupted()) break;
      measure(cell);
    }
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
