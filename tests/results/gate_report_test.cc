#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "results/gate/report.h"
#include "results/tables/tables.h"
#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

GateLook look(double slowdown, double low, double visible, bool flagged) {
  return {.base = {100, 100, 100},
          .head = {100 * (1 + slowdown), 100 * (1 + slowdown), 100 * (1 + slowdown)},
          .base_others = {0, 0, 0},
          .head_others = {0, 0, 0},
          .slowdown = slowdown,
          .low = low,
          .high = slowdown + 0.1,
          .visible = visible,
          .flagged = flagged,
          .disturbed = {}};
}

GateRecord figure(const std::string& engine, std::vector<GateLook> looks) {
  GateRecord record;
  record.run_id = "run-1";
  record.engine = engine;
  record.workload = "get-uniform";
  record.phase = "get";
  record.processes = 2;
  record.figure = "time";
  record.margin = 0.03;
  record.looks = std::move(looks);
  record.verdict = to_text(verdict_of(record.looks, 0.03, 0.5));
  return record;
}

GateReport report_of(std::vector<GateRecord> figures) {
  GateReport report{.figures = std::move(figures),
                    .base = "abc",
                    .head = "def",
                    .beside = {},
                    .pairs = 20,
                    .margin = 0.03,
                    .unfit = {},
                    .notes = {"Warning: <noisy>"}};
  report.standing = worst(report.figures);
  return report;
}

TEST(GateVerdict, FailsOnlyWhenBothLooksFlag) {
  const GateLook clean = look(0, -0.01, 0.05, false), flagged = look(0.2, 0.1, 0.05, true);
  EXPECT_EQ(figure("a", {clean}).verdict, "pass");
  EXPECT_EQ(figure("a", {flagged, clean}).verdict, "pass: the first look was not confirmed");
  EXPECT_EQ(figure("a", {flagged, flagged}).verdict, "regressed: +10.0 % or more in each of 2 looks");
}

TEST(GateVerdict, DisturbanceOfOneSideLeavesItOpenUnlessTheHeadIsProvenQuick) {
  GateLook flagged = look(0.2, 0.1, 0.05, true), clean = look(0, -0.01, 0.05, false);
  GateLook disturbed = flagged;
  disturbed.disturbed = "noise";
  EXPECT_EQ(figure("a", {disturbed, disturbed}).verdict, "inconclusive: noise");
  EXPECT_THAT(figure("a", {disturbed, flagged}).verdict, HasSubstr("inconclusive: flagged once"));
  EXPECT_EQ(figure("a", {disturbed, clean}).verdict, "pass: the first look was not confirmed");
  EXPECT_TRUE(wants_second_look(flagged, 0.03));
  EXPECT_TRUE(wants_second_look(disturbed, 0.03));
  EXPECT_FALSE(wants_second_look(clean, 0.03));
  GateLook quicker = look(-0.3, -0.4, 0.05, false);  // its upper bound is below the margin
  quicker.disturbed = "noise";
  EXPECT_FALSE(wants_second_look(quicker, 0.03));
  EXPECT_EQ(figure("a", {quicker}).verdict, "pass");
}

// Only what could have made the finding excuses it, and nothing excuses bytes.
TEST(GateVerdict, ADisturbanceCountsOnTheSideWhereItCouldHaveMadeTheFinding) {
  const GateRules rules;
  const auto judged = [&](double head, const std::string& figure, double base_others, double head_others) {
    GateLook look;
    for (int i = 0; i < 20; ++i) {
      look.base.push_back(100 + 0.01 * i);
      look.head.push_back(head + 0.01 * i);
      look.base_others.push_back(base_others);
      look.head_others.push_back(head_others);
    }
    judge(look, figure, rules);
    return !look.disturbed.empty();
  };
  EXPECT_TRUE(judged(150, "time", 0, 0.4));
  EXPECT_FALSE(judged(150, "time", 0.4, 0));
  EXPECT_TRUE(judged(100, "time", 0.4, 0));
  EXPECT_FALSE(judged(100, "time", 0, 0.4));
  EXPECT_TRUE(judged(150, "switches", 0, 0.4));
  EXPECT_FALSE(judged(100, "switches", 0.4, 0));
  EXPECT_FALSE(judged(150, "memory", 0, 0.4));
}

TEST(GateVerdict, APassThatCouldSeeNothingIsOpen) {
  EXPECT_THAT(figure("a", {look(0, -0.3, 0.6, false)}).verdict,
              HasSubstr("inconclusive: in noise like this only +60.0 %"));
}

TEST(GateReport, WorstStandsFirstAndTheHeadlineTellsWhatWasVisible) {
  const GateLook clean = look(0, -0.01, 0.05, false), flagged = look(0.2, 0.1, 0.08, true);
  const GateReport report = report_of({figure("good", {clean}), figure("bad", {flagged, flagged})});
  EXPECT_EQ(report.standing, GateStanding::regressed);
  EXPECT_EQ(
      gate_headline(report),
      "gate: regressed: 2 figures: 1 regressed, 0 inconclusive, 1 passed; smallest slowdown of time that it could see: "
      "+5.0 % to +8.0 %");
  EXPECT_EQ(gate_table(report).rows[0][0].text, "bad");
  EXPECT_EQ(gate_table(report).rows[0][7].text, "+20.0 % [+10.0 %, +30.0 %]");
}

TEST(GateReport, JUnitTellsFailureSkipAndErrorAndEscapes) {
  const GateLook clean = look(0, -0.01, 0.05, false), flagged = look(0.2, 0.1, 0.08, true),
                 blind = look(0, -0.3, 0.6, false);
  const std::string text =
      gate_junit(report_of({figure("a<b", {clean}), figure("bad", {flagged, flagged}), figure("blind", {blind})}));
  EXPECT_THAT(text, HasSubstr("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(text, HasSubstr("a&lt;b x 2: time"));
  EXPECT_THAT(text, Not(HasSubstr("a<b")));
  GateReport unfit = report_of({});
  unfit.unfit = "too few pairs";
  EXPECT_THAT(gate_junit(unfit), HasSubstr("tests=\"1\" failures=\"0\" errors=\"1\""));
}

TEST(GateReport, SummaryStaysBelowItsLimitWhateverTheNumberOfFigures) {
  std::vector<GateRecord> figures;
  const GateLook clean = look(0, -0.01, 0.05, false), flagged = look(0.2, 0.1, 0.08, true);
  for (int i = 0; i < 20'000; ++i) figures.push_back(figure(std::string(200, 'x'), {clean}));
  figures.push_back(figure("bad", {flagged, flagged}));
  const std::string text = gate_markdown(report_of(std::move(figures)));
  EXPECT_LE(text.size(), kMostSummaryBytes);
  EXPECT_GT(text.size(), kMostSummaryBytes / 4);
  EXPECT_THAT(text.substr(0, 6000), HasSubstr("| bad"));
  EXPECT_THAT(text, HasSubstr("further figures are in the records"));
}

// A later run of a trial replaces the earlier one, and simulated gates keep a promise all together.
TEST(GateTrialsTable, CountsGatesOfTheNewestRunOfEachTrial) {
  RecordFile records;
  records.runs = {testing::make_run("run-1"), testing::make_run("run-2")};
  records.runs[1].started = "2025-01-01T00:00:00Z";
  const GateLook clean = look(0, -0.01, 0.05, false), flagged = look(0.2, 0.1, 0.05, true);
  const auto add = [&](const std::string& run, unsigned gate, const std::string& trial, const std::string& engine,
                       std::vector<GateLook> looks) {
    GateRecord record = figure(engine, std::move(looks));
    record.run_id = run;
    record.gate = gate;
    record.trial = trial;
    record.base = engine == "simulated" ? "normal" : "this machine";
    records.gates.push_back(record);
  };
  add("run-1", 1, "unchanged", "simulated", {flagged, flagged});
  add("run-1", 2, "unchanged", "lockfree", {clean});
  add("run-2", 1, "unchanged", "simulated", {clean});
  add("run-2", 1, "unchanged", "simulated", {clean});  // a second figure of the same gate
  add("run-2", 2, "slower, twice that", "simulated", {flagged, flagged});
  add("run-2", 3, "slower, twice that", "simulated", {flagged, clean});
  const Table table = build_table("gate-trials", records, {})[0];
  std::vector<std::string> rows;
  for (const auto& row : table.rows)
    rows.push_back(row[0].text + "|" + row[1].text + "|" + row[2].text + "|" + row[3].text + "|" + row[10].text);
  EXPECT_THAT(rows, ::testing::ElementsAre("unchanged|this machine|1|0|not contradicted: at most 97.5 %",
                                           "slower, twice that|all simulated|2|1|no: 1 of 2",
                                           "unchanged|all simulated|1|0|not contradicted: at most 97.5 %",
                                           "slower, twice that|normal|2|1|-", "unchanged|normal|1|0|-"));
}

// Of 20 that none failed up to 16.8 % may fail: that shows nothing of "at most 1 %". Of 400 at most 0.9 % may.
TEST(GateTrialsTable, FewGatesShowNoPromiseKept) {
  const auto kept = [](unsigned gates, unsigned failed, const std::string& trial) {
    RecordFile records;
    records.runs = {testing::make_run("run-1")};
    const GateLook clean = look(0, -0.01, 0.05, false), flagged = look(0.2, 0.1, 0.05, true);
    for (unsigned gate = 0; gate < gates; ++gate) {
      GateRecord record = figure("lockfree", gate < failed ? std::vector{flagged, flagged} : std::vector{clean});
      record.run_id = "run-1";
      record.gate = gate;
      record.trial = trial;
      records.gates.push_back(record);
    }
    return build_table("gate-trials", records, {})[0].rows.at(0).at(10).text;
  };
  EXPECT_EQ(kept(20, 0, "unchanged"), "not contradicted: at most 16.8 %");
  EXPECT_EQ(kept(400, 0, "unchanged"), "yes");
  EXPECT_EQ(kept(20, 5, "unchanged"), "no: at least 8.7 %");
  EXPECT_EQ(kept(20, 20, "slower, visible size"), "not contradicted: at least 83.2 %");
  EXPECT_EQ(kept(20, 10, "slower, visible size"), "no: at most 72.8 %");
  EXPECT_EQ(kept(20, 1, "quicker"), "no: 1 of 20");
}

// What was put in is what was meant; what it came to stands beside it.
TEST(GateTrialsTable, TellsTheMeasuredSlowdownBesideTheOnePutIn) {
  RecordFile records;
  records.runs = {testing::make_run("run-1")};
  GateRecord record = figure("slow?ns=10", {look(0.194, 0.1, 0.1, true)});
  record.run_id = "run-1";
  record.trial = "slower, visible size";
  record.base = "this machine";
  record.injected = 0.143;
  records.gates.push_back(record);
  const Table table = build_table("gate-trials", records, {})[0];
  EXPECT_EQ(table.columns[7].name, "put in");
  EXPECT_THAT(table.rows[0][7].text, ::testing::StartsWith("+14.3 %"));
  EXPECT_EQ(table.columns[8].name, "measured");
  EXPECT_THAT(table.rows[0][8].text, ::testing::StartsWith("+19.4 %"));
}

TEST(GateReport, JsonHoldsEverySample) {
  const auto parsed = nlohmann::json::parse(gate_json(report_of({figure("a", {look(0, -0.01, 0.05, false)})})));
  EXPECT_EQ(parsed["standing"], "pass");
  EXPECT_EQ(parsed["figures"][0]["looks"][0]["base"], nlohmann::json::parse("[100.0,100.0,100.0]"));
}

}  // namespace
}  // namespace dictbench
