#include "harness/driver/schedule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "harness/driver/pace.h"
#include "harness/driver/plan.h"

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

std::vector<Cell> all_cells(const Plan& plan) {
  std::vector<Cell> cells;
  for (unsigned repetition = 1; repetition <= plan.rounds(); ++repetition)
    for (const Cell& cell : plan.round(repetition)) cells.push_back(cell);
  return cells;
}

TEST(Schedule, HoldsEveryCellOncePerRepetitionAndRoundsDoNotMix) {
  const Plan plan(two_by_two());
  const auto cells = all_cells(plan);
  ASSERT_EQ(cells.size(), 2u * 2 * 3);
  std::map<std::string, int> seen;
  unsigned repetition = 1;
  for (const Cell& cell : cells) {
    EXPECT_GE(cell.repetition, repetition);
    repetition = cell.repetition;
    ++seen[fmt::format("{} {} {} {}", cell.engine->spec.text(), cell.workload->name, cell.processes, cell.repetition)];
  }
  EXPECT_EQ(seen.size(), cells.size());
}

TEST(Schedule, IsShuffledAndTheSameForTheSameSeed) {
  CellSelection selection = two_by_two();
  selection.repetitions = 20;
  const auto order = [](const CellSelection& chosen) {
    std::string text;
    const Plan plan(chosen);
    for (const Cell& cell : all_cells(plan)) text += fmt::format("{}{} ", cell.workload->name, cell.processes);
    return text;
  };
  EXPECT_EQ(order(selection), order(selection));
  CellSelection other = selection;
  other.order_seed = 2;
  EXPECT_NE(order(selection), order(other));
}

CellRecord record_of(const Cell& cell, const std::string& status) {
  const Workload& workload = *cell.workload;
  CellRecord record;
  record.engine = cell.engine->spec.text();
  record.workload = workload.name;
  record.workload_hash = fmt::format("{:016x}", workload.hash);
  record.phase = workload.phases[0].name;
  record.processes = cell.processes;
  record.repetition = cell.repetition;
  record.status = status;
  return record;
}

TEST(Schedule, ResumeSkipsWhatEndedWellAndTriesTheRestAgain) {
  const Plan plan(two_by_two());
  const auto cells = all_cells(plan);
  RecordFile done;
  done.cells.push_back(record_of(cells[0], "ok"));
  done.cells.push_back(record_of(cells[1], "unavailable: not installed"));
  done.cells.push_back(record_of(cells[2], "invalid: worker 0 was killed"));
  done.cells.push_back(record_of(cells[3], "unfinished: not in 5 s: 1 of 2"));
  EXPECT_EQ(without_done(cells, done, StartMode::fork).size(), cells.size() - 2);
  EXPECT_EQ(without_done(cells, done, StartMode::spawn).size(), cells.size());
  CellSelection other = two_by_two();
  other.seed = 99;
  const Plan seeded(other);
  EXPECT_EQ(without_done(all_cells(seeded), done, StartMode::fork).size(), cells.size()) << "other operations";
}

TEST(Schedule, ResumeKnowsCellsThatHadThreads) {
  CellSelection selection = two_by_two();
  selection.engines = {"rival-tbb"};
  if (find_engine("rival-tbb").missing != nullptr) GTEST_SKIP() << find_engine("rival-tbb").summary;
  const Plan plan(selection);
  const auto cells = all_cells(plan);
  RecordFile done;
  done.cells.push_back(record_of(cells[0], "ok"));
  EXPECT_EQ(without_done(cells, done, StartMode::fork).size(), cells.size());
  done.cells[0].start = "threads";
  EXPECT_EQ(without_done(cells, done, StartMode::fork).size(), cells.size() - 1);
}

TEST(Plan, LoadsNothingThatDoesNotExist) {
  CellSelection selection = two_by_two();
  selection.engines.push_back("no-such");
  EXPECT_THROW(Plan{selection}, SpecError);
  selection = two_by_two();
  selection.workloads.push_back("no-such");
  EXPECT_THROW(Plan{selection}, WorkloadError);
}

TEST(Plan, EveryRepetitionHasASeedOfItsOwnAndTheSameForAllEngines) {
  const Workload workload = load_workload("get-uniform");
  EXPECT_EQ(seed_of(workload, 1), workload.seed);
  EXPECT_NE(seed_of(workload, 2), seed_of(workload, 3));
  EXPECT_EQ(seed_of(workload, 2), seed_of(load_workload("get-uniform"), 2));
}

TEST(Pace, GivesUpTimeAndNeverKeys) {
  CellSelection selection = two_by_two();  // 2 cells with a timed phase a round
  const Pace much = pace_of(selection, 1000, 3), some = pace_of(selection, 6, 3), none = pace_of(selection, 0.001, 3);
  EXPECT_EQ(much.seconds, kLongestSeconds);
  EXPECT_DOUBLE_EQ(some.seconds, 0.5);
  EXPECT_EQ(none.seconds, kShortestSeconds);
  EXPECT_EQ(none.limit, 2);
  EXPECT_EQ(much.limit, 10);
  selection.seconds = some.seconds;
  selection.limit = some.limit;
  const Plan plan(selection);
  const Workload whole = load_workload("get-uniform", 0.001);
  EXPECT_EQ(plan.workloads()[0].keys.count, whole.keys.count);
  EXPECT_EQ(plan.workloads()[0].hash, whole.hash) << "a longer window is the same work";
  EXPECT_EQ(plan.workloads()[0].phases[0].seconds, 0.5);
  EXPECT_EQ(plan.workloads()[1].phases[0].limit, 5) << "what has a number of operations has a limit";
}

TEST(Pace, GoesRoundWhileTheNextRoundFits) {
  const auto begun = RoundClock::Clock::now();
  const auto after = [&](int seconds) { return begun + std::chrono::seconds(seconds); };
  const RoundClock clock(100, 3, begun);
  EXPECT_TRUE(clock.another(0, after(0)));
  EXPECT_TRUE(clock.another(2, after(500))) << "fewer than are needed";
  EXPECT_TRUE(clock.another(3, after(75)));
  EXPECT_FALSE(clock.another(3, after(76)));
  EXPECT_FALSE(clock.another(4, after(100)));
}

}  // namespace
}  // namespace dictbench
