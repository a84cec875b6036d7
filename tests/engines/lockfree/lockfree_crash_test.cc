// lockfree under death and stop at each of its crash points: nothing acknowledged is lost, nothing is half done, nobody
// waits, and no memory is lost for good.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engines/lockfree/blocks.h"
#include "engines/lockfree/create.h"
#include "engines/lockfree/owner.h"
#include "tests/engines/crash_load.h"

namespace dictbench {
namespace {

constexpr const char* kSpec = "lockfree?partitions=4";  // so few that the load makes each grow many times
constexpr unsigned kBulk = 70;  // of 30,000 bytes: more than 16 chunks that become empty at once

std::string bulk_key(unsigned i) { return "bulk" + std::to_string(i); }

// Steps that the common load does not take: runs of chunks, chunks that become empty.
void do_bulk(Dict& dict, unsigned round) {
  if (round % 40 != 5) return;
  for (unsigned i = 0; i < kBulk; ++i) dict.set(bulk_key(i), std::string(30'000, 'b'));
  dict.set("run", std::string(300'000, 'r'));
  for (unsigned i = 0; i < kBulk; ++i) dict.erase(bulk_key(i));
  dict.erase("run");
}

std::vector<std::string> bulk_keys() {
  std::vector<std::string> keys = {"batch", "run", "next"};
  for (unsigned i = 0; i < kBulk; ++i) keys.push_back(bulk_key(i));
  return keys;
}

// Dies with something in hand, so that whoever comes next has an arena to put in order.
void leave_a_dead_arena(Engine& engine) {
  ChildProcess dead([&] {
    arm_crash_point("lockfree.insert.pending", 5, CrashAction::kill);
    const auto dict = engine.attach();
    for (int i = 0;; ++i) dict->set(bulk_key(static_cast<unsigned>(i)), "x");
  });
  dead.wait();
}

class LockfreeCrash : public ::testing::TestWithParam<std::string> {};

TEST_P(LockfreeCrash, KilledLeavesAllWholeAndNothingLost) {
  for (const std::uint64_t nth : {1u, 3u}) {
    SCOPED_TRACE("visit " + std::to_string(nth));
    const auto engine = make_engine(kSpec);
    leave_a_dead_arena(*engine);
    const SharedMemory<CrashLedger> ledger;
    ChildProcess victim([&] {
      arm_crash_point(GetParam(), nth, CrashAction::kill);
      do_crash_load(*engine, *ledger, do_bulk);
    });
    const bool once = GetParam().starts_with("lockfree.settle") || GetParam().starts_with("lockfree.takeover");
    if (once && nth > 1) {
      victim.kill();
    } else {
      ASSERT_TRUE(await_signal(victim, false)) << "never visited";
    }
    victim.wait();
    expect_whole(*engine, *ledger, bulk_keys());
    const auto dict = engine->attach();
    dict->set("next", "v");
    EXPECT_TRUE(dict->erase("next"));
    EXPECT_EQ(engine->check_integrity().value_or("no check"), "") << "after the dead one's arena was put in order";
    EXPECT_THAT(engine->held(), ::testing::ElementsAre(::testing::Pair("arenas", ::testing::Le(2u))));
  }
}

TEST_P(LockfreeCrash, StoppedHoldsNobodyUp) {
  const auto engine = make_engine(kSpec);
  leave_a_dead_arena(*engine);
  const SharedMemory<CrashLedger> ledger;
  const SharedMemory<std::atomic<unsigned>> others;
  ChildProcess stopped([&] {
    arm_crash_point(GetParam(), 1, CrashAction::stop);
    do_crash_load(*engine, *ledger, do_bulk);
  });
  ASSERT_TRUE(await_signal(stopped, true)) << "never visited";
  ChildProcess other([&] {
    const auto dict = engine->attach();
    Value out;
    for (unsigned i = 0;; ++i) {  // the same keys and tables
      dict->add("others", 1);
      dict->get(std::to_string(i % 50), out);
      dict->set(bulk_key(i % kBulk), "other");
      ++*others;
    }
  });
  EXPECT_TRUE(await([&] { return *others > 5'000; })) << "somebody waits for the stopped process";
  kill(stopped.pid(), SIGCONT);
  const unsigned sets = ledger->sets;
  EXPECT_TRUE(await([&] { return ledger->sets > sets + 2; }));
  other.kill();
  stopped.kill();
  other.wait();
  stopped.wait();
  const auto dict = engine->attach();
  const auto second = engine->attach();  // both arenas
  EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
}

// But for those that only the loser of a race visits (below), or who finds the segment full
// (full_segment_crash_test.cc).
std::vector<std::string> visited_alone() {
  std::vector<std::string> points = crash_points_of("lockfree");
  std::erase_if(points, [](const std::string& point) {
    return point.starts_with("lockfree.give_back.") || point.starts_with("lockfree.handover.") ||
           point.starts_with("lockfree.adopt.") || point.starts_with("lockfree.put_back.");
  });
  return points;
}

INSTANTIATE_TEST_SUITE_P(Points, LockfreeCrash, ::testing::ValuesIn(visited_alone()), [](const auto& point) {
  std::string name = point.param.substr(point.param.find('.') + 1);
  std::ranges::replace(name, '.', '_');
  return name;
});

TEST(LockfreeGiveBack, KilledLosesNoBlock) {
  for (const std::string& point : crash_points_of("lockfree.give_back")) {
    for (const std::uint64_t bytes : {30u, 10'000u, 400'000u}) {
      SCOPED_TRACE(point + " of " + std::to_string(bytes) + " bytes");
      const auto engine = make_engine(kSpec);
      ChildProcess victim([&] {
        Segment segment = lockfree::open(engine->address());
        lockfree::Space space(segment);
        lockfree::Blocks blocks(space, lockfree::claim_arena(space));
        arm_crash_point(point, 1, CrashAction::kill);
        blocks.give_back(blocks.take(bytes), bytes);
      });
      ASSERT_TRUE(await_signal(victim, false)) << "never visited";
      victim.wait();
      const auto dict = engine->attach();
      EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
      dict->set("next", std::string(bytes, 'v'));
      EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
    }
  }
}

// After many kills the segment is as large as after a few.
TEST(LockfreeKills, LeaveTheSegmentFlat) {
  const auto engine = make_engine(kSpec);
  const auto kill_some = [&](int kills) {
    for (int i = 0; i < kills; ++i) {
      const auto points = crash_points_of("lockfree.replace");
      ChildProcess victim([&] {
        arm_crash_point(points[static_cast<std::size_t>(i) % points.size()], 40, CrashAction::kill);
        const auto dict = engine->attach();
        for (unsigned k = 0;; ++k) dict->set(std::to_string(k % 20), std::string(20 + k % 2'000, 'v'));
      });
      victim.wait();
    }
    return engine->storage_bytes().in_use;
  };
  const std::uint64_t few = kill_some(10);
  EXPECT_LE(kill_some(200), few + (256 << 10));
  const auto dict = engine->attach();
  EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
}

}  // namespace
}  // namespace dictbench
