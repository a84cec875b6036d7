#include "engines/shm/robust_mutex.h"

#include <gtest/gtest.h>
#include <linux/futex.h>

#include <atomic>
#include <chrono>
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

TEST(RobustMutex, GivesUpAfterTheTimeGivenAndNotBefore) {
  SharedMemory<Shared> shared;
  EXPECT_EQ(shared->mutex.lock_for(std::chrono::milliseconds(1)), PreviousOwner::unlocked);
  shared->mutex.unlock();
  ChildProcess holder([&] {
    shared->mutex.lock();
    shared->held = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return shared->held.load(); }));
  for (const std::chrono::milliseconds longest : {std::chrono::milliseconds(5), std::chrono::milliseconds(120)}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(shared->mutex.lock_for(longest), std::nullopt);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, longest);
  }
  EXPECT_THROW(RobustMutexGuard(shared->mutex, std::chrono::milliseconds(5)), Error);
  holder.kill();
  EXPECT_EQ(shared->mutex.lock_for(std::chrono::seconds(10)), PreviousOwner::died);
  shared->mutex.unlock();
  EXPECT_EQ(RobustMutexGuard(shared->mutex, std::chrono::seconds(10)).previous(), PreviousOwner::unlocked);
}

// What spins looks at the lock word before it tries: it must take a dead holder's mutex for free.
TEST(RobustMutex, SpinningFindsItHeldFreeOrLeftByTheDead) {
  SharedMemory<Shared> shared;
  EXPECT_EQ(shared->mutex.lock_soon(), PreviousOwner::unlocked);
  ChildProcess other([&] { _exit(shared->mutex.lock_soon() ? 1 : 0); });
  EXPECT_EQ(other.wait(), 0);
  shared->mutex.unlock();
  ChildProcess holder([&] {
    shared->mutex.lock();
    shared->held = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return shared->held.load(); }));
  EXPECT_EQ(shared->mutex.lock_soon(), std::nullopt);
  holder.kill();
  EXPECT_EQ(shared->mutex.lock_soon(), PreviousOwner::died);
  shared->mutex.unlock();
  EXPECT_EQ(shared->mutex.lock_soon(), PreviousOwner::unlocked);
  shared->mutex.unlock();
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

// On one CPU the woken waiter cannot run before it is killed.
TEST(RobustMutex, AKilledWaiterTakesNoWakeUpWithIt) {
  constexpr int kRounds = 5;
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  for (int round = 0; round < kRounds; ++round) {
    SharedMemory<Shared> shared;
    SharedMemory<std::atomic<unsigned>> about_to_lock;
    const auto wait_for_it = [&] {
      ++*about_to_lock;
      shared->mutex.lock();
      shared->mutex.unlock();
    };
    shared->mutex.lock();
    ChildProcess first(wait_for_it);
    ASSERT_TRUE(await([&] { return *about_to_lock == 1 && state_of(first.pid()) == 'S'; }));
    ChildProcess second(wait_for_it);
    ASSERT_TRUE(await([&] { return *about_to_lock == 2 && state_of(second.pid()) == 'S'; }));
    shared->mutex.unlock();  // wakes the first
    shared->mutex.lock();
    first.kill();
    shared->mutex.unlock();
    EXPECT_TRUE(await([&] { return state_of(second.pid()) == 'Z'; })) << "asleep in round " << round;
  }
  sched_setaffinity(0, sizeof before, &before);
}

}  // namespace
}  // namespace dictbench
