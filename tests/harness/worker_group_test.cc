// The driver's side of the workers: deaths, hangs and errors become reasons, and nobody is left behind.
#include "harness/driver/worker_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

namespace dictbench {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

void reach(ControlPage& page, unsigned worker, std::uint32_t step) {
  for (std::uint32_t released; (released = page.released.load()) < step;) futex_wait(page.released, released, 100);
  page.workers[worker].reached.store(step);
  ring_driver(page);
}

bool gone(pid_t pid) { return kill(pid, 0) != 0; }

TEST(WorkerGroup, LeadsAllThroughTheStepsAndReapsThem) {
  ControlMapping control;
  WorkerGroup group(control, 3, StartMode::fork,
                    [&](unsigned worker) {
                      for (std::uint32_t step = 1; step <= 2; ++step) reach(*control, worker, step);
                      return 0;
                    },
                    {});
  EXPECT_EQ(group.step(1, seconds(10)), "");
  EXPECT_EQ(group.step(2, seconds(10)), "");
  const auto ends = group.finish();
  ASSERT_EQ(ends.size(), 3u);
  EXPECT_GT(ends[0].max_rss_bytes, 100'000u);
  for (const pid_t pid : group.pids()) EXPECT_TRUE(gone(pid));
}

TEST(WorkerGroup, AKilledWorkerIsToldAndTheOthersAreEnded) {
  ControlMapping control;
  WorkerGroup group(control, 2, StartMode::fork,
                    [&](unsigned worker) {
                      reach(*control, worker, 1);
                      if (worker == 1) {
                        reach(*control, worker, 2);  // or the death could be seen in step 1 already
                        raise(SIGKILL);
                      }
                      pause();
                      return 0;
                    },
                    {});
  EXPECT_EQ(group.step(1, seconds(10)), "");
  EXPECT_THAT(group.step(2, seconds(10)), HasSubstr("worker 1 was killed by signal 9"));
  for (const pid_t pid : group.pids()) EXPECT_TRUE(gone(pid));
}

TEST(WorkerGroup, AHangingWorkerIsKilledWhenTheTimeIsUp) {
  ControlMapping control;
  WorkerGroup group(control, 1, StartMode::fork,
                    [](unsigned) {
                      pause();
                      return 0;
                    },
                    {});
  EXPECT_THAT(group.step(1, seconds(1)), HasSubstr("no end after 1 s"));
  EXPECT_TRUE(gone(group.pids()[0]));
}

TEST(WorkerGroup, AWorkersOwnReasonComesFirst) {
  ControlMapping control;
  WorkerGroup group(control, 2, StartMode::fork,
                    [&](unsigned worker) {
                      if (worker == 0) {
                        fail_with(control->workers[0], "full: no room");
                        ring_driver(*control);
                        return 1;
                      }
                      pause();
                      return 0;
                    },
                    {});
  EXPECT_EQ(group.step(1, seconds(10)), "worker 0: full: no room");
}

}  // namespace
}  // namespace dictbench
