// blob under death and stop at each of its crash points: it is whole, and readers wait for nobody.
#include <gtest/gtest.h>

#include <chrono>

#include "engines/blob/store.h"
#include "tests/engines/crash_load.h"

namespace dictbench {
namespace {

std::vector<std::string> all_points() {
  std::vector<std::string> points = crash_points_of("blob");
  for (const std::string& point : crash_points_of("segment.commit")) points.push_back(point);
  return points;
}

void expect_all_acknowledged(Engine& engine, const CrashLedger& ledger) {
  const auto reader = engine.attach();
  Value out;
  for (unsigned i = ledger.erased_begun; i < ledger.sets; ++i) {
    ASSERT_TRUE(reader->get(std::to_string(i), out)) << i;
    EXPECT_EQ(out.view(), crash_value(i));
  }
  std::uint64_t visited = 0;
  reader->for_each([&](auto, auto) { return ++visited != 0; });
  EXPECT_EQ(reader->size(), visited);
}

TEST(BlobCrash, KilledAnywhereItIsWhole) {
  for (const std::string& point : all_points())
    for (const std::uint64_t nth : {1u, 2u}) {
      SCOPED_TRACE(point + " at visit " + std::to_string(nth));
      const auto engine = make_engine("blob");
      const SharedMemory<CrashLedger> ledger;
      const auto early = engine->attach();
      ChildProcess victim([&] {
        arm_crash_point(point, nth, CrashAction::kill);
        do_crash_load(*engine, *ledger);
      });
      ASSERT_TRUE(await_signal(victim, false)) << "never visited";
      victim.wait();
      expect_all_acknowledged(*engine, *ledger);
      expect_whole(*engine, *ledger);
      early->set("next", "v");
      EXPECT_TRUE(early->erase("next"));
      expect_whole(*engine, *ledger);
    }
}

TEST(BlobCrash, StoppedWriterHoldsNoReaderUp) {
  for (const std::string& point : all_points()) {
    SCOPED_TRACE(point);
    const auto engine = make_engine("blob");
    const SharedMemory<CrashLedger> ledger;
    ChildProcess stopped([&] {
      arm_crash_point(point, 2, CrashAction::stop);
      do_crash_load(*engine, *ledger);
    });
    ASSERT_TRUE(await_signal(stopped, true)) << "never visited";
    expect_all_acknowledged(*engine, *ledger);
    kill(stopped.pid(), SIGCONT);
    const unsigned sets = ledger->sets;
    EXPECT_TRUE(await([&] { return ledger->sets > sets + 2; }));
  }
}

// Where slots double and the current block lies in the second of the old ones, the new block would be written over it
// if it went in front of it.
TEST(BlobCrash, KilledInAnyChangeWhileItGrowsTheCurrentBlockIsUntouched) {
  constexpr std::uint64_t kBefore = 100, kAfter = 140;  // changes; in between a first slot of 124 KiB is full
  for (const unsigned shift : {0u, 1u})                 // in one of the two the current block lies in the second slot
    for (std::uint64_t nth = kBefore; nth < kAfter; ++nth) {
      SCOPED_TRACE(nth);
      const auto engine = make_engine("blob?max=16M");
      const SharedMemory<std::atomic<unsigned>> acknowledged;
      ChildProcess victim([&] {
        const auto dict = engine->attach();
        if (shift == 1) dict->set("0", "a change more");
        arm_crash_point("blob.change.edited", nth, CrashAction::kill);
        for (;; ++*acknowledged) dict->set(std::to_string(*acknowledged), std::string(1000, 'v'));
      });
      ASSERT_TRUE(await_signal(victim, false)) << "never visited";
      victim.wait();
      ASSERT_EQ(engine->check_integrity().value_or("no check"), "");
      EXPECT_EQ(engine->attach()->size(), *acknowledged);
    }
}

// The reader has a block in its hands; one change later its memory is no longer promised to it, and in the change
// after that it is written over.
TEST(BlobCrash, ReaderOfABlockThatIsBeingOverwrittenTriesAgain) {
  const auto engine = make_engine("blob");
  engine->attach()->set("key", "value");
  const blob::Store store(engine->address(), std::chrono::seconds(10));
  unsigned reads = 0;
  store.read([&](const blob::Block&) {
    if (++reads > 1) return;
    ChildProcess writer([&] {
      const auto dict = engine->attach();
      dict->set("key", "other");
      arm_crash_point("blob.change.copied", 1, CrashAction::kill);
      dict->set("key", "third");
    });
    ASSERT_TRUE(await_signal(writer, false));
    writer.wait();
  });
  EXPECT_EQ(reads, 2u);
}

}  // namespace
}  // namespace dictbench
