// What torture's `step` and loads that fill nothing say of an engine in `dictbench choose`.
#include "results/choose/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

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
  say("survives-stop");
  EXPECT_THAT(names(ask(records, kill)), ElementsAre("safe"));
  EXPECT_THAT(names(ask(records, linearizable)), ElementsAre("safe"));

  // Its trials are a sample of kills and stops, so one that found nothing is no test of a number of kills.
  add_torture(records, "safe", "step", "ok");
  const Choice choice = ask(records, kill);
  ASSERT_THAT(names(choice), ElementsAre("safe"));
  EXPECT_THAT(answer_tables(choice)[0].rows[0][7].text, "survives-kill declared, not tested");
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
