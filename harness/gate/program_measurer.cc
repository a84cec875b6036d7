#include "harness/gate/program_measurer.h"

#include <fmt/format.h>

#include <stdexcept>

#include "harness/gate/command.h"
#include "results/gate/figures.h"

namespace dictbench {
namespace {

namespace fs = std::filesystem;

GateRun run_of(const RecordFile& records, const GateCell& cell) {
  GateRun run;
  run.workload = cell.workload;
  for (const CellRecord& record : records.cells) {
    run.workload = record.workload;
    run.workload_hash = record.workload_hash;
    if (!record.ok()) {
      run.wrong = record.verified.starts_with("failed") ? record.verified : record.status;
      run.faulty = !record.status.starts_with("unavailable");
      return run;
    }
    run.phases.push_back({record.phase, gate_figures(record)});
  }
  return run;
}

}  // namespace

ProgramMeasurer::ProgramMeasurer(ProgramOptions options) : options_(std::move(options)), random_(options_.seed) {}

GateRun ProgramMeasurer::measure(const GateCell& cell, Side side) {
  const fs::path records = folder_.path() / "records.jsonl", log = folder_.path() / "log";
  fs::remove(records);
  fs::remove(log);
  const Binary& binary = side == Side::base ? options_.base : options_.head;
  Command command{
      .words = {binary.program.string(), "run", "--engine", side == Side::base ? cell.engine : cell.head_engine,
                "--workload", cell.workload, "--processes", std::to_string(cell.processes), "--repetitions", "1",
                "--scale", fmt::format("{}", cell.scale), "--out", records.string(), "--format", "none"},
      .log = log,
      .environment = {{"DICTBENCH_PADDING", std::string(random_() % 4096, '.')},
                      {"DICTBENCH_MEASURE_SPEED", "no"}},  // some 300 ms a run, which the budget has better use for
      .limit = options_.limit};
  for (const std::string& plugin : side == Side::base ? options_.base_plugins : options_.head_plugins)
    command.words.insert(command.words.end(), {"--plugin", plugin});
  const CommandEnd end = run_command(command);
  // A base without the engine is a wrong call, and no base that a noisy machine hid.
  constexpr int kUsage = 2;
  if (end.status == kUsage && side == Side::base && options_.base_plugins != options_.head_plugins)
    throw std::invalid_argument(fmt::format("gate: the base: {}", last_line(log)));
  GateRun run;
  if (fs::exists(records)) {
    const RecordFile found = read_records(records);
    run = run_of(found, cell);
    if (!found.runs.empty()) remember(side, found.runs.front());
  }
  run.wall_s = end.wall_s;
  run.others = end.others;
  if (end.too_late) {
    run.wrong = fmt::format("not done after {} s", options_.limit.count());
    run.faulty = true;
  } else if (run.wrong.empty() && (end.status != 0 || run.phases.empty())) {
    run.wrong = fmt::format("exit code {}: {}", end.status, last_line(log));
    run.faulty = end.status >= 128;
  }
  return run;
}

void ProgramMeasurer::remember(Side side, const RunRecord& run) {
  (side == Side::base ? base_ : head_) = run;
  if (!base_ || !head_) return;
  const auto refuse_difference = [](const char* what, const std::string& base, const std::string& head) {
    if (base != head)
      throw Unfit(fmt::format("base and head differ in {}: '{}' and '{}'; build both alike", what, base, head));
  };
  refuse_difference("compiler", base_->compiler, head_->compiler);
  refuse_difference("flags", base_->flags, head_->flags);
  refuse_difference("build type", base_->build_type, head_->build_type);
}

}  // namespace dictbench
