#include "results/choose/choose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "results/choose/answer.h"
#include "results/tables/tables.h"
#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::make_broken;
using testing::make_cell;
using testing::make_run;
using ::testing::StartsWith;

constexpr const char* kHost = "intel-xeon-2.50ghz-2-cores";

// 95 % gets over a million keys of 10 bytes; the workload "sets" half of each, "adds" counters.
std::optional<PhaseTraits> phase_of(const CellRecord& cell, const RunRecord*) {
  PhaseTraits traits;
  traits.keys = static_cast<std::uint64_t>(1e6 * cell.scale);
  traits.value_bytes = 10;
  if (cell.workload == "get-uniform") {
    traits.gets = 0.95;
    traits.sets = 0.05;
  } else if (cell.workload == "half") {
    traits.gets = traits.sets = 0.5;
    traits.value_bytes = 1000;
  } else if (cell.workload == "adds") {
    traits.adds = 1;
  } else if (cell.workload == "large") {
    (cell.phase == "get" ? traits.gets : traits.sets) = 1;
  } else if (cell.workload == "open") {
    traits.gets = 0.95;
    traits.sets = 0.05;
    traits.arrival_rate = cell.phase == "slow" ? 10'000 : 100'000;
  } else {
    return std::nullopt;
  }
  return traits;
}

// "fast", "safe" and "durable?sync=full" promise what their names say; "alone" is not shared, "null" does nothing.
std::optional<EnginePromises> engine_of(const std::string& spec) {
  if (spec == "unknown") return std::nullopt;
  EnginePromises engine;
  engine.spec = spec;
  engine.largest_value = 1 << 20;
  engine.declared = {Guarantee::shared, Guarantee::linearizable, Guarantee::atomic_add};
  if (spec.starts_with("safe")) engine.declared.insert(Guarantee::survives_kill);
  if (spec == "durable?sync=full") engine.declared.insert(Guarantee::durable);
  if (spec == "alone") engine.declared.erase(Guarantee::shared);
  if (spec == "small") engine.largest_value = 16;
  engine.stores = spec != "null";
  return engine;
}

Knowledge knowledge() {
  Knowledge known;
  known.phase = phase_of;
  known.engine = engine_of;
  known.candidates = [](const Requirements&) {
    return std::vector<EnginePromises>{*engine_of("fast"), *engine_of("safe"), *engine_of("durable"),
                                       *engine_of("durable?sync=full")};
  };
  known.standard_phases = [] {
    return std::vector<StandardPhase>{{"get-uniform", "run", *phase_of(make_cell("fast", 1), nullptr)}};
  };
  return known;
}

RecordFile records_of(std::vector<CellRecord> cells = {}) { return {{make_run()}, std::move(cells), {}, {}}; }

// Nine repetitions around this speed, enough to tell several engines apart; `wobble` moves each by so much, in its own
// way.
void add(RecordFile& records, const std::string& engine, double speed, double wobble = 0,
         const std::string& workload = "get-uniform", double scale = 1) {
  constexpr double kMoves[] = {-1, 1, -0.5, 0.5, 0, -0.75, 0.75, -0.25, 0.25};
  for (unsigned i = 0; i < 9; ++i) {
    records.cells.push_back(make_cell(engine, speed + wobble * kMoves[i], i));
    records.cells.back().workload = workload;
    records.cells.back().scale = scale;
  }
}

void add_phase(RecordFile& records, const std::string& engine, double speed, const std::string& workload,
               const std::string& phase) {
  const std::size_t first = records.cells.size();
  add(records, engine, speed, 0, workload);
  for (std::size_t i = first; i < records.cells.size(); ++i) records.cells[i].phase = phase;
}

void add_torture(RecordFile& records, const std::string& engine, const std::string& fault, const std::string& status) {
  TortureRecord torture;
  torture.run_id = "run-1";
  torture.engine = engine;
  torture.fault = fault;
  torture.tried = 100;
  torture.survived = status == "ok" ? 100 : 99;
  torture.lost = status.find("lost") == std::string::npos ? 0 : 3;
  torture.status = status;
  records.tortures.push_back(torture);
}

std::vector<std::string> names(const Choice& choice) {
  std::vector<std::string> all;
  for (const Fit& fit : choice.fits) all.push_back(fit.engine);
  return all;
}

std::string why_not(const Choice& choice, const std::string& engine) {
  for (const Excluded& excluded : choice.excluded) {
    std::string all;
    if (excluded.engine != engine) continue;
    for (const std::string& reason : excluded.reasons) all += (all.empty() ? "" : "; ") + reason;
    return all;
  }
  return "not excluded";
}

std::string commands_for(const Choice& choice, const std::string& engine) {
  std::string all;
  for (const Uncovered& uncovered : choice.uncovered)
    if (uncovered.engine == engine)
      for (const std::string& command : uncovered.commands) all += command + "\n";
  return all;
}

Choice ask(const RecordFile& records, const Requirements& asked = {}) {
  return choose_engines(records, kHost, asked, knowledge());
}

TEST(Choose, RanksSharedEnginesByThroughput) {
  RecordFile records = records_of();
  add(records, "safe", 4e6);
  add(records, "fast", 9e6);
  add(records, "alone", 20e6);
  add(records, "null", 99e6);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("fast", "safe"));
  EXPECT_EQ(why_not(choice, "alone"), "not shared between processes");
  EXPECT_EQ(why_not(choice, "null"), "not excluded");
  EXPECT_NEAR(*choice.fits[1].ratio, 4.0 / 9, 1e-9);
  EXPECT_FALSE(choice.fits[1].not_separated);
  EXPECT_THAT(choice.extrapolated, IsEmpty());
}

TEST(Choose, TellsWhatIsNotSeparatedFromTheBest) {
  RecordFile records = records_of();
  add(records, "fast", 9e6, 1e6);
  add(records, "safe", 8.9e6, -1e6);
  add(records, "small", 3e6);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("fast", "safe", "small"));
  EXPECT_FALSE(choice.fits[0].not_separated);
  EXPECT_TRUE(choice.fits[1].not_separated);
  EXPECT_FALSE(choice.fits[2].not_separated);
  EXPECT_THAT(answer_tables(choice)[0].title,
              StartsWith("fast is the best of 3 that fit (not separated from it: safe)"));
}

TEST(Choose, NeverRecommendsWhatWasWrongAnywhereInTheWorkload) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 4e6);
  CellRecord lost = make_cell("fast", 9e6, 1);
  lost.processes = 4;  // another number of processes than the one that is judged by
  lost.verified = "failed: 3 keys lost";
  records.cells.push_back(lost);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("safe"));
  EXPECT_EQ(why_not(choice, "fast"), "failed: 3 keys lost (run, 4 processes)");
}

TEST(Choose, NeverRecommendsWhatWasInvalidOrUnverified) {
  RecordFile records = records_of({make_broken("fast", "invalid: worker 2 died"), make_cell("safe", 4e6)});
  CellRecord unverified = make_cell("small", 8e6);
  unverified.verified = "not done: asked so";
  records.cells.push_back(unverified);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("safe"));
  EXPECT_THAT(why_not(choice, "fast"), StartsWith("invalid: worker 2 died"));
  EXPECT_THAT(why_not(choice, "small"), StartsWith("not verified"));
}

TEST(Choose, TooSlowInAnotherPhaseIsNoFault) {
  RecordFile records = records_of({make_cell("safe", 4e6)});
  CellRecord load = make_broken("safe", "unfinished: not in 5 s: 410,000 of 1,000,000");
  load.phase = "load";
  records.cells.push_back(load);
  EXPECT_THAT(names(ask(records)), ElementsAre("safe"));
  records = records_of({make_cell("fast", 4e6), make_broken("safe", "unfinished: not in 5 s: 410,000 of 1,000,000")});
  EXPECT_THAT(why_not(ask(records), "safe"), StartsWith("not in 5 s"));
}

TEST(Choose, LostDataUnderTortureExcludesWhateverIsAsked) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add_torture(records, "fast", "full", "broken: writes were lost");
  EXPECT_EQ(why_not(ask(records), "fast"), "lost 3 acknowledged writes under full");
  add_torture(records, "fast", "full", "ok");  // measured again, mended
  EXPECT_THAT(names(ask(records)), ElementsAre("fast"));
}

TEST(Choose, PromisesAreWhatRecordsLeaveOfThem) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 4e6);
  Requirements asked;
  asked.must = {Guarantee::survives_kill};
  Choice choice = ask(records, asked);
  EXPECT_EQ(why_not(choice, "fast"), "does not survive a killed writer");
  ASSERT_THAT(names(choice), ElementsAre("safe"));
  EXPECT_THAT(answer_tables(choice)[0].rows[0][7].text, "survives-kill declared, not tested");
  EXPECT_EQ(commands_for(choice, "safe"),
            "dictbench torture --engine safe --faults kill,crash-points,hang --out need.jsonl\n");

  add_torture(records, "safe", "kill", "ok");
  choice = ask(records, asked);
  EXPECT_THAT(answer_tables(choice)[0].rows[0][7].text, "survives-kill tested: 100 kills");
  EXPECT_EQ(commands_for(choice, "safe"), "");

  add_torture(records, "safe", "hang", "broken: the dict was torn");
  choice = ask(records, asked);
  EXPECT_THAT(names(choice), IsEmpty());
  EXPECT_EQ(why_not(choice, "safe"), "survives-kill promised, but broken under hang: the dict was torn");
}

TEST(Choose, APromiseBrokenOnAnotherMachineIsBroken) {
  RecordFile records = records_of();
  add(records, "safe", 4e6);
  RunRecord other = make_run("run-2");
  other.host = {{"cpu_model", "AMD A8-4500M"}, {"cores", "4"}};
  records.runs.push_back(other);
  CheckRecord check;
  check.run_id = "run-2";
  check.engine = "safe";
  check.promise = "linearizable";
  check.operations = 500;
  check.verdict = "ok";
  records.checks.push_back(check);
  Requirements asked;
  asked.must = {Guarantee::linearizable};
  EXPECT_EQ(ask(records, asked).fits[0].promises[1].second.text, "tested on amd-a8-4500m-4-cores: 500 operations");
  records.checks[0].verdict = "illegal: a read saw what was never written";
  EXPECT_EQ(why_not(ask(records, asked), "safe"),
            "linearizable promised, but its history is illegal on amd-a8-4500m-4-cores: a read saw what was never "
            "written");
}

TEST(Choose, FiguresExclude) {
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

TEST(Choose, NothingSampledIsNoLatencyWithinTheLimit) {
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

TEST(Choose, LongerValuesCostMoreThanWasMeasured) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "small", 8e6);
  Requirements asked;
  asked.value_bytes = 30;
  asked.max_bytes_per_item = 300;
  const Choice choice = ask(records, asked);
  ASSERT_THAT(names(choice), ElementsAre("fast"));
  EXPECT_EQ(choice.fits[0].figures.bytes_per_item, 76);
  EXPECT_TRUE(choice.fits[0].figures.bytes_estimated);
  EXPECT_EQ(why_not(choice, "small"), "values of 16 B at most, you asked 30 B");
  EXPECT_THAT(choice.extrapolated, ElementsAre("measured with values of 10 B, you asked 30 B"));
}

TEST(Choose, CommandsMeasureJustWhatIsAsked) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  Requirements asked;
  EXPECT_EQ(commands_for(ask(records, asked), "all that fit"), "");
  asked.items = 1'000'000;
  asked.value_bytes = 10;
  EXPECT_EQ(commands_for(ask(records, asked), "all that fit"), "");
  asked.items = 500'000;
  EXPECT_THAT(commands_for(ask(records, asked), "all that fit"), HasSubstr("--write-workload need.toml"));
  asked.items.reset();
  asked.value_bytes = 20;
  EXPECT_THAT(commands_for(ask(records, asked), "all that fit"), HasSubstr("--write-workload need.toml"));
  asked.value_bytes.reset();
  asked.reads = 0.94;
  EXPECT_THAT(commands_for(ask(records, asked), "all that fit"), HasSubstr("--write-workload need.toml"));
}

TEST(Choose, TheNearestSituationIsTold) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "fast", 5e6, 0, "half");
  Requirements asked;
  asked.processes = 8;
  Choice choice = ask(records, asked);
  EXPECT_EQ(choice.workload, "get-uniform");
  EXPECT_THAT(choice.extrapolated, ElementsAre("measured with 2 processes, you asked 8"));
  EXPECT_THAT(commands_for(choice, "all that fit"),
              "dictbench run --engine fast --workload get-uniform --processes 8 --out need.jsonl\n");
  asked.reads = 0.58;
  choice = ask(records, asked);
  EXPECT_EQ(choice.workload, "half");
  EXPECT_THAT(choice.extrapolated, Contains("measured with 50 % reads, you asked 58 %"));
}

TEST(Choose, OtherKindsOfOperationsSayNothing) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 3e6, 0, "adds");
  Requirements asked;
  asked.reads = 0;
  asked.write_kind = WriteKind::adds;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("safe"));
  asked.read_kind = ReadKind::scans;
  asked.write_kind = WriteKind::sets;
  asked.reads = 0.95;
  const Choice choice = ask(records, asked);
  EXPECT_TRUE(choice.workload.empty());
  EXPECT_THAT(choice.fits, IsEmpty());
}

TEST(Choose, AWorkloadThatIsNoLongerTheSameSaysNothing) {
  RecordFile records = records_of();
  add(records, "fast", 9e6, 0, "gone");
  EXPECT_TRUE(ask(records).workload.empty());
}

TEST(Choose, RanksByWhatIsAsked) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 4e6);
  for (CellRecord& cell : records.cells)
    if (cell.engine == "safe") {
      cell.memory.bytes_per_item = 20;
      cell.latency_ns->p99 = 5000;
    }
  Requirements asked;
  asked.rank_by = RankBy::memory;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("safe", "fast"));
  asked.rank_by = RankBy::p99;
  EXPECT_THAT(names(ask(records, asked)), ElementsAre("fast", "safe"));
}

TEST(Choose, EnginesThatWouldFitAndWereNotMeasuredAreTold) {
  RecordFile records = records_of();
  add(records, "durable", 9e6);
  Requirements asked;
  asked.must = {Guarantee::durable};
  const Choice choice = ask(records, asked);
  EXPECT_THAT(choice.fits, IsEmpty());
  EXPECT_EQ(why_not(choice, "durable"), "not durable across a restart");
  EXPECT_EQ(commands_for(choice, "durable?sync=full"),
            "dictbench run --engine 'durable?sync=full' --workload get-uniform --processes 2 --out need.jsonl\n"
            "dictbench torture --engine 'durable?sync=full' --faults durable --out need.jsonl\n");
  EXPECT_THAT(answer_tables(choice)[0].title, StartsWith("Nothing fits"));
}

TEST(Choose, WithoutRecordsTellsWhatWouldMeasure) {
  const Choice choice = choose_engines({}, kHost, {}, knowledge());
  EXPECT_TRUE(choice.workload.empty());
  EXPECT_THAT(commands_for(choice, "fast"), HasSubstr("dictbench run --engine fast --workload get-uniform"));
  EXPECT_THAT(answer_tables(choice)[0].title, StartsWith("No record covers this"));
}

TEST(Choose, AnEngineThatIsNotBuiltInIsNotRecommended) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  add(records, "unknown", 99e6);
  const Choice choice = ask(records);
  EXPECT_THAT(names(choice), ElementsAre("fast"));
  EXPECT_THAT(why_not(choice, "unknown"), HasSubstr("its contract is unknown"));
}

TEST(Choose, OnlyCellsOfTheHostCount) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  EXPECT_TRUE(choose_engines(records, "another-host", {}, knowledge()).workload.empty());
  EXPECT_THAT(hosts_with_cells(records), ElementsAre(kHost));
}

// More writes never raise an estimate above what either phase was measured at.
TEST(Choose, ReckonsBetweenReadsAndWrites) {
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

TEST(Choose, ReadsSayNothingOfWrites) {
  RecordFile records = records_of();
  add_phase(records, "fast", 20e6, "large", "get");
  EXPECT_TRUE(ask(records).workload.empty());
}

TEST(Choose, ValuesOfAnotherOrderOfSizeAreNotCovered) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  Requirements asked;
  asked.value_bytes = 64 << 10;
  asked.ops_per_s = 3e6;
  asked.p99_ns = 5000;
  const Choice choice = ask(records, asked);
  EXPECT_THAT(choice.fits, IsEmpty());
  EXPECT_THAT(answer_tables(choice)[0].title, StartsWith("No record covers this"));
  EXPECT_THAT(commands_for(choice, "fast"), HasSubstr("--write-workload need.toml"));
}

TEST(Choose, TailsAreThoseOfTheOpenLoop) {
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

TEST(Choose, TheRateIsTheNextToWhatIsAsked) {
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

// Equal engines with 10 % noise: of three rounds each four in ten would be called separated by the range alone.
TEST(Choose, TooFewRoundsSeparateNothing) {
  RecordFile records = records_of();
  for (unsigned i = 0; i < 5; ++i) {
    records.cells.push_back(make_cell("fast", 9e6, i));
    records.cells.push_back(make_cell("safe", 3e6, i));
  }
  EXPECT_TRUE(ask(records).fits[1].not_separated);
  records = records_of();
  add(records, "fast", 9e6);
  add(records, "safe", 3e6);
  EXPECT_FALSE(ask(records).fits[1].not_separated);
}

// 56 bytes with 2 processes: engines differ in whether each process holds a copy of its own.
TEST(Choose, ALimitThatDependsOnWhatWasNotMeasuredDecidesNothing) {
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

TEST(Choose, ASlotOfFixedSizeMayTakeNoMoreAndOneProcessNoSecondCopy) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);  // 56 bytes an item with values of 10 bytes and 2 processes
  Requirements asked;
  asked.value_bytes = 40;
  asked.max_bytes_per_item = 60;
  const Choice choice = ask(records, asked);
  EXPECT_THAT(answer_tables(choice)[0].title, StartsWith("No record decides what fits"));
  // No standard workload has such values: a file for them is made first.
  EXPECT_EQ(commands_for(choice, "fast"),
            "dictbench choose --processes 2 --reads 0.95 --value-size 40 --max-bytes-per-item 60 --write-workload "
            "need.toml\n"
            "dictbench run --engine fast --workload need.toml --processes 2 --out need.jsonl\n");
  asked.value_bytes.reset();
  asked.processes = 1;
  asked.max_bytes_per_item = 40;
  EXPECT_EQ(ask(records, asked).undecided.size(), 1u);
  asked.max_bytes_per_item = 27;
  EXPECT_EQ(why_not(ask(records, asked), "fast"), "56 B an item > 27 B");
}

TEST(Choose, MoreProcessesMayDoMore) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  Requirements asked;
  asked.processes = 8;
  asked.ops_per_s = 10e6;
  const Choice choice = ask(records, asked);
  ASSERT_EQ(choice.undecided.size(), 1u);
  EXPECT_THAT(choice.undecided[0].reasons, ElementsAre("9.00 M/s is below 10.0 M/s, with 2 of 8 processes"));
}

TEST(Choose, ARateThatIsTooHighExcludesNothing) {
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

TEST(Choose, WhoHasNoTailAtTheRateIsMeasuredThere) {
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
TEST(Choose, TheWorseOfTwoPhasesExcludesNothing) {
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

TEST(Choose, PhasesWithoutACommonEngineAreNotMixed) {
  RecordFile records = records_of();
  add_phase(records, "fast", 20e6, "large", "get");
  add_phase(records, "safe", 1e6, "large", "update");
  EXPECT_TRUE(ask(records).workload.empty());
}

TEST(Choose, NothingIsRankedByWhatNobodyMeasured) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  for (CellRecord& cell : records.cells) cell.memory.bytes_per_item = 0;
  Requirements asked;
  asked.rank_by = RankBy::memory;
  EXPECT_THAT(ask(records, asked).fits, IsEmpty());
  EXPECT_EQ(ask(records, asked).undecided.size(), 1u);
}

TEST(Choose, WhatCannotBeSharedIsNotOfferedForSeveralProcesses) {
  Knowledge known = knowledge();
  known.candidates = [](const Requirements&) {
    return std::vector<EnginePromises>{*engine_of("alone"), *engine_of("fast")};
  };
  const Choice choice = choose_engines({}, kHost, {}, known);
  EXPECT_EQ(commands_for(choice, "alone"), "");
  EXPECT_NE(commands_for(choice, "fast"), "");
}

TEST(Needs, NameTheBestAndTheRunnerUp) {
  RecordFile records = records_of();
  add(records, "safe", 4e6);
  add(records, "fast", 9e6);
  TableContext context;
  context.knowledge = knowledge();
  const std::vector<Table> tables = build_table("needs", records, context);
  ASSERT_EQ(tables.size(), 1u);
  const auto& cache = tables[0].rows.at(0);
  EXPECT_EQ(cache[1].text, "fast");
  EXPECT_THAT(cache[3].text, StartsWith("safe: 4.00 M"));
  ASSERT_EQ(cache[2].sources.size(), 1u);
  EXPECT_EQ(cache[2].sources[0].engine, "fast");
  EXPECT_EQ(cache[5].text, "dictbench choose --processes 2 --reads 0.95");
  EXPECT_EQ(tables[0].rows.at(1)[1].text, "safe");
  const auto durable = std::ranges::find_if(
      tables[0].rows, [](const auto& row) { return row[0].text.find("restart") != std::string::npos; });
  ASSERT_NE(durable, tables[0].rows.end());
  EXPECT_EQ((*durable)[1].text, "-");
}

}  // namespace
}  // namespace dictbench
