// bucket-table under death and stop at each of its crash points: it is whole, and readers wait for nobody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engines/shm/private_directory.h"
#include "tests/engines/crash_load.h"
#include "tests/engines/error_code.h"

namespace dictbench {
namespace {

// Small, so that groups overflow and the table grows early in the load.
constexpr const char* kSpec = "bucket-table?capacity=10&value=2K";

// Not on the way of the load: see below.
bool is_of_others_death(const std::string& point) { return point.starts_with("bucket-table.repair."); }
bool is_of_walking(const std::string& point) { return point.starts_with("bucket-table.for_each."); }

std::vector<std::string> points_of_the_load() {
  std::vector<std::string> points = crash_points_of("bucket-table");
  std::erase_if(points, [](const std::string& point) { return is_of_others_death(point) || is_of_walking(point); });
  return points;
}

TEST(BucketTableCrash, KilledAnywhereItIsWhole) {
  for (const std::string& point : points_of_the_load())
    for (const std::uint64_t nth : {1u, 2u}) {
      SCOPED_TRACE(point + " at visit " + std::to_string(nth));
      const auto engine = make_engine(kSpec);
      const SharedMemory<CrashLedger> ledger;
      const auto early = engine->attach();
      ChildProcess victim([&] {
        arm_crash_point(point, nth, CrashAction::kill);
        do_crash_load(*engine, *ledger);
      });
      if (point == "bucket-table.follow.renamed") {  // visited by who did not grow it himself
        ChildProcess grower([&] { do_crash_load(*engine, *SharedMemory<CrashLedger>()); });
        ASSERT_TRUE(await_signal(victim, false)) << "never visited";
        victim.wait();
        grower.kill();
        EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
        continue;
      }
      ASSERT_TRUE(await_signal(victim, false)) << "never visited";
      victim.wait();
      // Before anybody has taken a lock, and so repaired anything.
      const auto reader = engine->attach();
      Value out;
      for (unsigned i = ledger->erased_begun; i < ledger->sets; ++i) {
        ASSERT_TRUE(reader->get(std::to_string(i), out)) << i;
        EXPECT_EQ(out.view(), crash_value(i));
      }
      expect_whole(*engine, *ledger);
      early->set("next", "v");
      EXPECT_TRUE(early->erase("next"));
      expect_whole(*engine, *ledger);
    }
}

TEST(BucketTableCrash, KilledWhileRepairingItIsRepairedByTheNext) {
  for (const std::string& point : crash_points_of("bucket-table.repair"))
    for (const char* const first : {"bucket-table.overwrite.committed", "bucket-table.insert.passed",
                                    "bucket-table.insert.tagged", "bucket-table.erase.untagged"}) {
      if (point == "bucket-table.repair.recounted" || point == "bucket-table.repair.counted")
        if (std::string(first).starts_with("bucket-table.overwrite")) continue;  // not on that way
      SCOPED_TRACE(point + " after " + first);
      const auto engine = make_engine(kSpec);
      const SharedMemory<CrashLedger> ledger;
      ChildProcess victim([&] {
        arm_crash_point(first, 1, CrashAction::kill);
        do_crash_load(*engine, *ledger);
      });
      ASSERT_TRUE(await_signal(victim, false)) << "never visited";
      victim.wait();
      ChildProcess second([&] {
        const auto dict = engine->attach();
        arm_crash_point(point, 1, CrashAction::kill);
        for (unsigned i = 0;; ++i) dict->erase("nothing" + std::to_string(i));
      });
      ASSERT_TRUE(await_signal(second, false)) << "never visited";
      second.wait();
      expect_whole(*engine, *ledger);
    }
}

// Everything that was acknowledged can be read while a writer stands still at any point, and it goes on afterwards.
TEST(BucketTableCrash, StoppedWriterHoldsNoReaderUp) {
  for (const std::string& point : points_of_the_load()) {
    if (point == "bucket-table.follow.renamed") continue;
    SCOPED_TRACE(point);
    const auto engine = make_engine(kSpec);
    const SharedMemory<CrashLedger> ledger;
    ChildProcess stopped([&] {
      arm_crash_point(point, 1, CrashAction::stop);
      do_crash_load(*engine, *ledger);
    });
    ASSERT_TRUE(await_signal(stopped, true)) << "never visited";
    const auto reader = engine->attach();
    Value out;
    for (unsigned i = ledger->erased_begun; i < ledger->sets; ++i) {
      ASSERT_TRUE(reader->get(std::to_string(i), out)) << i;
      EXPECT_EQ(out.view(), crash_value(i));
    }
    reader->size();
    kill(stopped.pid(), SIGCONT);
    const unsigned sets = ledger->sets;
    EXPECT_TRUE(await([&] { return ledger->sets > sets + 2; }));
  }
}

TEST(BucketTableCrash, KilledWalkerLetsItGrow) {
  const auto engine = make_engine(kSpec);
  engine->attach()->set("a", "1");
  ChildProcess walker([&] {
    const auto dict = engine->attach();
    arm_crash_point("bucket-table.for_each.begun", 1, CrashAction::kill);
    dict->for_each([](auto, auto) { return true; });
  });
  ASSERT_TRUE(await_signal(walker, false));
  walker.wait();
  const auto dict = engine->attach();
  for (unsigned i = 0; i < 1000; ++i) dict->set(std::to_string(i), "v");
  EXPECT_EQ(dict->size(), 1001u);
}

// A maker that was killed leaves a file that nobody takes for a dict before it is one.
TEST(BucketTableCrash, KilledMakerLeavesADictOrNothingThatOpens) {
  for (const std::string& point : crash_points_of("bucket-table.create")) {
    SCOPED_TRACE(point);
    const PrivateDirectory folder;
    const std::string spec = std::string(kSpec) + "&path=" + (folder.path() / "table").string();
    ChildProcess maker([&] {
      arm_crash_point(point, 1, CrashAction::kill);
      make_engine(spec);
    });
    ASSERT_TRUE(await_signal(maker, false)) << "never visited";
    maker.wait();
    const auto code = error_code_of([&] { make_engine(spec)->attach()->set("a", "1"); });
    if (point == "bucket-table.create.published")
      EXPECT_EQ(code, std::nullopt);
    else
      EXPECT_EQ(code, ErrorCode::unavailable);
  }
}

}  // namespace
}  // namespace dictbench
