#include "engines/shm/robust_mutex.h"

#include <gtest/gtest.h>
#include <linux/futex.h>

#include <atomic>
#include <memory>
#include <vector>

#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

struct Shared {
  RobustMutex mutex;
  std::uint64_t counter = 0;  // plain: a missing exclusion loses counts
  std::atomic<bool> held = false;
};

TEST(RobustMutex, ExcludesProcesses) {
  constexpr std::uint64_t kRounds = 20'000;
  SharedMemory<Shared> shared;
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (int i = 0; i < 4; ++i)
    children.push_back(std::make_unique<ChildProcess>([&] {
      for (std::uint64_t round = 0; round < kRounds; ++round) {
        const RobustMutexGuard guard(shared->mutex);
        *const_cast<volatile std::uint64_t*>(&shared->counter) = shared->counter + 1;
      }
    }));
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  EXPECT_EQ(shared->counter, 4 * kRounds);
}

TEST(RobustMutex, TellsOnceThatItsHolderWasKilled) {
  SharedMemory<Shared> shared;
  for (int round = 0; round < 3; ++round) {
    shared->held = false;
    ChildProcess holder([&] {
      shared->mutex.lock();
      shared->held = true;
      while (true) pause();
    });
    ASSERT_TRUE(await([&] { return shared->held.load(); }));
    holder.kill();
    EXPECT_EQ(RobustMutexGuard(shared->mutex).previous(), PreviousOwner::died);
    EXPECT_EQ(RobustMutexGuard(shared->mutex).previous(), PreviousOwner::unlocked);
  }
}

// What a waiter sees whose wake-up died with another waiter: the mutex became free, and nobody told it.
TEST(RobustMutex, AWaiterThatNobodyWakesFindsOutByItself) {
  SharedMemory<Shared> shared;
  ChildProcess holder([&] {
    shared->mutex.lock();
    shared->held = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return shared->held.load(); }));
  ChildProcess waiter([&] { shared->mutex.lock(); });
  // glibc's mutex begins with the futex: 0 means free, the uppermost bit that somebody sleeps.
  const std::atomic_ref futex(*reinterpret_cast<std::uint32_t*>(&shared->mutex));
  ASSERT_TRUE(await([&] { return (futex.load() & FUTEX_WAITERS) != 0; }));
  usleep(10'000);  // from the mark to the sleep
  futex.store(0);
  EXPECT_EQ(waiter.wait(), 0);
}

TEST(RobustMutex, WakesAWaiterWhenItsHolderIsKilled) {
  SharedMemory<Shared> shared;
  SharedMemory<std::atomic<bool>> about_to_lock;
  ChildProcess holder([&] {
    shared->mutex.lock();
    shared->held = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return shared->held.load(); }));
  ChildProcess waiter([&] {
    *about_to_lock = true;
    if (shared->mutex.lock() != PreviousOwner::died) _exit(1);
  });
  ASSERT_TRUE(await([&] { return about_to_lock->load(); }));
  holder.kill();
  EXPECT_EQ(waiter.wait(), 0);
}

}  // namespace
}  // namespace dictbench
