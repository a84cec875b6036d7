// What torture's `step` and loads that fill nothing say of an engine in `dictbench choose`.
#include "results/choose/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "results/choose/answer.h"
#include "results/choose/choose.h"
#include "tests/results/choose_records.h"

namespace dictbench {
namespace {

using testing::add;
using testing::add_torture;
using testing::ask;
using ::testing::ElementsAre;
using testing::names;
using testing::records_of;
using ::testing::StartsWith;
using testing::why_not;

TEST(Evidence, ABrokenStepSpeaksAgainstWhatItBroke) {
  RecordFile records = records_of();
  add(records, "safe", 4e6);
  Requirements kill, linearizable;
  kill.must = {Guarantee::survives_kill};
  linearizable.must = {Guarantee::linearizable};
  const auto say = [&](const std::string& against) {
    add_torture(records, "safe", "step", "broken: set (insert) killed at instruction 7 of 9");
    if (!against.empty()) records.tortures.back().facts = {{kSpeaksAgainst, against}};
  };
  say("");  // an older record
  EXPECT_EQ(why_not(ask(records, kill), "safe"),
            "survives-kill promised, but broken under step: set (insert) killed at instruction 7 of 9");
  EXPECT_THAT(why_not(ask(records, linearizable), "safe"), StartsWith("linearizable promised, but broken under step"));
  say("survives-kill linearizable");
  EXPECT_THAT(why_not(ask(records, kill), "safe"), StartsWith("survives-kill promised, but broken under step"));
  EXPECT_THAT(why_not(ask(records, linearizable), "safe"), StartsWith("linearizable promised, but broken under step"));

  // Its trials are a sample of kills and stops, so one that found nothing is no test of a number of kills.
  add_torture(records, "safe", "step", "ok");
  const Choice choice = ask(records, kill);
  ASSERT_THAT(names(choice), ElementsAre("safe"));
  EXPECT_THAT(answer_tables(choice)[0].rows[0][7].text, "survives-kill declared, not tested");
  say("survives-stop");
  EXPECT_THAT(names(ask(records, kill)), ElementsAre("safe"));
  EXPECT_THAT(names(ask(records, linearizable)), ElementsAre("safe"));
}

class EvidenceOfSteps : public ::testing::Test {
 protected:
  EvidenceOfSteps() {
    add(records_, "safe", 4e6);
    kill_.must = {Guarantee::survives_kill};
  }

  void step(const std::string& status, std::uint64_t tried, const std::string& against = "",
            const std::string& program = "as measured") {
    add_torture(records_, "safe", "step", status);
    records_.tortures.back().tried = tried;
    records_.tortures.back().facts = {{kSteppedProgram, program}};
    if (!against.empty()) records_.tortures.back().facts.emplace_back(kSpeaksAgainst, against);
  }

  bool holds() const { return names(ask(records_, kill_)) == std::vector<std::string>{"safe"}; }

  RecordFile records_ = records_of();
  Requirements kill_;
};

TEST_F(EvidenceOfSteps, ABreakOfSomethingElseTakesNothingBack) {
  step("broken: a set is gone", 40, "survives-kill linearizable");
  step("broken: it holds the other process up", 90, "survives-stop");
  EXPECT_EQ(why_not(ask(records_, kill_), "safe"), "survives-kill promised, but broken under step: a set is gone");
}

TEST_F(EvidenceOfSteps, OnlyAsManyTrialsOfTheSameProgramTakeABreakBack) {
  step("broken: a set is gone", 40, "survives-kill");
  step("ok", 39);
  EXPECT_FALSE(holds());
  step("ok", 1000, "", "with crash points");
  EXPECT_FALSE(holds());
  step("unavailable: too slow", 0);
  EXPECT_FALSE(holds());
  step("ok", 40);
  EXPECT_TRUE(holds());
  step("broken: a set is gone", 40, "survives-kill");
  step("broken: an erase is gone", 7, "survives-kill");
  step("ok", 39);
  EXPECT_FALSE(holds()) << "it may have missed the first";
  step("ok", 41);
  EXPECT_TRUE(holds());
}

TEST(Evidence, AGoodRunOfAnyOtherFaultTakesABreakBack) {
  RecordFile records = records_of();
  add(records, "safe", 4e6);
  Requirements kill;
  kill.must = {Guarantee::survives_kill};
  add_torture(records, "safe", "kill", "broken: torn");
  EXPECT_NE(why_not(ask(records, kill), "safe"), "not excluded");
  add_torture(records, "safe", "kill", "ok");
  records.tortures.back().tried = 1;
  EXPECT_THAT(names(ask(records, kill)), ElementsAre("safe"));
}

TEST(Evidence, ALoadOfKeysThatAreThereStandsForNothing) {
  RecordFile records = records_of();
  add(records, "fast", 9e6);
  Requirements asked;
  for (CellRecord& cell : records.cells) cell.work.overwrites = true;
  EXPECT_TRUE(ask(records, asked).workload.empty());
}

}  // namespace
}  // namespace dictbench
