// sqlite-wal under death and stop between the steps of ours; SQLite's own steps are its own.
#include <gtest/gtest.h>

#include "tests/engines/crash_load.h"
#include "tests/engines/error_code.h"

namespace dictbench {
namespace {

TEST(SqliteWalCrash, KilledAnywhereLeavesTheDictWhole) {
  for (const std::string& point : crash_points_of("sqlite-wal")) {
    SCOPED_TRACE(point);
    const auto engine = make_engine("sqlite-wal");
    const SharedMemory<CrashLedger> ledger;
    ChildProcess victim([&] {
      arm_crash_point(point, point.starts_with("sqlite-wal.checkpoint") ? 1 : 5, CrashAction::kill);
      do_crash_load(*engine, *ledger);
    });
    ASSERT_TRUE(await_signal(victim, false)) << "never visited";
    victim.wait();
    expect_whole(*engine, *ledger);
  }
}

// Why the contract does not say that it survives a stopped process.
TEST(SqliteWalCrash, StoppedWriterIsATimeoutToWritersAndNothingToReaders) {
  const auto engine = make_engine("sqlite-wal?timeout=100");
  { engine->attach()->set("key", "value"); }
  const std::vector<KeyValue> items = {{"key", "new"}};
  ChildProcess stopped([&] {
    const auto dict = engine->attach();
    arm_crash_point("sqlite-wal.transaction.changed", 1, CrashAction::stop);
    dict->set_many(items);
  });
  ASSERT_TRUE(await_signal(stopped, true));
  ChildProcess other([&] {
    const auto dict = engine->attach();
    Value out;
    if (!dict->get("key", out) || out.view() != "value") _exit(3);
    if (error_code_of([&] { dict->set("other", "value"); }) != ErrorCode::timeout) _exit(4);
  });
  EXPECT_EQ(other.wait(), 0);
  kill(stopped.pid(), SIGCONT);
  EXPECT_EQ(stopped.wait(), 0);
  const auto dict = engine->attach();
  dict->set("other", "value");
  EXPECT_EQ(dict->size(), 2u);
}

}  // namespace
}  // namespace dictbench
