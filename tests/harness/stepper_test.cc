// The fault `step`: processes led instruction by instruction, calls that must have a place, and engines that are wrong
// in the middle of an operation only.
#include "harness/torture/stepper.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "engines/error.h"
#include "harness/torture/faults/step.h"
#include "harness/torture/placement.h"
#include "harness/torture/step_sample.h"
#include "tests/harness/page_dict.h"

namespace dictbench::torture {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr milliseconds kLimit{5000};
constexpr int kTurns = 40;

class Stepper : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_stepping(); !why.empty()) GTEST_SKIP() << why;
  }

  // Counts to kTurns in shared memory, and that it has come to its end.
  void count(SteppedProcess::Marks& marks) {
    marks.begin();
    for (int i = 0; i < kTurns; ++i) turns_->fetch_add(1);
    marks.end();
    ended_->store(true);
  }

  std::unique_ptr<SteppedProcess> start() {
    turns_->store(0);
    ended_->store(false);
    return std::make_unique<SteppedProcess>([this](SteppedProcess::Marks& marks) { count(marks); }, kLimit);
  }

  Trace traced() {
    const auto process = start();
    EXPECT_TRUE(process->stands());
    EXPECT_EQ(turns_->load(), 0);
    Trace trace = process->trace(100'000, kLimit);
    EXPECT_FALSE(process->stands());
    process->let_go();
    EXPECT_EQ(process->finish(kLimit), "");
    EXPECT_TRUE(ended_->load());
    return trace;
  }

  SharedPage<std::atomic<int>> turns_;
  SharedPage<std::atomic<bool>> ended_;
};

TEST_F(Stepper, TracesEveryInstructionOfTheOperation) {
  const Trace trace = traced();
  EXPECT_TRUE(trace.whole);
  EXPECT_EQ(turns_->load(), kTurns);
  ASSERT_EQ(trace.visits.size(), trace.addresses.size());
  EXPECT_GE(trace.addresses.size(), static_cast<std::size_t>(2 * kTurns));
  EXPECT_EQ(traced().addresses, trace.addresses);
}

TEST_F(Stepper, ComesToTheInstructionByBreakpointsAsBySteps) {
  const Trace trace = traced();
  int turns = 0;
  for (std::size_t i = 0; i < trace.addresses.size(); i += 1 + trace.addresses.size() / 60) {
    const auto process = start();
    ASSERT_TRUE(process->run_to(trace, i, kLimit)) << i;
    EXPECT_EQ(process->next_address(), trace.addresses[i]) << i;
    EXPECT_GE(turns_->load(), turns) << i;
    turns = turns_->load();
    if (i % 2 == 0) {
      process->kill();
      EXPECT_FALSE(ended_->load());
    } else {
      process->let_go();
      EXPECT_EQ(process->finish(kLimit), "");
      EXPECT_EQ(turns_->load(), kTurns);
    }
  }
}

TEST_F(Stepper, StandsStillUntilItIsLetGo) {
  const Trace trace = traced();
  const auto process = start();
  ASSERT_TRUE(process->run_to(trace, trace.addresses.size() / 2, kLimit));
  const int turns = turns_->load();
  usleep(20'000);
  EXPECT_EQ(turns_->load(), turns);
  EXPECT_TRUE(process->stands());
}

TEST_F(Stepper, TellsWhenTheOperationWentAnotherWay) {
  const Trace trace = traced();
  SteppedProcess other(
      [this](SteppedProcess::Marks& marks) {
        marks.begin();
        marks.end();
        ended_->store(true);
      },
      kLimit);
  EXPECT_FALSE(other.run_to(trace, trace.addresses.size() / 2, kLimit));
  EXPECT_EQ(other.finish(kLimit), "");
  EXPECT_TRUE(ended_->load());
}

TEST_F(Stepper, TellsHowAProcessEnds) {
  using Body = std::function<void(SteppedProcess::Marks&)>;
  const auto end_of = [](const Body& body, milliseconds limit) {
    SteppedProcess process(body, limit);
    process.let_go();
    return process.finish(limit);
  };
  const auto crash = [](SteppedProcess::Marks& marks) {
    marks.begin();
    signal(SIGSEGV, SIG_DFL);  // a sanitizer may have taken it
    raise(SIGSEGV);
  };
  EXPECT_THAT(end_of(crash, kLimit), StartsWith("killed by signal 11"));
  EXPECT_EQ(end_of([](SteppedProcess::Marks&) { throw Error(ErrorCode::full, "no room"); }, kLimit),
            "threw Error(full): no room");
  const auto hang = [](SteppedProcess::Marks& marks) {
    marks.begin();
    pause();
  };
  EXPECT_EQ(end_of(hang, milliseconds(100)), "no end after 100 ms");

  SteppedProcess stepped(crash, kLimit);
  EXPECT_FALSE(stepped.trace(100'000, kLimit).whole);
  EXPECT_FALSE(stepped.stands());
  EXPECT_THAT(stepped.finish(kLimit), StartsWith("killed by signal 11"));

  SteppedProcess waiting(hang, kLimit);
  EXPECT_FALSE(waiting.trace(100'000, milliseconds(100)).whole);
}

TEST(StepSample, GivesEachPlaceATurnAndEachInstructionAChance) {
  Trace trace;
  for (std::uintptr_t i = 0; i < 100; ++i) trace.addresses.push_back(i < 90 ? i % 3 : i);
  trace.visits.assign(100, 1);  // which is not looked at
  StepSample sample(trace, 1), same(trace, 1);
  ASSERT_EQ(sample.places(), 13u);
  std::set<std::uintptr_t> places;
  std::vector<std::size_t> first, second;
  for (std::size_t i = 0; i < 2 * sample.places(); ++i) {
    first.push_back(sample.next());
    second.push_back(same.next());
    if (i % 2 == 0) places.insert(trace.addresses[first.back()]);
  }
  EXPECT_EQ(places.size(), 13u);
  EXPECT_EQ(first, second);
}

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

TortureRecord step(Slip slip, Operation operation, std::uint64_t tries) {
  const Options options{.processes = 2, .tries = tries, .duration = {}, .seed = 3, .patience = milliseconds(2000)};
  return step_through(page_dict(slip), options, std::array{operation});
}

class StepFault : public Stepper {};

TEST_F(StepFault, PassesARightEngine) {
  for (const Operation operation : kOperations) {
    const TortureRecord record = step(Slip::none, operation, 2);
    EXPECT_EQ(record.status, "ok") << to_string(operation);
    EXPECT_EQ(record.tried, 32u) << to_string(operation);
    EXPECT_EQ(record.survived, record.tried);
    EXPECT_THAT(record.found, StartsWith("32 trials in 1 operation "));
  }
}

struct SlipCase {
  Slip slip;
  Operation operation;
  const char* found;  // in the status
};

class StepFaultFinds : public Stepper, public ::testing::WithParamInterface<SlipCase> {};

TEST_P(StepFaultFinds, WhatShowsOnlyInTheMiddle) {
  const TortureRecord record = step(GetParam().slip, GetParam().operation, 20);
  EXPECT_THAT(record.status,
              AllOf(StartsWith("broken: " + std::string(to_string(GetParam().operation))), HasSubstr(GetParam().found),
                    HasSubstr(" at instruction "), HasSubstr("[engine page-dict, seed 3, trial ")));
}

INSTANTIATE_TEST_SUITE_P(
    Engines, StepFaultFinds,
    ::testing::Values(SlipCase{Slip::unchecked_get, Operation::get, "which found a value that nobody set"},
                      SlipCase{Slip::unchecked_get, Operation::get_many, "which found a value that nobody set"},
                      SlipCase{Slip::torn_set, Operation::overwrite, "a value that nobody set"},
                      SlipCase{Slip::stale_erase, Operation::erase, "which said that the key was there"},
                      SlipCase{Slip::split_add, Operation::add, "which said "},
                      SlipCase{Slip::plain_lock, Operation::insert, "the other process gets nothing done for 2 s"}),
    [](const auto& test) {
      return fmt::format("{}_{}", static_cast<int>(test.param.slip), static_cast<int>(test.param.operation));
    });

}  // namespace
}  // namespace dictbench::torture
