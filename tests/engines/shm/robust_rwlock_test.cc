#include "engines/shm/robust_rwlock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "tests/engines/shm/child_process.h"
#include "tests/engines/shm/guarded_pair.h"

namespace dictbench {
namespace {

using Readers = RwLockHandle::Readers;

constexpr std::chrono::milliseconds kShort{20}, kLong{30'000};

TEST(RobustRwLock, ReadersShareAndWritersExcludeAcrossProcesses) {
  constexpr unsigned kRounds = 10'000;
  SharedMemory<GuardedPair> shared;
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (int i = 0; i < 6; ++i)
    children.push_back(
        std::make_unique<ChildProcess>([&, i] { work(*shared, kRounds, i == 5 ? Readers::exclude : Readers::share); }));
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  EXPECT_EQ(shared->first, 6 * kRounds / 4);
  EXPECT_EQ(shared->second, shared->first);
  EXPECT_EQ(shared->torn, 0u);
  EXPECT_EQ(shared->told, 0u);
}

// Thread sanitizers look at this one: the data is plain memory.
TEST(RobustRwLock, ReadersShareAndWritersExcludeAcrossThreads) {
  constexpr unsigned kRounds = 5'000;
  auto shared = std::make_unique<GuardedPair>();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { work(*shared, kRounds, Readers::share); });
  threads.clear();
  EXPECT_EQ(shared->first, 4 * kRounds / 4);
  EXPECT_EQ(shared->torn, 0u);
}

TEST(RobustRwLock, TwoReadersAreInsideAtOnceAndMayNest) {
  SharedMemory<GuardedPair> shared;
  RwLockHandle one(shared->lock), two(shared->lock);
  const SharedGuard first(one);
  const SharedGuard second(two);
  const SharedGuard nested(one);
  EXPECT_TRUE(one.has_slot());
  EXPECT_TRUE(two.has_slot());
}

TEST(RobustRwLock, NestedReaderStillExcludesWriters) {
  SharedMemory<GuardedPair> shared;
  RwLockHandle handle(shared->lock);
  SharedMemory<std::atomic<bool>> written;
  handle.lock_shared();
  handle.lock_shared();
  handle.unlock_shared();
  ChildProcess writer([&] {
    RwLockHandle own(shared->lock);
    ++shared->holding;
    own.lock();
    *written = true;
    own.unlock();
  });
  ASSERT_TRUE(await([&] { return shared->holding == 1; }));
  for (int i = 0; i < 1000; ++i) sched_yield();
  EXPECT_FALSE(*written);
  handle.unlock_shared();
  EXPECT_EQ(writer.wait(), 0);
  EXPECT_TRUE(*written);
}

TEST(RobustRwLock, KilledReaderDoesNotStopAWriter) {
  SharedMemory<GuardedPair> shared;
  RwLockHandle handle(shared->lock);  // before, because a new handle would reclaim the dead one's slot
  ChildProcess reader([&] {
    RwLockHandle own(shared->lock);
    const SharedGuard guard(own);
    hold_forever(*shared);
  });
  ASSERT_TRUE(await([&] { return shared->holding == 1; }));
  reader.kill();
  write_once(*shared, handle);
  EXPECT_EQ(shared->told, 0u) << "a reader's death is nothing to tell";
}

TEST(RobustRwLock, KilledReaderBehindTheMutexDoesNotStopAWriter) {
  SharedMemory<GuardedPair> shared;
  ChildProcess reader([&] {
    RwLockHandle handle(shared->lock, Readers::exclude);
    const SharedGuard guard(handle);
    hold_forever(*shared);
  });
  ASSERT_TRUE(await([&] { return shared->holding == 1; }));
  reader.kill();
  RwLockHandle handle(shared->lock);
  write_once(*shared, handle);
  EXPECT_EQ(shared->told, 0u);
}

TEST(RobustRwLock, KilledWriterIsToldOnceToWhoeverComesNext) {
  for (const bool reader_is_next : {true, false}) {
    SharedMemory<GuardedPair> shared;
    ChildProcess writer([&] {
      RwLockHandle handle(shared->lock);
      const ExclusiveGuard guard(handle);
      hold_forever(*shared);
    });
    ASSERT_TRUE(await([&] { return shared->holding == 1; }));
    writer.kill();
    RwLockHandle handle(shared->lock);  // claims a slot, which must not swallow the news
    EXPECT_TRUE(handle.has_slot());
    if (reader_is_next)
      read_once(*shared, handle);
    else
      write_once(*shared, handle);
    EXPECT_EQ(shared->told, 1u);
    read_once(*shared, handle);
    write_once(*shared, handle);
    EXPECT_EQ(shared->told, 1u);
  }
}

TEST(RobustRwLock, SlotsOfTheDeadAreClaimedAgain) {
  SharedMemory<GuardedPair> shared;
  ChildProcess reader([&] {
    std::vector<std::unique_ptr<RwLockHandle>> handles;
    for (std::size_t i = 0; i < RobustRwLock::kSlots; ++i)
      handles.push_back(std::make_unique<RwLockHandle>(shared->lock));
    const SharedGuard guard(*handles.back());
    hold_forever(*shared);
  });
  ASSERT_TRUE(await([&] { return shared->holding == 1; }));
  {
    RwLockHandle late(shared->lock);
    EXPECT_FALSE(late.has_slot());
    read_once(*shared, late);
  }
  reader.kill();
  RwLockHandle handle(shared->lock);
  EXPECT_TRUE(handle.has_slot());
  write_once(*shared, handle);
  EXPECT_EQ(shared->torn, 0u);
}

// Whoever is stopped there may stay so for ever.
TEST(RobustRwLock, AHandleIsMadeWhileAWriterIsInside) {
  SharedMemory<GuardedPair> shared;
  ChildProcess writer([&] {
    RwLockHandle own(shared->lock);
    own.lock();
    hold_forever(*shared);
  });
  ASSERT_TRUE(await([&] { return shared->holding == 1; }));
  RwLockHandle handle(shared->lock);
  EXPECT_TRUE(handle.has_slot());
  EXPECT_EQ(handle.lock_shared_for(kShort), std::nullopt);
  writer.kill();
  EXPECT_EQ(handle.lock_shared_for(kLong), PreviousOwner::died);
  handle.unlock_shared();
}

// The dead reader's slot still says that it reads.
TEST(RobustRwLock, TheNextInADeadReadersSlotDoesNotReadYet) {
  for (const bool freed_by_a_writer : {false, true}) {
    SharedMemory<GuardedPair> shared;
    RwLockHandle writer(shared->lock);
    ChildProcess reader([&] {
      RwLockHandle own(shared->lock);
      own.lock_shared();
      hold_forever(*shared);
    });
    ASSERT_TRUE(await([&] { return shared->holding == 1; }));
    EXPECT_EQ(shared->lock.claimed_slots(), 2u);
    reader.kill();
    if (freed_by_a_writer) {
      write_once(*shared, writer);
      EXPECT_EQ(shared->lock.claimed_slots(), 1u);
    }
    RwLockHandle next(shared->lock);
    EXPECT_EQ(shared->lock.claimed_slots(), 2u) << "in the slot of the dead one";
    ASSERT_EQ(writer.lock_for(kLong), PreviousOwner::unlocked);
    writer.unlock();
    next.lock_shared();
    EXPECT_EQ(writer.lock_for(kShort), std::nullopt);
    next.unlock_shared();
    EXPECT_EQ(writer.lock_for(kLong), PreviousOwner::unlocked);
    writer.unlock();
  }
}

TEST(RobustRwLock, WhoGivesUpLeavesNothingHeld) {
  for (const bool shares : {true, false}) {
    SharedMemory<GuardedPair> shared;
    RwLockHandle handle(shared->lock, shares ? Readers::share : Readers::exclude), third(shared->lock);
    ChildProcess reader([&] {
      RwLockHandle own(shared->lock);
      own.lock_shared();
      hold_forever(*shared);
    });
    ASSERT_TRUE(await([&] { return shared->holding == 1; }));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(handle.lock_for(kShort), std::nullopt);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, kShort);
    EXPECT_EQ(third.lock_shared_for(kLong), PreviousOwner::unlocked) << "readers go on";
    third.unlock_shared();
    EXPECT_EQ(third.lock_for(kShort), std::nullopt) << "the mutex was given back";
    reader.kill();
    EXPECT_EQ(handle.lock_for(kLong), PreviousOwner::unlocked);
    EXPECT_EQ(third.lock_shared_for(kShort), std::nullopt);
    EXPECT_EQ(third.lock_for(kShort), std::nullopt);
    EXPECT_THROW(SharedGuard(third, kShort), Error);
    EXPECT_THROW(ExclusiveGuard(third, kShort), Error);
    handle.unlock();
    { const SharedGuard guard(third, kLong); }
    { const ExclusiveGuard guard(third, kLong); }
    EXPECT_EQ(handle.lock_shared_for(kLong), PreviousOwner::unlocked);
    EXPECT_EQ(handle.lock_shared_for(kShort), PreviousOwner::unlocked) << "nested";
    handle.unlock_shared();
    EXPECT_EQ(third.lock_for(kShort), std::nullopt) << "still inside";
    handle.unlock_shared();
    EXPECT_EQ(third.lock_for(kLong), PreviousOwner::unlocked);
    third.unlock();
  }
}

TEST(RobustRwLock, HandleGivesItsSlotBackButNotItsParents) {
  SharedMemory<GuardedPair> shared;
  for (std::size_t i = 0; i < 3 * RobustRwLock::kSlots; ++i) EXPECT_TRUE(RwLockHandle(shared->lock).has_slot());
  auto handle = std::make_unique<RwLockHandle>(shared->lock);
  ChildProcess child([&] { handle.reset(); });
  EXPECT_EQ(child.wait(), 0);
  // Were the slot free, the next handle would share it, and its unlock would let a writer in.
  RwLockHandle other(shared->lock);
  const SharedGuard held(*handle);
  { const SharedGuard passing(other); }
  SharedMemory<std::atomic<bool>> written;
  ChildProcess writer([&] {
    RwLockHandle own(shared->lock);
    ++shared->holding;
    const ExclusiveGuard guard(own);
    *written = true;
  });
  ASSERT_TRUE(await([&] { return shared->holding == 1; }));
  for (int i = 0; i < 1000; ++i) sched_yield();
  EXPECT_FALSE(*written);
}

TEST(RobustRwLock, GoesOnWhileProcessesAreKilledAtAnyPoint) {
  constexpr int kKills = 60;
  constexpr std::uint64_t kStep = 200;
  SharedMemory<GuardedPair> shared;
  std::vector<std::unique_ptr<ChildProcess>> children(4);
  const auto start = [&](unsigned i) {
    children[i] =
        std::make_unique<ChildProcess>([&, i] { work(*shared, ~0u, i == 3 ? Readers::exclude : Readers::share); });
  };
  for (unsigned i = 0; i < children.size(); ++i) start(i);
  for (unsigned kill = 0; kill < kKills; ++kill) {
    const std::uint64_t reads = shared->reads, writes = shared->writes;
    ASSERT_TRUE(await([&] { return shared->reads > reads + kStep && shared->writes > writes + kStep; })) << kill;
    children[kill % children.size()]->kill();
    start(kill % children.size());
  }
  shared->stop = true;
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  EXPECT_EQ(shared->torn, 0u);
}

}  // namespace
}  // namespace dictbench
