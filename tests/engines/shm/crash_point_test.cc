#include "engines/shm/crash_point.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::ThrowsMessage;

using SharedCount = SharedMemory<std::atomic<unsigned>>;

template <typename T>
struct NeverCalled {
  static void visit() { CRASH_POINT("test.never.visited"); }
};
template struct NeverCalled<int>;

void step(std::atomic<unsigned>& done) {
  CRASH_POINT("test.step.begun");
  ++done;
  CRASH_POINT("test.step.done");
}

bool is_stopped(pid_t pid) {
  int status = 0;
  return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status);
}

TEST(CrashPoint, ListsAllThatAreLinkedInSorted) {
  const std::vector<std::string> names = crash_point_names();
  EXPECT_TRUE(std::ranges::is_sorted(names));
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end()) << "listed twice";
  for (const char* name : {"test.never.visited", "test.step.begun", "test.step.done"})
    EXPECT_THAT(names, Contains(name));
}

TEST(CrashPoint, RefusesUnknownNames) {
  EXPECT_THAT([] { arm_crash_point("test.step", 1, CrashAction::kill); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("test.step.begun, test.step.done")));
}

TEST(CrashPoint, CountsTheVisitsOfTheCallingProcess) {
  SharedCount done;
  step(*done);
  ChildProcess child([&] {
    if (!crash_point_visits().empty()) _exit(1);
    step(*done);
    step(*done);
    const auto visits = crash_point_visits();
    if (visits.size() != 2 || visits[0] != std::pair(std::string("test.step.begun"), std::uint64_t{2})) _exit(3);
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_THAT(crash_point_visits(), Contains(Pair("test.step.done", 1u)));
  EXPECT_THAT(crash_point_visits(), ::testing::Not(Contains(Pair("test.never.visited", ::testing::_))));
}

TEST(CrashPoint, KillsAtTheNthVisitFromArmingOn) {
  for (const unsigned nth : {1u, 2u, 7u}) {
    SharedCount done;
    ChildProcess child([&] {
      step(*done);
      arm_crash_point("test.step.done", nth, CrashAction::kill);
      while (true) step(*done);
    });
    const int status = child.wait();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    EXPECT_EQ(*done, 1 + nth);
  }
}

TEST(CrashPoint, StopsOnceAndGoesOn) {
  SharedCount done;
  ChildProcess child([&] {
    arm_crash_point("test.step.begun", 3, CrashAction::stop);
    for (int i = 0; i < 10; ++i) step(*done);
  });
  ASSERT_TRUE(is_stopped(child.pid()));
  EXPECT_EQ(*done, 2u);
  kill(child.pid(), SIGCONT);
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(*done, 10u);
}

TEST(CrashPoint, ArmingReplacesAndZeroDisarms) {
  SharedCount done;
  ChildProcess child([&] {
    arm_crash_point("test.step.begun", 1, CrashAction::kill);
    arm_crash_point("test.step.done", 1, CrashAction::kill);
    arm_crash_point("test.step.done", 0, CrashAction::kill);
    step(*done);
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(*done, 1u);
}

TEST(CrashPoint, AForkedChildHasNothingArmed) {
  SharedCount done;
  ChildProcess child([&] {
    arm_crash_point("test.step.begun", 1, CrashAction::kill);
    ChildProcess grandchild([&] { step(*done); });
    if (grandchild.wait() != 0) _exit(1);
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(*done, 1u);
}

// The signal reaches the whole process at one thread's visit; the other threads race with arming and counting.
TEST(CrashPoint, CountsTheThreadsOfAProcessTogether) {
  constexpr unsigned kThreads = 4, kVisits = 100;
  SharedCount done;
  ChildProcess child([&] {
    arm_crash_point("test.step.done", kThreads * kVisits, CrashAction::kill);
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < kThreads; ++t)
      threads.emplace_back([&] {
        for (unsigned i = 0; i < kVisits; ++i) step(*done);
      });
    threads.clear();
    ++*done;
  });
  const int status = child.wait();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(*done, kThreads * kVisits);
}

}  // namespace
}  // namespace dictbench
