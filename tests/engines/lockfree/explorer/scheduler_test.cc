// The scheduler on programs whose faults are known.
#include "tests/engines/lockfree/explorer/scheduler.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/engines/lockfree/explorer/atomic.h"

namespace dictbench::explorer {
namespace {

using Word = lockfree::Atomic<std::uint64_t>;

// Fibers on one counter and one lock.
class Toy final : public Subject {
 public:
  using Program = std::function<void(Toy& toy, unsigned fiber)>;

  Toy(unsigned fibers, Program program, std::uint64_t expected)
      : fibers_(fibers), program_(std::move(program)), expected_(expected) {}

  Word& counter() { return words_[0]; }
  Word& lock() { return words_[8]; }
  Memory memory() { return Memory(reinterpret_cast<char*>(words_), sizeof words_, sizeof words_); }

  unsigned fibers() const override { return fibers_; }
  bool may_die(unsigned fiber) const override { return fiber == 0; }
  void begin() override {}
  void run(unsigned fiber) override { program_(*this, fiber); }
  std::string check() override { return counter().load() == expected_ ? "" : "wrong sum"; }

 private:
  alignas(64) Word words_[16]{};
  unsigned fibers_;
  Program program_;
  std::uint64_t expected_;
};

void add_in_two_steps(Toy& toy, unsigned) {
  const std::uint64_t old = toy.counter().load();
  toy.counter().store(old + 1);
}

void add_at_once(Toy& toy, unsigned) {
  std::uint64_t old = toy.counter().load();
  while (!toy.counter().compare_exchange_weak(old, old + 1)) continue;
}

void add_under_a_lock(Toy& toy, unsigned fiber) {
  while (toy.lock().exchange(1) == 1) continue;
  add_in_two_steps(toy, fiber);
  toy.lock().store(0);
}

Exploration explore(Toy& toy, const Bounds& bounds) {
  Memory memory = toy.memory();
  return Scheduler(toy, memory).explore(bounds);
}

TEST(ExplorerScheduler, FindsALostUpdateWithOnePreemption) {
  Toy toy(2, add_in_two_steps, 2);
  const Exploration result = explore(toy, {.preemptions = 3});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->what, "wrong sum");
  EXPECT_EQ(result.failure->preemptions, 1u);
  EXPECT_EQ(to_text(result.failure->schedule), "A1 B2 A1");
}

TEST(ExplorerScheduler, ExploresAllSchedules) {
  Toy toy(2, add_at_once, 2);
  const Exploration result = explore(toy, {.preemptions = 8});
  EXPECT_FALSE(result.failure);
  ASSERT_EQ(result.executions.size(), 9u);
  EXPECT_EQ(result.executions[0], 2u);
  EXPECT_LT(result.executions[1], result.executions[2]);
  EXPECT_EQ(result.executions[7], result.executions[8]);  // no schedule has so many preemptions
}

TEST(ExplorerScheduler, FindsThatALockIsNotLockFree) {
  Toy toy(2, add_under_a_lock, 2);
  const Exploration result = explore(toy, {.preemptions = 1, .accesses = 1000});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->what, "an operation does not end though all others stand still");
}

TEST(ExplorerScheduler, KillsAtEachWrite) {
  Toy toy(1, add_in_two_steps, 1);
  const Exploration result = explore(toy, {.preemptions = 0, .kills = 1});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(to_text(result.failure->schedule), "A1 A!");
}

TEST(ExplorerScheduler, ReplaysAFailure) {
  Toy toy(2, add_in_two_steps, 2);
  Memory memory = toy.memory();
  Scheduler scheduler(toy, memory);
  std::string order;
  const auto failure = scheduler.replay(schedule_of("B1 A2 B1"), {},
                                        [&](unsigned fiber, std::uint64_t, Access) { order += fiber_name(fiber); });
  ASSERT_TRUE(failure);
  EXPECT_EQ(order, "BAAB");
  EXPECT_TRUE(memory.is_restored());
  EXPECT_FALSE(scheduler.replay(schedule_of("B2 A2"), {}, {}));
}

TEST(ExplorerScheduler, ReportsAnException) {
  Toy toy(
      1, [](Toy&, unsigned) { throw std::runtime_error("no room"); }, 0);
  const Exploration result = explore(toy, {});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->what, "exception: no room");
}

TEST(ExplorerScheduler, EndsWithSoManyExecutions) {
  Toy toy(2, add_at_once, 2);
  const Exploration result = explore(toy, {.preemptions = 8, .executions = 20});
  EXPECT_FALSE(result.finished);
  EXPECT_FALSE(result.failure);
  std::uint64_t executions = result.abandoned;
  for (const std::uint64_t count : result.executions) executions += count;
  EXPECT_EQ(executions, 20u);
}

// Where a fiber rests, the other goes on without a preemption.
TEST(ExplorerScheduler, ARestCostsNoPreemption) {
  Scheduler* scheduler = nullptr;
  Toy toy(
      2,
      [&](Toy& it, unsigned) {
        const std::uint64_t old = it.counter().load();
        scheduler->rest();
        it.counter().store(old + 1);
      },
      2);
  Memory memory = toy.memory();
  Scheduler resting(toy, memory);
  scheduler = &resting;
  const Exploration result = resting.explore({.preemptions = 0});
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->preemptions, 0u);
  EXPECT_TRUE(resting.replay(result.failure->schedule, {}, {}));
}

TEST(ExplorerScheduler, TakesSchedulesOnly) {
  EXPECT_EQ(to_text(schedule_of("A31 B12 A! C7")), "A31 B12 A! C7");
  EXPECT_THROW(schedule_of("A"), std::invalid_argument);
  EXPECT_THROW(schedule_of("31"), std::invalid_argument);
}

}  // namespace
}  // namespace dictbench::explorer
