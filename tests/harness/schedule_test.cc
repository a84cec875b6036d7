#include "harness/driver/schedule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "harness/driver/budget.h"

namespace dictbench {
namespace {

CellSelection two_by_two() {
  CellSelection selection;
  selection.engines = {"null"};
  selection.workloads = {"get-uniform", "load-1m"};
  selection.processes = {1, 2};
  selection.repetitions = 3;
  selection.scale = 0.001;
  return selection;
}

TEST(Schedule, HoldsEveryCellOncePerRepetitionAndRoundsDoNotMix) {
  const auto cells = make_schedule(two_by_two());
  ASSERT_EQ(cells.size(), 2u * 2 * 3);
  std::map<std::string, int> seen;
  unsigned repetition = 1;
  for (const Cell& cell : cells) {
    EXPECT_GE(cell.repetition, repetition);
    repetition = cell.repetition;
    ++seen[fmt::format("{} {} {} {}", cell.engine, cell.workload, cell.processes, cell.repetition)];
  }
  EXPECT_EQ(seen.size(), cells.size());
}

TEST(Schedule, IsShuffledAndTheSameForTheSameSeed) {
  CellSelection selection = two_by_two();
  selection.repetitions = 20;
  const auto order = [](const CellSelection& chosen) {
    std::string text;
    for (const Cell& cell : make_schedule(chosen)) text += fmt::format("{}{} ", cell.workload, cell.processes);
    return text;
  };
  EXPECT_EQ(order(selection), order(selection));
  CellSelection other = selection;
  other.order_seed = 2;
  EXPECT_NE(order(selection), order(other));
}

CellRecord record_of(const Cell& cell, const std::string& status) {
  const Workload workload = workload_of(cell, {});
  CellRecord record;
  record.engine = cell.engine;
  record.workload = workload.name;
  record.workload_hash = fmt::format("{:016x}", workload.hash);
  record.phase = workload.phases[0].name;
  record.processes = cell.processes;
  record.repetition = cell.repetition;
  record.status = status;
  return record;
}

TEST(Schedule, ResumeSkipsWhatEndedWellAndTriesTheRestAgain) {
  const auto cells = make_schedule(two_by_two());
  RecordFile done;
  done.cells.push_back(record_of(cells[0], "ok"));
  done.cells.push_back(record_of(cells[1], "unavailable: not installed"));
  done.cells.push_back(record_of(cells[2], "invalid: worker 0 was killed"));
  EXPECT_EQ(without_done(cells, done, StartMode::fork, {}).size(), cells.size() - 1);
  EXPECT_EQ(without_done(cells, done, StartMode::spawn, {}).size(), cells.size());
  EXPECT_EQ(without_done(cells, done, StartMode::fork, 99).size(), cells.size()) << "other operations";
}

TEST(Schedule, ResumeKnowsCellsThatHadThreads) {
  CellSelection selection = two_by_two();
  selection.engines = {"rival-tbb"};
  if (find_engine("rival-tbb").missing != nullptr) GTEST_SKIP() << find_engine("rival-tbb").summary;
  const auto cells = make_schedule(selection);
  RecordFile done;
  done.cells.push_back(record_of(cells[0], "ok"));
  EXPECT_EQ(without_done(cells, done, StartMode::fork, {}).size(), cells.size());
  done.cells[0].start = "threads";
  EXPECT_EQ(without_done(cells, done, StartMode::fork, {}).size(), cells.size() - 1);
}

TEST(Budget, ScalesAreRoundedDownToAReadableStep) {
  EXPECT_EQ(round_scale_down(1), 1);
  EXPECT_EQ(round_scale_down(3), 1);
  EXPECT_EQ(round_scale_down(0.7), 0.5);
  EXPECT_DOUBLE_EQ(round_scale_down(0.013), 0.01);
  EXPECT_DOUBLE_EQ(round_scale_down(1e-9), 0.0001);
}

}  // namespace
}  // namespace dictbench
