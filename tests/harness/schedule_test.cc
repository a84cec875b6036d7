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
  // A third of 10.8 s is for 6 windows, each with a fifth of its length before it.
  const Pace much = pace_of(selection, 1000, 3), some = pace_of(selection, 10.8, 3),
             none = pace_of(selection, 0.001, 3);
  EXPECT_EQ(much.seconds, kLongestSeconds);
  EXPECT_NEAR(some.seconds, 0.5, 1e-9);
  EXPECT_EQ(none.seconds, kShortestSeconds);
  EXPECT_DOUBLE_EQ(none.limit, 8 * 0.4);
  EXPECT_DOUBLE_EQ(much.limit, 8 * 1.2);
  selection.seconds = 0.5;
  selection.limit = some.limit;
  const Plan plan(selection);
  const Workload whole = load_workload("get-uniform", 0.001);
  EXPECT_EQ(plan.workloads()[0].keys.count, whole.keys.count);
  EXPECT_EQ(plan.workloads()[0].hash, whole.hash) << "a longer window is the same work";
  EXPECT_EQ(plan.workloads()[0].phases[0].seconds, 0.5);
  EXPECT_EQ(plan.workloads()[1].phases[0].limit, some.limit) << "what has a number of operations has a limit";
}

TEST(Pace, WhatWritesWarmsUpForTwoTenthsOfASecondAtLeast) {
  const auto warm_up_of = [](const char* mix, double seconds) {
    Phase phase = parse_workload(fmt::format("[keys]\nformat = 'k{{index}}'\ncount = 100\n[[phase]]\nname = 'p'\n"
                                             "mix = {{{}}}\noperations = 100\nseconds = 1\n",
                                             mix),
                                 "test")
                      .phases[0];
    phase.seconds = seconds;
    return warm_up_seconds(phase);
  };
  for (const char* mix : {"set = 1", "get = 0.95, set = 0.05", "insert = 1, erase = 1", "add = 1",
                          "scan = 1, insert = 1", "read_modify_write = 1"}) {
    EXPECT_DOUBLE_EQ(warm_up_of(mix, 0.2), 0.2) << mix;
    EXPECT_DOUBLE_EQ(warm_up_of(mix, 1), 0.2) << mix;
    EXPECT_DOUBLE_EQ(warm_up_of(mix, 2), 0.4) << mix;
    EXPECT_DOUBLE_EQ(warm_up_of(mix, 0.01), 0.002) << mix << ": a smoke run";
  }
  for (const char* mix : {"get = 1", "scan = 1", "get = 0.1, get_absent = 0.2"})
    EXPECT_DOUBLE_EQ(warm_up_of(mix, 0.2), 0.04) << mix;
  EXPECT_EQ(warm_up_of("set = 1", 0), 0);
}

// A round of windows and warm-ups takes just a third of the budget's share of it.
TEST(Pace, CountsTheWarmUpOfWritesAndWhatIsAtAFixedRate) {
  CellSelection selection = two_by_two();
  selection.workloads = {"update-uniform", "get-uniform", "open-loop"};
  selection.processes = {2};
  // At 10,000 operations a second for 1.1 s, with 0.22 s before it, and at 100,000 for 0.5 s, with 0.2 s before it.
  constexpr double kFixed = 1.1 + 0.22 + 0.5 + 0.2, kWindow = 0.4;
  const double round = kWindow + 0.2 + kWindow * 1.2 + kFixed;
  EXPECT_NEAR(pace_of(selection, 3 * 3 * round, 3).seconds, kWindow, 1e-9);
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
