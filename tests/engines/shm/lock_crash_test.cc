// The locks under death and stop at each of their crash points: others go on, and what the lock protects stays whole.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "engines/shm/crash_point.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/shm/guarded_pair.h"

namespace dictbench {
namespace {

using Readers = RwLockHandle::Readers;

constexpr unsigned kSurvivors = 2;

struct Arena {
  GuardedPair pair;
  GuardedPair quiet;  // the survivors look in rarely, so that the victim is first to find its dead
  std::array<std::atomic<std::uint64_t>, kSurvivors> rounds{};
};

std::vector<std::string> lock_points() {
  std::vector<std::string> names = crash_point_names();
  std::erase_if(names, [](const std::string& name) {
    return !name.starts_with("rwlock.") && !name.starts_with("robust-mutex.");
  });
  return names;
}

// Longer than anybody spins, so that the others take their slow paths.
void hold_for_a_while() { usleep(50); }

void survive(Arena& arena, unsigned self) {
  RwLockHandle handle(arena.pair.lock, self == 0 ? Readers::share : Readers::exclude);
  for (std::uint64_t i = 0; !arena.pair.stop; ++i) {
    if (i % 2 == 0)
      write_once(arena.pair, handle);
    else
      read_once(arena.pair, handle);
    constexpr std::uint64_t kRarely = 32;
    if (i % kRarely == 0) work(arena.quiet, 2, Readers::share);
    if (i % 8 == 0) {
      const ExclusiveGuard guard(handle);
      hold_for_a_while();
    } else if (i % 8 == 4) {
      const SharedGuard guard(handle);
      hold_for_a_while();
    }
    ++arena.rounds[self];
  }
}

// A process that dies at a point of its own: for what a lock does about the dead.
template <typename Body>
void die_at(const char* point, const Body& body) {
  ChildProcess child([&] {
    arm_crash_point(point, 1, CrashAction::kill);
    body();
  });
  child.wait();
}

// Visits every point of the locks sooner or later.
[[noreturn]] void visit_everything(Arena& arena) {
  RwLockHandle handle(arena.pair.lock);
  RwLockHandle quiet(arena.quiet.lock);
  while (true) {
    die_at("rwlock.lock_shared.announced", [&] { work(arena.quiet, 4, Readers::share); });
    write_once(arena.quiet, quiet);
    die_at("rwlock.lock.done", [&] { work(arena.quiet, 4, Readers::share); });
    read_once(arena.quiet, quiet);
    if (quiet.lock_shared_for(std::chrono::seconds(30))) {
      RwLockHandle impatient(arena.quiet.lock, Readers::exclude);
      if (impatient.lock_for(std::chrono::milliseconds(1))) impatient.unlock();
      quiet.unlock_shared();
    }
    work(arena.pair, 40, Readers::exclude);
    work(arena.pair, 200, Readers::share);
    const SharedGuard guard(handle);
    hold_for_a_while();
  }
}

class LockCrash : public ::testing::Test {
 protected:
  void start() {
    arena_ = std::make_unique<SharedMemory<Arena>>();
    for (unsigned i = 0; i < kSurvivors; ++i)
      survivors_.push_back(std::make_unique<ChildProcess>([this, i] { survive(**arena_, i); }));
  }

  bool survivors_go_on() {
    constexpr std::uint64_t kEnough = 20;
    std::array<std::uint64_t, kSurvivors> before{};
    for (unsigned i = 0; i < kSurvivors; ++i) before[i] = (*arena_)->rounds[i];
    return await([&] {
      for (unsigned i = 0; i < kSurvivors; ++i)
        if ((*arena_)->rounds[i] < before[i] + kEnough) return false;
      return true;
    });
  }

  void expect_whole() {
    (*arena_)->pair.stop = true;
    for (auto& survivor : survivors_) EXPECT_EQ(survivor->wait(), 0);
    survivors_.clear();
    EXPECT_EQ((*arena_)->pair.torn, 0u);
    EXPECT_EQ((*arena_)->quiet.torn, 0u);
  }

  void victim(const std::string& point, std::uint64_t nth, CrashAction action) {
    arm_crash_point(point, nth, action);
    visit_everything(**arena_);
  }

  std::unique_ptr<SharedMemory<Arena>> arena_;
  std::vector<std::unique_ptr<ChildProcess>> survivors_;
};

TEST_F(LockCrash, EveryStepHasAPoint) { EXPECT_GE(lock_points().size(), 20u); }

TEST_F(LockCrash, OthersGoOnWhereverOneIsKilled) {
  for (const std::string& point : lock_points())
    for (const std::uint64_t nth : {1u, 3u}) {
      SCOPED_TRACE(point + " at visit " + std::to_string(nth));
      start();
      ChildProcess killed([&] { victim(point, nth, CrashAction::kill); });
      ASSERT_TRUE(await_signal(killed, false)) << "never visited";
      killed.wait();
      ASSERT_TRUE(survivors_go_on());
      expect_whole();
    }
}

TEST_F(LockCrash, OthersGoOnWhereverOneWasStopped) {
  for (const std::string& point : lock_points()) {
    SCOPED_TRACE(point);
    start();
    ChildProcess stopped([&] { victim(point, 1, CrashAction::stop); });
    ASSERT_TRUE(await_signal(stopped, true)) << "never visited";
    usleep(2'000);  // for the others to run into it
    kill(stopped.pid(), SIGCONT);
    ASSERT_TRUE(survivors_go_on());
    stopped.kill();
    expect_whole();
  }
}

// Who is told of a death and is killed before it can mend anything leaves the news to the next.
TEST_F(LockCrash, NewsOfADeadWriterOutlivesAWriterWhoHeardIt) {
  for (const char* point : {"rwlock.lock.mutex_taken", "rwlock.lock.announced", "rwlock.lock.done"}) {
    SCOPED_TRACE(point);
    SharedMemory<GuardedPair> pair;
    die_at("rwlock.lock.done", [&] { work(*pair, 1, Readers::share); });
    die_at(point, [&] { work(*pair, 1, Readers::share); });
    RwLockHandle handle(pair->lock);
    EXPECT_EQ(handle.lock(), PreviousOwner::died);
    handle.unlock();
    EXPECT_EQ(handle.lock(), PreviousOwner::unlocked);
    handle.unlock();
  }
}

// Who hears of a death and gives up has told nobody.
TEST_F(LockCrash, NewsOfADeadWriterOutlivesAWriterWhoGaveUp) {
  SharedMemory<GuardedPair> pair;
  RwLockHandle reader(pair->lock), handle(pair->lock);
  reader.lock_shared();
  die_at("rwlock.lock.announced", [&] { RwLockHandle(pair->lock).lock(); });
  EXPECT_EQ(handle.lock_for(std::chrono::milliseconds(20)), std::nullopt);
  reader.unlock_shared();
  EXPECT_EQ(handle.lock_for(std::chrono::seconds(30)), PreviousOwner::died);
  handle.unlock();
  EXPECT_EQ(handle.lock(), PreviousOwner::unlocked);
  handle.unlock();
}

// While all other slots are taken, so that there is no other one to be had.
TEST_F(LockCrash, AKilledClaimerLosesNoSlot) {
  for (const char* point :
       {"rwlock.claim.taken", "rwlock.claim.idle", "rwlock.claim.counted", "rwlock.claim.claimed"}) {
    SCOPED_TRACE(point);
    SharedMemory<GuardedPair> pair;
    std::vector<std::unique_ptr<RwLockHandle>> others;
    for (std::size_t i = 0; i + 1 < RobustRwLock::kSlots; ++i)
      others.push_back(std::make_unique<RwLockHandle>(pair->lock));
    for (int i = 0; i < 3; ++i) die_at(point, [&] { const RwLockHandle killed(pair->lock); });
    EXPECT_EQ(pair->lock.claimed_slots(), RobustRwLock::kSlots);
    RwLockHandle last(pair->lock);
    EXPECT_TRUE(last.has_slot());
    EXPECT_FALSE(RwLockHandle(pair->lock).has_slot());
    write_once(*pair, *others.front());
    read_once(*pair, last);
  }
}

// It reads nothing, so no writer need wait for it.
TEST_F(LockCrash, AClaimerThatIsStoppedHoldsNobodyUp) {
  for (const char* point :
       {"rwlock.claim.taken", "rwlock.claim.idle", "rwlock.claim.counted", "rwlock.claim.claimed"}) {
    SCOPED_TRACE(point);
    SharedMemory<GuardedPair> pair;
    RwLockHandle handle(pair->lock);
    die_at("rwlock.lock_shared.announced", [&] { RwLockHandle(pair->lock).lock_shared(); });
    ChildProcess stopped([&] {
      arm_crash_point(point, 1, CrashAction::stop);
      const RwLockHandle own(pair->lock);  // in the slot of the dead reader
    });
    ASSERT_TRUE(await_signal(stopped, true));
    ASSERT_EQ(handle.lock_for(std::chrono::seconds(30)), PreviousOwner::unlocked);
    handle.unlock();
    kill(stopped.pid(), SIGCONT);
    EXPECT_EQ(stopped.wait(), 0);
    EXPECT_EQ(pair->lock.claimed_slots(), 1u);
  }
}

TEST_F(LockCrash, SlotsOfTheKilledAreTakenAgain) {
  SharedMemory<GuardedPair> pair;
  for (const std::string& point : lock_points()) {
    if (!point.starts_with("rwlock.claim.") && !point.starts_with("rwlock.free.")) continue;
    for (int i = 0; i < 10; ++i) die_at(point.c_str(), [&] { work(*pair, 1, Readers::share); });
  }
  const RwLockHandle handle(pair->lock);
  EXPECT_TRUE(handle.has_slot());
  EXPECT_LE(pair->lock.claimed_slots(), 2u);
}

}  // namespace
}  // namespace dictbench
