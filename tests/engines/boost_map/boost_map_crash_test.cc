// boost-map under death and stop at each of its crash points: only a kill inside a change is Error(corrupt).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/engines/crash_load.h"
#include "tests/engines/error_code.h"

namespace dictbench {
namespace {

// Between the first store of a change and the last.
const std::set<std::string> kInsideAChange = {
    "boost-map.erase.marked", "boost-map.erase.changed",  "boost-map.grow.marked",        "boost-map.grow.changed",
    "boost-map.set.marked",   "boost-map.set.key_stored", "boost-map.set.shorter_stored", "boost-map.set.changed"};

std::vector<std::string> all_points() {
  std::vector<std::string> points = crash_points_of("boost-map");
  for (const std::string& point : crash_points_of("segment.commit")) points.push_back(point);
  return points;
}

class BoostMapCrash : public ::testing::TestWithParam<const char*> {
 protected:
  static std::unique_ptr<Engine> make() { return make_engine(std::string("boost-map?size=64K&lock=") + GetParam()); }
};

TEST_P(BoostMapCrash, KilledIsCorruptInsideAChangeAndElseWhole) {
  for (const std::string& point : all_points())
    for (const std::uint64_t nth : {1u, 2u}) {
      SCOPED_TRACE(point + " at visit " + std::to_string(nth));
      const auto engine = make();
      const SharedMemory<CrashLedger> ledger;
      const auto early = engine->attach();
      ChildProcess victim([&] {
        arm_crash_point(point, nth, CrashAction::kill);
        do_crash_load(*engine, *ledger);
      });
      ASSERT_TRUE(await_signal(victim, false)) << "never visited";
      victim.wait();
      if (kInsideAChange.contains(point)) {
        EXPECT_EQ(error_code_of([&] { early->size(); }), ErrorCode::corrupt);
        EXPECT_EQ(error_code_of([&] { early->set("next", "v"); }), ErrorCode::corrupt);
        EXPECT_NE(engine->check_integrity().value_or(""), "");
      } else {
        expect_whole(*engine, *ledger);
        early->set("next", "v");
        EXPECT_TRUE(early->erase("next"));
      }
    }
}

TEST_P(BoostMapCrash, StoppedGoesOnAfterwards) {
  for (const std::string& point : all_points()) {
    SCOPED_TRACE(point);
    expect_goes_on_after_stop(*make(), point);
  }
}

INSTANTIATE_TEST_SUITE_P(Locks, BoostMapCrash, ::testing::Values("rw", "mutex"));

// What a killed process held does not pile up.
TEST(BoostMapHeld, StaysFlatOverKills) {
  const auto engine = make_engine("boost-map?size=64K");
  const SharedMemory<CrashLedger> ledger;
  for (int i = 0; i < 30; ++i) {
    ChildProcess victim([&] {
      arm_crash_point(i % 2 == 0 ? "boost-map.set.stored" : "rwlock.claim.claimed", 1, CrashAction::kill);
      do_crash_load(*engine, *ledger);
    });
    victim.wait();
    EXPECT_THAT(engine->held(), ::testing::ElementsAre(::testing::Pair("reader slots", ::testing::Le(2u))));
  }
}

}  // namespace
}  // namespace dictbench
