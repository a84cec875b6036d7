// The fault `step`: processes led instruction by instruction, and which instructions are tried.
#include "harness/torture/stepper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engines/error.h"
#include "harness/torture/step_sample.h"

namespace dictbench::torture {
namespace {

using ::testing::StartsWith;

constexpr milliseconds kLimit{60'000};  // of what takes some ms, however busy the machine is
constexpr milliseconds kShort{100};     // of what never comes
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
    ASSERT_EQ(process->run_to(trace, i, kLimit), Came::there) << i;
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
  ASSERT_EQ(process->run_to(trace, trace.addresses.size() / 2, kLimit), Came::there);
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
  EXPECT_EQ(other.run_to(trace, trace.addresses.size() / 2, kLimit), Came::elsewhere);
  EXPECT_EQ(other.finish(kLimit), "");
  EXPECT_TRUE(ended_->load());
}

TEST_F(Stepper, KillsWhatDoesNotComeInTime) {
  const Trace trace = traced();
  const auto begins_and_waits = [](SteppedProcess::Marks& marks) {
    marks.begin();
    pause();
  };
  Trace steps_only = trace;
  steps_only.addresses.resize(1'000'000, trace.addresses.back());
  steps_only.visits.assign(steps_only.addresses.size(), UINT32_MAX);  // so far away that no breakpoint is worth it
  // By a breakpoint, which would stay in its code, and by steps.
  for (const Trace& way : {trace, steps_only}) {
    SteppedProcess process(begins_and_waits, kLimit);
    ASSERT_TRUE(process.stands());
    EXPECT_EQ(process.run_to(way, way.addresses.size() - 1, kShort), Came::too_slow) << way.addresses.size();
    EXPECT_FALSE(process.stands());
    EXPECT_THAT(process.finish(kLimit), StartsWith("killed by signal 9"));
  }
}

TEST_F(Stepper, KillsWhatHangsBeforeItsOperation) {
  SteppedProcess process([](SteppedProcess::Marks&) { pause(); }, kShort);
  EXPECT_FALSE(process.stands());
  EXPECT_EQ(process.finish(kLimit), "no end after 100 ms");
}

TEST_F(Stepper, AccusesNobodyWhomItCouldNotWaitFor) {
  const auto now = std::chrono::steady_clock::now();
  const WaitLimit wall(kLimit, now + kShort);  // much less than so much own time
  EXPECT_THROW(SteppedProcess([](SteppedProcess::Marks&) { pause(); }, wall), StepTooSlow);
  Child child([] {
    pause();
    return std::string();
  });
  EXPECT_THROW(finish_in_own_time(child, wall), StepTooSlow);
  Child hanging([] {
    pause();
    return std::string();
  });
  EXPECT_EQ(finish_in_own_time(hanging, kShort).trouble, "no end after 100 ms");
  Child ending([] { return std::string("done"); });
  EXPECT_EQ(finish_in_own_time(ending, kLimit).text, "done");
}

TEST_F(Stepper, LetsGoWhatWasTracedInPart) {
  for (const milliseconds limit : {milliseconds(0), milliseconds(1)}) {
    const auto process = start();
    const Trace trace = process->trace(10, limit);
    EXPECT_FALSE(trace.whole);
    process->let_go();
    EXPECT_EQ(process->finish(kLimit), "");
    EXPECT_TRUE(ended_->load());
  }
}

TEST_F(Stepper, CountsThreadsThatTheBodyStarts) {
  const auto threads_of = [](unsigned count) {
    SteppedProcess process(
        [count](SteppedProcess::Marks& marks) {
          std::vector<std::jthread> threads;
          for (unsigned i = 0; i < count; ++i)
            threads.emplace_back([](const std::stop_token& stop) {
              while (!stop.stop_requested()) usleep(1000);
            });
          marks.begin();
          marks.end();
        },
        kLimit);
    return process.started_threads();
  };
  EXPECT_EQ(threads_of(0), 0u);
  EXPECT_EQ(threads_of(2), 2u);
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
  EXPECT_EQ(end_of(hang, kShort), "no end after 100 ms");

  SteppedProcess stepped(crash, kLimit);
  EXPECT_FALSE(stepped.trace(100'000, kLimit).whole);
  EXPECT_FALSE(stepped.stands());
  EXPECT_THAT(stepped.finish(kLimit), StartsWith("killed by signal 11"));

  SteppedProcess waiting(hang, kLimit);
  EXPECT_FALSE(waiting.trace(100'000, kShort).whole);
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

}  // namespace
}  // namespace dictbench::torture
