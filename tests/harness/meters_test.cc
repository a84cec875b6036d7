// The meters beside the clock of the loop, and what is made of them: pure functions, and real processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>
#include <string>
#include <vector>

#include "harness/driver/child_process.h"
#include "harness/driver/limit.h"
#include "harness/meters/clock.h"
#include "harness/meters/window_meter.h"

namespace dictbench {
namespace {

using ::testing::AnyOf;

TEST(ClockStep, IsWhatAllDifferencesAreMultiplesOf) {
  EXPECT_NEAR(step_of(std::array<std::uint64_t, 5>{1000, 1078, 1078, 1130, 1260}), 26, 0.5);
  EXPECT_EQ(step_of(std::array<std::uint64_t, 3>{5, 5, 5}), 0);
}

// 10 ns of a counter with 2.445 ticks a nanosecond: each reading is rounded.
TEST(ClockStep, IsFoundBehindRounding) {
  std::vector<std::uint64_t> readings;
  std::uint64_t steps = 1'000'000;
  for (std::uint64_t i = 0; i < 1000; ++i)
    readings.push_back(static_cast<std::uint64_t>(24.45 * static_cast<double>(steps += 2 + i * i % 7)));
  EXPECT_NEAR(step_of(readings), 24.45, 0.1);
}

TEST(ClockStep, OfAFineClockIsATick) {
  std::vector<std::uint64_t> readings{1000};
  for (std::uint64_t i = 0; i < 1000; ++i) readings.push_back(readings.back() + 36 + i * i % 101);
  EXPECT_EQ(step_of(readings), 1);
}

TEST(ClockStep, OfThisMachineAndItsStampsArePlausible) {
  const TickClock clock = TickClock::calibrate();
  EXPECT_GT(clock.step_ns, 0);
  EXPECT_LT(clock.step_ns, 10'000'000);  // the kernel's coarsest clock
  EXPECT_GE(clock.stamp_ns(), 0);
  EXPECT_LT(clock.stamp_ns(), 100'000);
}

TEST(Disturbance, IsWhatNobodyOfTheCellDid) {
  const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
  const StealReading before{.steal = 10, .busy = 100, .total = 1000}, after{.steal = 14, .busy = 190, .total = 1200};
  const auto found = disturbance_between(before, after, 50 / tick);
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->steal_s, 4 / tick);
  EXPECT_DOUBLE_EQ(found->others_s, 40 / tick);
  EXPECT_EQ(disturbance_between(before, after, 100)->others_s, 0);
  EXPECT_FALSE(disturbance_between({}, {}, 0));
}

void end(pid_t process) {
  kill(process, SIGKILL);
  waitpid(process, nullptr, 0);
}

void work_for(double seconds) {
  for (const std::clock_t begin = std::clock(); std::clock() - begin < seconds * CLOCKS_PER_SEC;) {
  }
}

// A process beside the cell is told, the cell's own ones are not.
TEST(WindowMeter, TellsOthersFromTheCellsOwn) {
  if (StealReading::take().total == 0 || thread_times_of({getpid()})[0].empty()) GTEST_SKIP() << "no account here";
  const pid_t process = fork_child([]() -> int {
    for (std::uint64_t turns = 0;; ++turns) asm volatile("" : "+r"(turns));
  });
  const pid_t idle = fork_child([]() -> int { return pause(); });
  const WindowMeter own({process}, {}), other({idle}, {});
  work_for(0.3);
  const WindowFigures told_own = own.stop(), told_other = other.stop();
  end(process);
  end(idle);
  ASSERT_TRUE(told_own.disturbance && told_other.disturbance);
  const double ran = running_s(told_own.workers);
  EXPECT_GT(ran, 0.05);
  EXPECT_GT(told_own.workers[0].begin()->second.asked_s(), 0.25);  // on a full machine it waits, but it asked
  EXPECT_GT(told_other.disturbance->others_s, told_own.disturbance->others_s + 0.5 * ran);
}

TEST(WhoLimits, IsWhoAskedForAllOfTheTime) {
  EXPECT_EQ(who_limits({{0.5, 0.6}, 0.98, 1.1, 0.9, 4}), "servers");
  EXPECT_EQ(who_limits({{0.99, 0.97}, 0.4, 1.9, 0.4, 4}), "workers");
  EXPECT_EQ(who_limits({{0.5}, 0.4, 0.5, 0.4, 2}), "");  // one client and its server take turns
  EXPECT_EQ(who_limits({{}, 1, 0, 1, 1}), "");
}

// Two workers and a server on two processors: the server runs two thirds of the time and is queued for the rest.
TEST(WhoLimits, CountsTheQueueOfAFullMachine) {
  EXPECT_EQ(who_limits({{0.7, 0.7}, 0.99, 1.34, 0.66, 2}), "servers");
  EXPECT_EQ(who_limits({{0.99, 0.98}, 0.5, 1.7, 0.3, 2}), "workers");
  EXPECT_EQ(who_limits({{0.99, 0.99}, 0.99, 1.5, 0.5, 2}), "workers");
  EXPECT_EQ(who_limits({{0.99, 0.99}, 0.99, 0.8, 1.2, 2}), "servers");
  EXPECT_EQ(who_limits({{0.8, 0.8}, 0.7, 1.4, 0.5, 2}), "workers");  // nobody all of the time, but they fill it
}

// One client and its server in turn, with so much to do for each request; what is told of 0.3 s of it.
std::string limit_of(double client_s, double server_s) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return "no socket";
  char letter = 0;
  const pid_t server = fork_child([&] {
    while (read(ends[0], &letter, 1) == 1) {
      work_for(server_s);
      if (write(ends[0], &letter, 1) != 1) break;
    }
    return 0;
  });
  const pid_t client = fork_child([&] {
    do work_for(client_s);
    while (write(ends[1], &letter, 1) == 1 && read(ends[1], &letter, 1) == 1);
    return 0;
  });
  const std::int64_t begin = monotonic_ns();
  const WindowMeter meter({client}, {server});
  usleep(300'000);
  const WindowFigures beside = meter.stop();
  CellRecord record;
  record.elapsed_s = static_cast<double>(monotonic_ns() - begin) * 1e-9;
  record.workers = {WorkerRecord{}};
  record.workers[0].end_s = record.elapsed_s;
  end(client);
  end(server);
  close(ends[0]);
  close(ends[1]);
  return who_limits(beside, record);
}

// Beside much other load nobody can tell; the other one it never is.
TEST(WhoLimits, IsTheSlowerOfTwoRealProcesses) {
  constexpr double kSlow = 2e-3, kQuick = 0;
  EXPECT_THAT(limit_of(kQuick, kSlow), AnyOf("servers", ""));
  EXPECT_THAT(limit_of(kSlow, kQuick), AnyOf("workers", ""));
}

}  // namespace
}  // namespace dictbench
