// What may be judged by a record of something else, and which limits decide.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "results/choose/answer.h"
#include "tests/results/choose_records.h"

namespace dictbench {
namespace {

using testing::add;
using testing::add_phase;
using testing::ask;
using testing::commands_for;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::make_cell;
using testing::names;
using testing::records_of;
using ::testing::StartsWith;
using testing::why_not;

TEST(ChooseLimits, FiguresExclude) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);  // p99 1200 ns, 56 bytes an item
  Requirements asked;
  asked.p99_ns = 1000;
  asked.ops_per_s = 10e6;
  asked.max_bytes_per_item = 50;
  EXPECT_EQ(why_not(ask(records, asked), "fast"),
            "p99 1.20 us > 1.00 us; 9.00 M/s is below 10.0 M/s; 56 B an item > 50 B");
  asked.p99_ns = 1200;
  asked.ops_per_s = 9e6;
  asked.max_bytes_per_item = 56;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("fast"));
}

TEST(ChooseLimits, NothingSampledIsNoLatencyWithinTheLimit) {
  RecordFile records = records_of({make_cell("fast", 9e6)});
  records.cells[0].latency_ns.reset();
  Requirements asked;
  asked.p99_ns = 1e9;
  const Choice choice = ask(records, asked);
  EXPECT_THAT(choice.fits, IsEmpty());
  EXPECT_EQ(why_not(choice, "fast"), "not excluded");
  ASSERT_EQ(choice.undecided.size(), 1u);
  EXPECT_THAT(choice.undecided[0].reasons, ElementsAre("p99 not measured: too few operations for a sample"));
}

TEST(ChooseLimits, LongerValuesCostMoreThanWasMeasured) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "small", 8e6);
  Requirements asked;
  asked.value_bytes = 20;
  asked.max_bytes_per_item = 300;
  const Choice choice = ask(records, asked);
  ASSERT_THAT(names(choice), ElementsAre("fast"));
  EXPECT_EQ(choice.fits[0].figures.bytes_per_item, 66);
  EXPECT_TRUE(choice.fits[0].figures.bytes_estimated);
  EXPECT_EQ(why_not(choice, "small"), "values of 16 B at most, you asked 20 B");
  EXPECT_THAT(choice.extrapolated, ElementsAre("measured with values of 10 B, you asked 20 B"));
}

// More writes never raise an estimate above what either phase was measured at.
TEST(ChooseLimits, ReckonsBetweenReadsAndWrites) {
  RecordFile records = records_of();
  add_phase(records, "fast", 20e6, "large", "get");
  add_phase(records, "fast", 1e6, "large", "update");
  add_phase(records, "safe", 10e6, "large", "get");
  add_phase(records, "safe", 5e6, "large", "update");
  Requirements asked;
  double before = 20e6;
  for (const double reads : {0.99, 0.95, 0.75, 0.5, 0.25, 0.05}) {
    asked.reads = reads;
    const Choice choice = ask(records, asked);
    ASSERT_EQ(choice.fits.size(), 2u) << reads;
    const auto fast = std::ranges::find(choice.fits, "fast", &Fit::engine);
    EXPECT_NEAR(fast->figures.ops_per_s, 1 / (reads / 20e6 + (1 - reads) / 1e6), 1) << reads;
    EXPECT_LT(fast->figures.ops_per_s, before) << reads;
    before = fast->figures.ops_per_s;
    EXPECT_EQ(choice.fits.front().engine, reads > 0.94 ? "fast" : "safe") << reads;
    EXPECT_EQ(choice.phase, "update and get");
    EXPECT_THAT(choice.extrapolated, Contains("reckoned between the phases update and get"));
    EXPECT_THAT(commands_for(choice, "all that fit"), HasSubstr("dictbench run --engine"));
  }
  asked.reads = 1;
  EXPECT_EQ(ask(records, asked).phase, "get");
}

TEST(ChooseLimits, ReadsSayNothingOfWrites) {
  RecordFile records = records_of();
  add_phase(records, "fast", 20e6, "large", "get");
  EXPECT_TRUE(ask(records).workload.empty());
}

TEST(ChooseLimits, ValuesBeyondAFactorOfTwoAreNotCovered) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  Requirements asked;
  asked.value_bytes = 21;
  asked.ops_per_s = 3e6;
  asked.p99_ns = 5000;
  const Choice choice = ask(records, asked);
  EXPECT_THAT(choice.fits, IsEmpty());
  EXPECT_THAT(answer_tables(choice)[0].title, StartsWith("No record covers this"));
  EXPECT_THAT(commands_for(choice, "fast"), HasSubstr("--write-workload need.toml"));
}

// Of a workload whose phases differ in their keys an engine is measured in all or in none.
TEST(ChooseLimits, NoRoomForAnotherPhaseExcludesNobody) {
  RecordFile records = records_of();
  for (const char* const engine : {"fast", "sparse"})
    for (const char* const phase : {"few", "many"}) add_phase(records, engine, 9e6, "sizes", phase);
  for (CellRecord& cell : records.cells) {
    cell.work.keys = cell.phase == "few" ? 4 : 400'000;
    cell.work.value_bytes = cell.phase == "few" ? 1 << 20 : 10;
    if (cell.engine == "fast") continue;
    cell.ops_per_s = 0;
    cell.status = "unavailable: 400,000 items; it takes 100 at most";
  }
  Knowledge known = testing::knowledge();
  known.candidates = [](const Requirements&) {
    return std::vector<EnginePromises>{*testing::engine_of("fast"), *testing::engine_of("sparse")};
  };
  Requirements asked;
  asked.reads = 1;
  asked.value_bytes = 1 << 20;
  Choice choice = choose_engines(records, testing::kHost, asked, known);
  EXPECT_THAT(names(choice), ElementsAre("fast"));
  EXPECT_EQ(why_not(choice, "sparse"), "not excluded");
  EXPECT_THAT(commands_for(choice, "sparse"), HasSubstr("dictbench run --engine sparse --workload need.toml"));
  asked.items = 1000;
  EXPECT_EQ(why_not(choose_engines(records, testing::kHost, asked, known), "sparse"),
            "100 items at most, you asked 1,000");
  asked.items.reset();
  asked.value_bytes = 10;
  choice = choose_engines(records, testing::kHost, asked, known);
  EXPECT_THAT(why_not(choice, "sparse"), HasSubstr("400,000 items; it takes 100 at most"));
}

TEST(ChooseLimits, TailsAreThoseOfTheOpenLoop) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);  // p99 1200 ns in the closed loop
  Requirements asked;
  asked.p99_ns = 2000;
  Choice choice = ask(records, asked);
  EXPECT_THAT(names(choice), ElementsAre("fast"));
  EXPECT_THAT(answer_tables(choice)[0].notes, Contains(StartsWith("p99: closed loop")));
  add_phase(records, "fast", 1e4, "open", "slow");
  for (CellRecord& cell : records.cells)
    if (cell.workload == "open") cell.latency_ns->p99 = 5e6;
  choice = ask(records, asked);
  EXPECT_EQ(why_not(choice, "fast"), "p99 5.00 ms > 2.00 us");
  asked.p99_ns = 6e6;
  choice = ask(records, asked);
  EXPECT_THAT(names(choice), ElementsAre("fast"));
  EXPECT_EQ(choice.conditions.open_loop_rate, 10'000);
  EXPECT_THAT(answer_tables(choice)[0].notes,
              Contains("p99: at 10,000 operations a second, from the time at which each was due (workload open, phase "
                       "slow, 1,000,000 items, values of 10 B)."));
}

TEST(ChooseLimits, TheRateIsTheNextToWhatIsAsked) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add_phase(records, "fast", 1e4, "open", "slow");
  add_phase(records, "fast", 1e5, "open", "quick");
  Requirements asked;
  EXPECT_EQ(ask(records, asked).conditions.open_loop_rate, 10'000);
  for (const auto& [wanted, rate] : {std::pair{5e3, 1e4}, {2e4, 1e5}, {1e6, 1e5}}) {
    asked.ops_per_s = wanted;
    EXPECT_EQ(ask(records, asked).conditions.open_loop_rate, rate) << wanted;
  }
}

// 56 bytes with 2 processes: engines differ in whether each process holds a copy of its own.
TEST(ChooseLimits, ALimitThatDependsOnWhatWasNotMeasuredDecidesNothing) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  Requirements asked;
  asked.processes = 16;
  asked.max_bytes_per_item = 300;
  const Choice choice = ask(records, asked);
  EXPECT_THAT(names(choice), IsEmpty());
  EXPECT_EQ(why_not(choice, "fast"), "not excluded");
  EXPECT_THAT(commands_for(choice, "fast"), HasSubstr("--processes 16"));
  asked.max_bytes_per_item = 50;
  EXPECT_EQ(why_not(ask(records, asked), "fast"), "56 B an item > 50 B");
  asked.max_bytes_per_item = 448;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("fast"));
  // One process took as much: it grows with none.
  add(records, "fast", 5e6);
  for (std::size_t i = records.cells.size() - 9; i < records.cells.size(); ++i) records.cells[i].processes = 1;
  asked.max_bytes_per_item = 56;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("fast"));
}

TEST(ChooseLimits, ASlotOfFixedSizeMayTakeNoMoreAndOneProcessNoSecondCopy) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);  // 56 bytes an item with values of 10 bytes and 2 processes
  Requirements asked;
  asked.value_bytes = 20;
  asked.max_bytes_per_item = 60;
  const Choice choice = ask(records, asked);
  EXPECT_THAT(answer_tables(choice)[0].title, StartsWith("No record decides what fits"));
  // No standard workload has such values: a file for them is made first.
  EXPECT_EQ(commands_for(choice, "fast"),
            "dictbench choose --processes 2 --reads 0.95 --value-size 20 --max-bytes-per-item 60 --write-workload "
            "need.toml\n"
            "dictbench run --engine fast --workload need.toml --processes 2 --out need.jsonl\n");
  asked.value_bytes.reset();
  asked.processes = 1;
  asked.max_bytes_per_item = 40;
  EXPECT_EQ(ask(records, asked).undecided.size(), 1u);
  asked.max_bytes_per_item = 27;
  EXPECT_EQ(why_not(ask(records, asked), "fast"), "56 B an item > 27 B");
}

TEST(ChooseLimits, MoreProcessesMayDoMore) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  Requirements asked;
  asked.processes = 8;
  asked.ops_per_s = 10e6;
  const Choice choice = ask(records, asked);
  ASSERT_EQ(choice.undecided.size(), 1u);
  EXPECT_THAT(choice.undecided[0].reasons, ElementsAre("9.00 M/s is below 10.0 M/s, with 2 of 8 processes"));
}

TEST(ChooseLimits, ARateThatIsTooHighExcludesNothing) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add_phase(records, "fast", 1e5, "open", "quick");
  for (CellRecord& cell : records.cells)
    if (cell.workload == "open") cell.latency_ns->p99 = 5e6;
  Requirements asked;
  asked.p99_ns = 1e6;
  asked.ops_per_s = 2e4;
  Choice choice = ask(records, asked);
  ASSERT_EQ(choice.undecided.size(), 1u);
  EXPECT_THAT(choice.undecided[0].reasons, ElementsAre("p99 5.00 ms > 1.00 ms at 100 k/s, you asked 20.0 k/s"));
  asked.ops_per_s = 1e5;
  EXPECT_EQ(why_not(ask(records, asked), "fast"), "p99 5.00 ms > 1.00 ms");
}

TEST(ChooseLimits, WhoHasNoTailAtTheRateIsMeasuredThere) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 4e6);
  add_phase(records, "fast", 1e4, "open", "slow");
  Requirements asked;
  asked.p99_ns = 1e6;
  Choice choice = ask(records, asked);
  EXPECT_THAT(names(choice), ElementsAre("fast"));
  ASSERT_EQ(choice.undecided.size(), 1u);
  EXPECT_EQ(commands_for(choice, "safe"),
            "dictbench run --engine safe --workload open --processes 2 --out need.jsonl\n");
  add_phase(records, "safe", 1e4, "open", "slow");
  for (CellRecord& cell : records.cells)
    if (cell.workload == "open" && cell.engine == "safe") {
      cell.ops_per_s = 0;
      cell.status = "unfinished: kept 4,000 of 10,000 operations a second";
    }
  choice = ask(records, asked);
  ASSERT_EQ(choice.undecided.size(), 1u);
  EXPECT_THAT(choice.undecided[0].reasons[0], HasSubstr("p99 not measured: kept 4,000 of 10,000 operations a second"));
}

// Between a get of 1 us and an update of 100 us nobody knows where the p99 of their mix lies.
TEST(ChooseLimits, TheWorseOfTwoPhasesExcludesNothing) {
  RecordFile records = records_of();
  add_phase(records, "fast", 20e6, "large", "get");
  add_phase(records, "fast", 1e6, "large", "update");
  for (CellRecord& cell : records.cells) cell.latency_ns->p99 = cell.phase == "get" ? 1e3 : 1e5;
  Requirements asked;
  asked.p99_ns = 5e4;
  EXPECT_EQ(ask(records, asked).undecided.size(), 1u);
  asked.p99_ns = 500;
  EXPECT_EQ(why_not(ask(records, asked), "fast"), "p99 100 us > 500 ns");
  asked.p99_ns = 1e5;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("fast"));
}

TEST(ChooseLimits, PhasesWithoutACommonEngineAreNotMixed) {
  RecordFile records = records_of();
  add_phase(records, "fast", 20e6, "large", "get");
  add_phase(records, "safe", 1e6, "large", "update");
  EXPECT_TRUE(ask(records).workload.empty());
}

TEST(ChooseLimits, NothingIsRankedByWhatNobodyMeasured) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  for (CellRecord& cell : records.cells) cell.memory.bytes_per_item = 0;
  Requirements asked;
  asked.rank_by = RankBy::memory;
  EXPECT_THAT(ask(records, asked).fits, IsEmpty());
  EXPECT_EQ(ask(records, asked).undecided.size(), 1u);
}

}  // namespace
}  // namespace dictbench
