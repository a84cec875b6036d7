// The fault `step`: calls that must have a place, what its record tells, and engines that are wrong in the middle of an
// operation only.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/torture/faults/step.h"
#include "harness/torture/placement.h"
#include "harness/torture/stepper.h"
#include "results/choose/evidence.h"
#include "tests/harness/page_dict.h"

namespace dictbench::torture {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Call kGet1{.ask = Ask::get, .argument = 0, .answer = 1};
constexpr Call kErased{.ask = Ask::erase, .argument = 0, .answer = 1};
constexpr Call kNotThere{.ask = Ask::erase, .argument = 0, .answer = 0};
constexpr Call set_to(std::int64_t version) { return {.ask = Ask::set, .argument = version, .answer = {}}; }
constexpr Call got(State state) { return {.ask = Ask::get, .argument = 0, .answer = state}; }
constexpr Call added(std::int64_t delta, std::int64_t sum) {
  return {.ask = Ask::add, .argument = delta, .answer = sum};
}

bool fits(State before, const std::vector<Call>& others, const Call& call, State after, Fate fate = Fate::answered) {
  return has_a_place(before, others, {.call = call, .fate = fate, .latest = others.size()}, after);
}

TEST(Placement, AReadFindsAStateOfItsTime) {
  EXPECT_TRUE(fits(1, {set_to(2), kErased}, got(1), std::nullopt));
  EXPECT_TRUE(fits(1, {set_to(2), kErased}, got(2), std::nullopt));
  EXPECT_TRUE(fits(1, {set_to(2), kErased}, got(std::nullopt), std::nullopt));
  EXPECT_FALSE(fits(1, {set_to(2), kErased}, got(3), std::nullopt));
  EXPECT_FALSE(fits(1, {set_to(2), kErased}, got(kMixed), std::nullopt));
  EXPECT_FALSE(fits(1, {set_to(2)}, got(std::nullopt), 2));
}

TEST(Placement, AnAnsweredReadEndsBeforeWhatBeginsLater) {
  const std::vector<Call> others{set_to(2), set_to(3)};
  EXPECT_TRUE(has_a_place(1, others, {.call = got(2), .fate = Fate::answered, .latest = 1}, 3));
  EXPECT_FALSE(has_a_place(1, others, {.call = got(3), .fate = Fate::answered, .latest = 1}, 3));
}

TEST(Placement, AWriteTakesEffectOnceAndMayBeOverwritten) {
  EXPECT_TRUE(fits(1, {}, set_to(9), 9));
  EXPECT_FALSE(fits(1, {}, set_to(9), 1));
  EXPECT_TRUE(fits(1, {set_to(2)}, set_to(9), 2));
  EXPECT_TRUE(fits(1, {set_to(2)}, set_to(9), 9));
  EXPECT_FALSE(fits(1, {kGet1}, set_to(9), 1));
  EXPECT_TRUE(fits(1, {got(9), set_to(2)}, set_to(9), 2));
  EXPECT_FALSE(fits(1, {got(9), kGet1}, set_to(9), 9));
}

TEST(Placement, TwoErasesOfOneValueDoNotBothFindIt) {
  EXPECT_FALSE(fits(1, {kErased}, kErased, std::nullopt));
  EXPECT_TRUE(fits(1, {kErased}, kNotThere, std::nullopt));
  EXPECT_TRUE(fits(1, {kNotThere}, kErased, std::nullopt));
  EXPECT_TRUE(fits(1, {kErased, set_to(2)}, kErased, std::nullopt));
}

TEST(Placement, NoAddIsLost) {
  EXPECT_TRUE(fits(5, {added(1, 6), added(1, 14)}, added(7, 13), 14));
  EXPECT_FALSE(fits(5, {added(1, 6), added(1, 7)}, added(7, 12), 12));
  EXPECT_FALSE(fits(5, {added(1, 6), added(1, 7)}, added(7, 14), 7));
}

TEST(Placement, AKilledCallTookEffectOrDidNot) {
  EXPECT_TRUE(fits(1, {kGet1}, set_to(9), 1, Fate::cut_off));
  EXPECT_TRUE(fits(1, {kGet1}, set_to(9), 9, Fate::cut_off));
  EXPECT_FALSE(fits(1, {got(9)}, set_to(9), 1, Fate::cut_off));
  EXPECT_FALSE(fits(1, {kGet1}, set_to(9), kMixed, Fate::cut_off));
}

TEST(Placement, ARefusedCallChangedNothing) {
  EXPECT_TRUE(fits(1, {kGet1}, set_to(9), 1, Fate::refused));
  EXPECT_FALSE(fits(1, {kGet1}, set_to(9), 9, Fate::refused));
}

// As many tries as are asked for, however long they take.
TortureRecord step(Slip slip, Operation operation, std::uint64_t tries) {
  // Two of these hang, and the others are never accused of it.
  const bool hangs = slip == Slip::plain_lock || slip == Slip::third_attach;
  const milliseconds patience(hangs ? 2000 : 10'000);
  const Options options{.processes = 2, .tries = tries, .duration = {}, .seed = 3, .patience = patience};
  return step_through(page_dict(slip), options, std::array{operation}, std::chrono::hours(1));
}

std::string fact_of(const TortureRecord& record, const std::string& name) {
  const auto found = std::ranges::find(record.facts, name, &std::pair<std::string, std::string>::first);
  return found == record.facts.end() ? "" : found->second;
}

class StepFault : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_stepping(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(StepFault, PassesARightEngine) {
  for (const Operation operation : kOperations) {
    const TortureRecord record = step(Slip::none, operation, 2);
    EXPECT_EQ(record.status, "ok") << to_string(operation);
    EXPECT_EQ(record.tried, 32u) << to_string(operation);
    EXPECT_EQ(record.survived, record.tried);
    EXPECT_THAT(record.found, StartsWith("32 trials in 1 operation "));
  }
}

TEST_F(StepFault, AccusesNobodyOfWhatIsNotPromised) {
  const TortureRecord record = step(Slip::rough_size, Operation::size, 4);
  EXPECT_EQ(record.status, "ok");
  EXPECT_EQ(record.survived, 64u);
}

TEST_F(StepFault, JudgesASizeThatNobodyDisturbs) {
  const TortureRecord record = step(Slip::own_size, Operation::size, 2);
  EXPECT_THAT(record.status, AllOf(StartsWith("broken: size led through without any harm: size() says "),
                                   HasSubstr(" while nobody writes; "), HasSubstr("[engine page-dict, seed 3]")));
  EXPECT_EQ(fact_of(record, kSpeaksAgainst), "linearizable");
}

TEST_F(StepFault, IsUnavailableWhereNoDictCanBeMade) {
  const Subject right = page_dict(Slip::none);
  static const EngineDescription refusing = [](EngineDescription changed) {
    changed.create = [](const Spec&, const SizeHint&) -> std::unique_ptr<Engine> {
      throw Error(ErrorCode::unavailable, "not today");
    };
    return changed;
  }(right.description);
  const Subject subject{.text = right.text, .spec = right.spec, .description = refusing, .contract = right.contract};
  const Options options{.processes = 2, .tries = 2, .duration = {}, .seed = 3, .patience = milliseconds(10'000)};
  const TortureRecord record = step_through(subject, options, std::array{Operation::get});
  EXPECT_EQ(record.status, "unavailable: not today");
}

TEST_F(StepFault, IsUnavailableWhereAnOperationHasNoTrial) {
  // The other process sets a dozen keys, and all of a trial takes 200 ms at most.
  const Options options{.processes = 2, .tries = 2, .duration = {}, .seed = 3, .patience = milliseconds(100)};
  const TortureRecord record =
      step_through(page_dict(Slip::slow_set), options, std::array{Operation::get}, std::chrono::milliseconds(0));
  EXPECT_EQ(record.status, "unavailable: this machine is too slow now for a single trial of get");
  EXPECT_EQ(record.tried, 0u);
}

TEST_F(StepFault, IsNotForProcessesWithThreadsOfTheirOwn) {
  const TortureRecord record = step(Slip::own_thread, Operation::get, 2);
  EXPECT_EQ(record.status, "not applicable: a process of it has 1 more thread, and only one can be led");
  EXPECT_EQ(record.tried, 0u);
}

TEST_F(StepFault, TellsHowMuchOfAnOperationWasTried) {
  const TortureRecord whole = step(Slip::none, Operation::get, 1);
  EXPECT_THAT(fact_of(whole, "step get"), MatchesRegex("16 trials at [0-9]+ of [0-9]+ addresses, [0-9]+ of [0-9]+ "
                                                       "instructions.*"));
  EXPECT_THAT(whole.found, MatchesRegex("16 trials in 1 operation at [0-9]+ of [0-9]+ addresses: wholly.*"));
  EXPECT_THAT(whole.found, Not(HasSubstr("the time was over")));
  EXPECT_EQ(fact_of(whole, "fill_not_done"), "it has no option max");

  // No time: each operation has one trial all the same.
  const Options options{.processes = 2, .tries = 20, .duration = {}, .seed = 3, .patience = milliseconds(10'000)};
  const TortureRecord cut =
      step_through(page_dict(Slip::none), options, std::array{Operation::get}, std::chrono::milliseconds(0));
  EXPECT_EQ(cut.status, "ok");
  EXPECT_EQ(cut.tried, 1u);
  EXPECT_THAT(fact_of(cut, "step get"), StartsWith("1 trials (not 320: the time was over) at "));
  EXPECT_THAT(cut.found, HasSubstr("; the time was over before all was tried of 1"));
}

TEST(StepFaultNeeds, KeysAndValuesThatTheEngineCanHold) {
  const Fault fault = step_fault();
  Subject subject = page_dict(Slip::none);
  EXPECT_EQ(fault.not_applicable(subject), "");
  subject.contract.largest_key = 17;
  EXPECT_EQ(fault.not_applicable(subject), "its keys are shorter than 18 bytes");
  subject.contract.largest_key = 18;
  subject.contract.largest_value = 29;
  EXPECT_EQ(fault.not_applicable(subject), "its values are shorter than 30 bytes, so they cannot tell whose they are");
}

TEST(StepFaultNeeds, FillLetsAnyProcessBeTheFirstWithoutRoom) {
  StepPage page;
  EXPECT_FALSE(page.may_be_full());
  page.trial.hurt = Hurt::fill;
  EXPECT_TRUE(page.may_be_full());
  page.trial.hurt = Hurt::grow;
  EXPECT_FALSE(page.may_be_full());
  page.is_full = true;
  EXPECT_TRUE(page.may_be_full());
}

struct SlipCase {
  Slip slip;
  Operation operation;
  const char* found;  // in the status
  const char* against = "survives-kill linearizable";
};

class StepFaultFinds : public StepFault, public ::testing::WithParamInterface<SlipCase> {};

TEST_P(StepFaultFinds, WhatShowsOnlyInTheMiddle) {
  const TortureRecord record = step(GetParam().slip, GetParam().operation, 20);
  EXPECT_THAT(record.status,
              AllOf(StartsWith("broken: " + std::string(to_string(GetParam().operation))), HasSubstr(GetParam().found),
                    HasSubstr(" at instruction "), HasSubstr("[engine page-dict, seed 3, trial ")));
  EXPECT_EQ(fact_of(record, kSpeaksAgainst), GetParam().against);
}

INSTANTIATE_TEST_SUITE_P(
    Engines, StepFaultFinds,
    ::testing::Values(SlipCase{Slip::unchecked_get, Operation::get, "which found a value that nobody set"},
                      SlipCase{Slip::unchecked_get, Operation::get_many, "which found a value that nobody set"},
                      SlipCase{Slip::torn_set, Operation::overwrite, "a value that nobody set"},
                      SlipCase{Slip::stale_erase, Operation::erase, "which said that the key was there"},
                      SlipCase{Slip::split_add, Operation::add, "which said "},
                      SlipCase{Slip::wild_size, Operation::size, "keys ever were there, and "},
                      SlipCase{Slip::third_attach, Operation::get, "attaching and warming up: no end after 2000 ms"},
                      SlipCase{Slip::plain_lock, Operation::insert, "the other process gets nothing done for 2 s"}),
    [](const auto& test) {
      return fmt::format("{}_{}", static_cast<int>(test.param.slip), static_cast<int>(test.param.operation));
    });

}  // namespace
}  // namespace dictbench::torture
