// stream-log under death and stop at each of its crash points: nothing acknowledged is lost, nothing is half done, and
// the others go on.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/engines/crash_load.h"
#include "tests/engines/error_code.h"

namespace dictbench {
namespace {

// One process alone does not get there; each has a test of its own below, or in stream_log_memory_test.cc (give_back).
const std::set<std::string> kWithOthers = {"stream-log.adopt.begun",
                                           "stream-log.detach.begun",
                                           "stream-log.detach.done",
                                           "stream-log.give_back.released",
                                           "stream-log.give_back.uncounted",
                                           "stream-log.read.moved",
                                           "stream-log.read.overtaken",
                                           "stream-log.read.stream_ended",
                                           "stream-log.restart.left_to_reader",
                                           "stream-log.restart.reader_forgotten",
                                           "stream-log.restart.revoked"};

std::vector<std::string> points_alone() {
  std::vector<std::string> points = crash_points_of("stream-log");
  std::erase_if(points, [](const std::string& point) { return kWithOthers.contains(point); });
  points.emplace_back("segment.commit_range.allocated");
  return points;
}

// Streams with room for two of the load's values, so that there are restarts.
constexpr const char* kSpec = "stream-log?buffer=4K";

class StreamLogCrash : public ::testing::Test {
 protected:
  // Two others have it attached from the beginning: what they see must be whole, too.
  explicit StreamLogCrash(const std::string& spec = kSpec)
      : engine_(make_engine(spec)), early_(engine_->attach()), other_(engine_->attach()) {}

  template <typename Body>
  void expect_killed(const std::string& point, std::uint64_t nth, const Body& body) {
    ChildProcess victim([&] {
      arm_crash_point(point, nth, CrashAction::kill);
      body();
    });
    ASSERT_TRUE(await_signal(victim, false)) << point << " was never visited";
    victim.wait();
    expect_usable();
  }

  void expect_usable() {
    Value out;
    early_->set("next", "v");
    EXPECT_TRUE(other_->get("next", out) && out.view() == "v");
    EXPECT_TRUE(other_->erase("next"));
    EXPECT_FALSE(early_->get("next", out));
    EXPECT_EQ(engine_->check_integrity(), "");
  }

  // Enough for several restarts.
  void write_much(const std::string& value) {
    for (unsigned i = 0; i < 400; ++i) early_->set(fmt::format("k{}", i % 20), value + std::string(100, 'x'));
  }

  // A process that stops where it pins the newest generation.
  std::unique_ptr<ChildProcess> stopped_reader(const char* point = "stream-log.read.pinned") {
    auto reader = std::make_unique<ChildProcess>([this, point] {
      const auto dict = engine_->attach();
      Value out;
      dict->get("k0", out);
      arm_crash_point(point, 1, CrashAction::stop);
      while (true) dict->get("k0", out);
    });
    for (int i = 0; i < 100; ++i) {
      early_->set("k0", "news");
      usleep(1000);
      siginfo_t info{};
      waitid(P_PID, static_cast<id_t>(reader->pid()), &info, WSTOPPED | WNOHANG | WNOWAIT);
      if (info.si_pid == reader->pid()) return reader;
    }
    ADD_FAILURE() << "the reader does not stop";
    return reader;
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Dict> early_, other_;
  SharedMemory<CrashLedger> ledger_;
};

TEST(StreamLogCrashPoints, KilledAtAnyTheDictIsWhole) {
  for (const std::string& point : points_alone())
    for (const std::uint64_t nth : {1u, 2u, 5u}) {
      SCOPED_TRACE(point + " at visit " + std::to_string(nth));
      // What a process does once when it attaches, it does not do five times.
      if (nth > 1 && (point.starts_with("stream-log.claim") || point.starts_with("stream-log.load"))) continue;
      // The fifth growth takes megabytes, dumped every 4 KB.
      if (nth > 2 && (point.starts_with("stream-log.grow") || point.starts_with("segment"))) continue;
      const auto engine = make_engine(kSpec);
      const SharedMemory<CrashLedger> ledger;
      const auto early = engine->attach();
      ChildProcess victim([&] {
        arm_crash_point(point, nth, CrashAction::kill);
        do_crash_load(*engine, *ledger);
      });
      ASSERT_TRUE(await_signal(victim, false)) << "never visited";
      victim.wait();
      expect_whole(*engine, *ledger);
      early->set("next", "v");
      EXPECT_TRUE(early->erase("next"));
      EXPECT_EQ(engine->check_integrity(), "");
    }
}

TEST(StreamLogCrashPoints, StoppedAtAnyItGoesOnAfterwards) {
  for (const std::string& point : points_alone()) {
    SCOPED_TRACE(point);
    expect_goes_on_after_stop(*make_engine(kSpec), point);
  }
}

TEST(StreamLogCrashPoints, WhileAWriterIsStoppedReadersGoOnAndNewOnesCome) {
  const auto engine = make_engine("stream-log?timeout=50");
  const auto early = engine->attach();
  early->set("key", "value");
  ChildProcess writer([&] {
    const auto dict = engine->attach();
    arm_crash_point("stream-log.turn.taken", 1, CrashAction::stop);
    dict->set("key", "other");
  });
  ASSERT_TRUE(await_signal(writer, true));
  Value out;
  EXPECT_TRUE(early->get("key", out) && out.view() == "value");
  const auto late = engine->attach();
  EXPECT_TRUE(late->get("key", out) && out.view() == "value");
  EXPECT_EQ(late->size(), 1u);
  EXPECT_EQ(error_code_of([&] { late->set("key", "mine"); }), ErrorCode::timeout);
  kill(writer.pid(), SIGCONT);
  EXPECT_EQ(writer.wait(), 0);
  EXPECT_TRUE(late->get("key", out) && out.view() == "other");
}

TEST_F(StreamLogCrash, AdoptingWhatAKilledWriterLeftUnsaid) {
  for (const char* first : {"stream-log.restart.published", "stream-log.restart.noted"}) {
    SCOPED_TRACE(first);
    const auto write = [&] {
      const auto dict = engine_->attach();
      for (unsigned i = 0;; ++i) dict->set(fmt::format("k{}", i % 20), std::string(100, 'y'));
    };
    ChildProcess victim([&] {
      arm_crash_point(first, 1, CrashAction::kill);
      write();
    });
    ASSERT_TRUE(await_signal(victim, false));
    victim.wait();
    expect_killed("stream-log.adopt.begun", 1, write);
  }
}

TEST_F(StreamLogCrash, Detaching) {
  for (const char* point : {"stream-log.detach.begun", "stream-log.detach.done"})
    expect_killed(point, 1, [&] { engine_->attach().reset(); });
}

TEST_F(StreamLogCrash, ReadersThatComeToTheEndOfAStream) {
  for (const char* point : {"stream-log.read.stream_ended", "stream-log.read.moved"})
    expect_killed(point, 1, [&] {
      const auto reader = engine_->attach(), writer = engine_->attach();
      for (unsigned i = 0;; ++i) {
        writer->set(fmt::format("k{}", i % 20), std::string(100, 'y'));
        reader->size();
      }
    });
}

TEST_F(StreamLogCrash, WriterThatMeetsAReadersGeneration) {
  const auto reader = stopped_reader();
  const auto write = [&] {
    const auto dict = engine_->attach();
    for (unsigned i = 0;; ++i) dict->set(fmt::format("k{}", i % 20), std::string(100, 'y'));
  };
  expect_killed("stream-log.restart.left_to_reader", 1, write);
  // A newcomer would take up the dead reader's slot, so this one comes before.
  const SharedMemory<std::atomic<int>> step;
  ChildProcess killer([&] {
    const auto dict = engine_->attach();
    *step = 1;
    while (*step == 1) usleep(100);
    arm_crash_point("stream-log.restart.reader_forgotten", 1, CrashAction::kill);
    for (unsigned i = 0;; ++i) dict->set(fmt::format("k{}", i % 20), std::string(100, 'y'));
  });
  ASSERT_TRUE(await([&] { return *step == 1; }));
  reader->kill();
  *step = 2;
  ASSERT_TRUE(await_signal(killer, false)) << "never visited";
  killer.wait();
  write_much("after");
  expect_usable();
  EXPECT_THAT(engine_->held(), ::testing::ElementsAre(::testing::Pair("reader slots", ::testing::Le(4u))));
}

class StreamLogCrashInLittleMemory : public StreamLogCrash {
 protected:
  StreamLogCrashInLittleMemory() : StreamLogCrash("stream-log?buffer=64K&max=512K") {}
};

// No memory but the two homes: the stopped reader's pin is revoked, and it finds that out when it goes on.
TEST_F(StreamLogCrashInLittleMemory, WriterThatRevokesAndReaderThatIsOvertaken) {
  const auto write = [&] {
    const auto dict = engine_->attach();
    for (unsigned i = 0;; ++i) dict->set(fmt::format("k{}", i % 20), std::string(1000, 'y'));
  };
  const auto reader = stopped_reader();
  expect_killed("stream-log.restart.revoked", 1, write);
  for (int i = 0; i < 30; ++i) write_much(std::string(1000, 'z'));
  kill(reader->pid(), SIGCONT);
  expect_usable();

  // Stopped while it loads a dump that is then written over; the handler runs before the load goes on.
  ChildProcess overtaken([&] {
    signal(SIGCONT, [](int) { arm_crash_point("stream-log.read.overtaken", 1, CrashAction::kill); });
    arm_crash_point("stream-log.load.pinned", 1, CrashAction::stop);
    const auto dict = engine_->attach();
    Value out;
    dict->get("k0", out);
    _exit(out.size());
  });
  ASSERT_TRUE(await_signal(overtaken, true));
  for (int i = 0; i < 30; ++i) write_much(std::string(1000, 'w'));
  kill(overtaken.pid(), SIGCONT);
  EXPECT_TRUE(await_signal(overtaken, false)) << "it has believed what it read";
  overtaken.wait();
  expect_usable();
}

TEST_F(StreamLogCrash, AReaderThatWasOvertakenReadsTheTruthAfterwards) {
  ChildProcess reader([&] {
    const auto dict = engine_->attach();
    Value out;
    dict->get("k0", out);
    arm_crash_point("stream-log.read.pinned", 1, CrashAction::stop);
    while (!dict->get("last", out)) {
    }
    if (dict->size() != 21) _exit(1);
    for (unsigned i = 0; i < 20; ++i)
      if (!dict->get(fmt::format("k{}", i), out) || out.view() != fmt::format("final{}", std::string(100, 'x')))
        _exit(3);
  });
  usleep(10'000);
  early_->set("k0", "news");
  ASSERT_TRUE(await_signal(reader, true));
  write_much("between");
  write_much("final");
  early_->set("last", "");
  kill(reader.pid(), SIGCONT);
  EXPECT_EQ(reader.wait(), 0);
}

// A generation that was whole when its writer was killed, but not in force, is no longer what the next writers begin.
TEST_F(StreamLogCrash, AGenerationThatNeverCameIntoForceIsDropped) {
  const auto large = [](char c) { return std::string(900, c); };
  {  // from here on there is other memory than the homes
    const auto reader = stopped_reader();
    write_much("");
  }
  for (int round = 0; round < 20; ++round) {
    ChildProcess victim([&] {
      arm_crash_point("stream-log.restart.installed", 1, CrashAction::kill);
      const auto dict = engine_->attach();
      while (true) dict->set("large", large('y'));
    });
    ASSERT_TRUE(await_signal(victim, false));
    victim.wait();
    const std::string value = std::to_string(round);
    early_->set("small", value);  // there is room for it in the stream that the victim found full
    Value out;
    for (int i = 0; i < 6; ++i) {
      early_->set("large", large('z'));
      const auto late = engine_->attach();
      for (Dict* const dict : {late.get(), early_.get(), other_.get()}) {
        ASSERT_TRUE(dict->get("small", out) && out.view() == value) << "round " << round;
        ASSERT_TRUE(dict->get("large", out) && out.view() == large('z'));
      }
    }
    ASSERT_EQ(engine_->check_integrity(), "");
  }
}

// What killed processes held does not pile up, and the memory of generations that they read is taken again.
TEST_F(StreamLogCrash, NothingPilesUpOverKilledReaders) {
  for (int i = 0; i < 30; ++i) {
    stopped_reader()->kill();
    write_much(std::to_string(i));
    EXPECT_THAT(engine_->held(), ::testing::ElementsAre(::testing::Pair("reader slots", ::testing::Le(4u))));
  }
  EXPECT_LT(engine_->storage_bytes().in_use, 3u << 20) << "four areas, of which the homes have grown by 1 MiB";
}

}  // namespace
}  // namespace dictbench
