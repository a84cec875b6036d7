// Death of a process that finds the segment full and takes what others hold: chunks of the living, and all of the dead.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/engines/crash_load.h"
#include "tests/engines/filling.h"

namespace dictbench {
namespace {

const std::string kValue(500, 'v'), kNewValue(500, 'w');

// Each key's value is one of the two, whole.
void expect_only_whole_values(Engine& engine, unsigned keys) {
  const auto dict = engine.attach();
  Value out;
  for (unsigned i = 0; i < keys; ++i)
    if (dict->get(key_of(i), out)) {
      ASSERT_TRUE(out.view() == kValue || out.view() == kNewValue) << i;
    }
}

struct Shared {
  std::atomic<unsigned> stored = 0, goes_on = 0, done = 0;
};

// Dead when the segment is full, with more arenas than who comes next takes, and in their spares and magazines blocks
// of the living owner's chunks.
void leave_dead_arenas(Engine& engine) {
  ChildProcess dead([&] {
    constexpr unsigned kDicts = 4, kKeys = 50;
    std::vector<std::unique_ptr<Dict>> dicts;
    for (unsigned at = 0; at < kDicts; ++at) {
      dicts.push_back(engine.attach());
      const unsigned first = at * kKeys;
      for (unsigned i = 0; i < kKeys; ++i) dicts[at]->erase(key_of(first + i));
      for (unsigned i = 0; i < kKeys - 10; ++i) dicts[at]->set(key_of(first + i), kValue);
      dicts[at]->erase(key_of(first));
    }
    raise(SIGKILL);
  });
  dead.wait();
}

class LockfreeFullSegment : public ::testing::TestWithParam<std::string> {};

// The owner of nearly all chunks lives. One process erases all, stores again and is killed; then a third and the owner
// store on.
TEST_P(LockfreeFullSegment, KilledLosesNothing) {
  for (const std::uint64_t nth : {1u, 4u}) {
    SCOPED_TRACE("visit " + std::to_string(nth));
    const auto engine = make_engine("lockfree?partitions=4&max=6M&pages=4k");
    const SharedMemory<Shared> shared;
    ChildProcess owner([&] {
      const auto dict = engine->attach();
      shared->stored = fill_up(*dict, kValue);
      while (shared->goes_on == 0) usleep(1'000);
      for (unsigned i = 0; i < 2'000; ++i) {
        dict->set(key_of(i), kNewValue);
        dict->erase(key_of(i + 1));
      }
      shared->done = 1;
      while (true) pause();
    });
    ASSERT_TRUE(await([&] { return shared->stored != 0; }));
    const unsigned stored = shared->stored;
    leave_dead_arenas(*engine);
    ChildProcess victim([&] {
      arm_crash_point(GetParam(), nth, CrashAction::kill);
      const auto dict = engine->attach();
      const auto second = engine->attach();
      for (unsigned i = 0; i < stored; ++i) dict->erase(key_of(i));
      fill_up(*dict, kValue);
      for (unsigned i = 0; i < stored; i += 2) dict->erase(key_of(i));
      fill_up(*second, kNewValue);
      raise(SIGTERM);
    });
    victim.wait();
    EXPECT_EQ(engine->check_integrity().value_or("no check"), "") << "before anybody has put anything in order";
    // While all is full, the owner's first set would be refused.
    const auto dict = engine->attach();
    for (unsigned i = 0; i < stored; i += 2) dict->erase(key_of(i));
    shared->goes_on = 1;
    for (unsigned i = 1; i < stored; i += 2) dict->erase(key_of(i));
    EXPECT_TRUE(await([&] { return shared->done != 0; }));
    for (unsigned i = 0; i < stored; ++i) dict->erase(key_of(i));
    EXPECT_GE(fill_up(*dict, kValue), stored * 9 / 10) << "all room is usable again";
    expect_only_whole_values(*engine, stored);
    EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
  }
}

std::vector<std::string> points() {
  std::vector<std::string> all;
  for (const char* part :
       {"lockfree.handover", "lockfree.put_back", "lockfree.adopt", "lockfree.chunk", "lockfree.refill"})
    for (std::string& point : crash_points_of(part)) all.push_back(std::move(point));
  return all;
}

INSTANTIATE_TEST_SUITE_P(Points, LockfreeFullSegment, ::testing::ValuesIn(points()), [](const auto& point) {
  std::string name = point.param.substr(point.param.find('.') + 1);
  std::ranges::replace(name, '.', '_');
  return name;
});

// Who adopts what the dead had is stopped in the middle. Whoever attaches then must find the arenas that nobody has.
TEST(LockfreeFullSegmentAdoption, HoldsFewArenas) {
  const auto engine = make_engine("lockfree?partitions=4&max=6M&pages=4k");
  {
    std::vector<std::unique_ptr<Dict>> gone;
    for (int i = 0; i < 40; ++i) gone.push_back(engine->attach());
  }
  const auto owner = engine->attach();
  const unsigned stored = fill_up(*owner, kValue);
  leave_dead_arenas(*engine);
  ChildProcess stopped([&] {
    arm_crash_point("lockfree.adopt.chunk_moved", 1, CrashAction::stop);
    const auto dict = engine->attach();
    for (unsigned i = 0; i < stored; ++i) dict->erase(key_of(i));
    fill_up(*dict, kValue);
    raise(SIGTERM);
  });
  ASSERT_TRUE(await_signal(stopped, true)) << "never visited";
  EXPECT_LE(engine->held().front().second, 5u) << "the owner's, that of the stopped one, and three of the dead";
  stopped.kill();
  stopped.wait();
  EXPECT_NO_THROW(engine->attach());
  EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
}

// Each point is one that this load visits, so that the tests above kill somebody.
TEST(LockfreeFullSegmentPoints, AreVisited) {
  const auto engine = make_engine("lockfree?partitions=4&max=6M&pages=4k");
  const auto owner = engine->attach();
  const unsigned stored = fill_up(*owner, kValue);
  leave_dead_arenas(*engine);
  const auto dict = engine->attach();
  for (unsigned i = 0; i < stored; ++i) dict->erase(key_of(i));
  fill_up(*dict, kValue);
  const auto visits = crash_point_visits();
  for (const std::string& point : points())
    EXPECT_TRUE(std::ranges::any_of(visits, [&](const auto& visit) { return visit.first == point; })) << point;
}

}  // namespace
}  // namespace dictbench
