// lmdb under death and stop between the steps of ours; LMDB's own steps are its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engines/crash_load.h"

namespace dictbench {
namespace {

TEST(LmdbCrash, KilledAnywhereLeavesTheDictWhole) {
  for (const std::string& point : crash_points_of("lmdb")) {
    SCOPED_TRACE(point);
    const auto engine = make_engine("lmdb");
    const SharedMemory<CrashLedger> ledger;
    ChildProcess victim([&] {
      arm_crash_point(point, point.starts_with("lmdb.attach") ? 1 : 5, CrashAction::kill);
      do_crash_load(*engine, *ledger);
    });
    ASSERT_TRUE(await_signal(victim, false)) << "never visited";
    victim.wait();
    expect_whole(*engine, *ledger);
  }
}

// Why the contract does not say that it survives a stopped process.
TEST(LmdbCrash, StoppedWriterHoldsUpWritersAndNoReader) {
  const auto engine = make_engine("lmdb");
  { engine->attach()->set("key", "value"); }
  ChildProcess stopped([&] {
    const auto dict = engine->attach();
    arm_crash_point("lmdb.write.changed", 1, CrashAction::stop);
    dict->set("key", "new");
  });
  ASSERT_TRUE(await_signal(stopped, true));
  struct Page {
    std::atomic<bool> reads = false, about_to_write = false, wrote = false;
  };
  const SharedMemory<Page> page;
  ChildProcess other([&] {
    const auto dict = engine->attach();
    Value out;
    page->reads = dict->get("key", out) && out.view() == "value";
    page->about_to_write = true;
    dict->set("other", "value");
    page->wrote = true;
  });
  ASSERT_TRUE(await([&] { return page->about_to_write.load(); }));
  usleep(100'000);
  EXPECT_TRUE(page->reads);
  EXPECT_FALSE(page->wrote);
  kill(stopped.pid(), SIGCONT);
  EXPECT_EQ(other.wait(), 0);
  EXPECT_EQ(stopped.wait(), 0);
  EXPECT_EQ(engine->attach()->size(), 2u);
}

TEST(LmdbHeld, CountsDeadReadersUntilAnotherAttaches) {
  const auto engine = make_engine("lmdb");
  ChildProcess living([&] {  // keeps the slots from being laid out anew
    const auto dict = engine->attach();
    arm_crash_point("lmdb.get.begun", 1, CrashAction::stop);
    Value out;
    dict->get("key", out);
  });
  ASSERT_TRUE(await_signal(living, true));
  for (int i = 0; i < 30; ++i) {
    ChildProcess victim([&] {
      arm_crash_point("lmdb.attach.slot_taken", 1, CrashAction::kill);
      engine->attach();
    });
    victim.wait();
    EXPECT_THAT(engine->held(), ::testing::ElementsAre(::testing::Pair("reader slots", 2u)));
  }
}

}  // namespace
}  // namespace dictbench
