// The shared memory that a stream-log takes beside its homes, because a reader was stopped while others wrote: it is
// given back before anything is refused, and not while somebody may look at it.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engines/shm/segment.h"
#include "tests/engines/crash_load.h"
#include "tests/engines/error_code.h"

namespace dictbench {
namespace {

constexpr std::uint64_t kMost = 4 << 20;
constexpr const char* kSpec = "stream-log?buffer=64K&max=4M";

const std::string kValue(1000, 'v');

std::string key_of(unsigned i) { return std::to_string(i); }

// Keys 0, 1, ... until the dict is full; how many it took.
unsigned fill_up(Dict& dict) {
  unsigned stored = 0;
  EXPECT_EQ(error_code_of([&] {
              for (; stored < 100'000; ++stored) dict.set(key_of(stored), kValue);
            }),
            ErrorCode::full);
  return stored;
}

// What a dict takes of which no reader was ever stopped.
unsigned undisturbed() {
  const auto engine = make_engine(kSpec);
  return fill_up(*engine->attach());
}

class StreamLogMemory : public ::testing::Test {
 protected:
  StreamLogMemory() : engine_(make_engine(kSpec)), dict_(engine_->attach()) { write(500); }

  // A restart with every 64 sets.
  void write(unsigned times) {
    for (unsigned i = 0; i < times; ++i) dict_->set(key_of(i % 500), kValue);
  }

  // A process that follows the stream, and stops in a get where it has pinned what it reads.
  std::unique_ptr<ChildProcess> stopped_reader() {
    const SharedMemory<std::atomic<int>> step;
    auto reader = std::make_unique<ChildProcess>([this, &step] {
      const auto dict = engine_->attach();
      Value out;
      dict->get("0", out);
      *step = 1;
      while (*step == 1) usleep(50);
      arm_crash_point("stream-log.read.begun", 1, CrashAction::stop);
      if (!dict->get("0", out) || out.view() != kValue) _exit(1);
      if (!dict->get("499", out) || out.view() != kValue) _exit(3);
    });
    EXPECT_TRUE(await([&] { return *step == 1; }));
    dict_->set("0", kValue);
    *step = 2;
    EXPECT_TRUE(await_signal(*reader, true));
    return reader;
  }

  static void let_go_on(ChildProcess& reader) {
    kill(reader.pid(), SIGCONT);
    EXPECT_EQ(reader.wait(), 0);
  }

  // Two generations are held in turn, so that the stream comes to lie in both spares.
  void fill_the_spares() {
    const auto first = stopped_reader();
    write(200);
    const auto second = stopped_reader();
    write(200);
    let_go_on(*first);
    let_go_on(*second);
    EXPECT_EQ(engine_->held().front().second, 1u) << "they have detached";
  }

  void expect_whole(unsigned items) {
    EXPECT_LE(engine_->storage_bytes().in_use, kMost + Segment::kHeaderBytes);
    EXPECT_EQ(engine_->check_integrity(), "");
    EXPECT_EQ(engine_->attach()->size(), items);
    EXPECT_EQ(dict_->size(), items);
  }

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Dict> dict_;
};

TEST_F(StreamLogMemory, AReaderThatWasSlowOnceTakesNoRoomFromTheDict) {
  const std::uint64_t before = engine_->storage_bytes().in_use;
  fill_the_spares();
  EXPECT_GT(engine_->storage_bytes().in_use, before + (1 << 20)) << "both spares hold a dump";
  const unsigned stored = fill_up(*dict_);
  EXPECT_EQ(stored, undisturbed());
  expect_whole(stored);
}

TEST_F(StreamLogMemory, ADictThatLiesInASpareGoesHomeBeforeAWriteIsRefused) {
  fill_the_spares();
  EXPECT_NO_THROW(dict_->set("large", std::string(1'200'000, 'l')));
  expect_whole(501);
}

TEST_F(StreamLogMemory, WhatAStoppedReaderReadsIsNotGivenBack) {
  fill_the_spares();
  const auto reader = stopped_reader();
  const unsigned stored = fill_up(*dict_);
  EXPECT_LT(stored, undisturbed()) << "it reads what lies in a spare";
  let_go_on(*reader);
  EXPECT_NO_THROW(dict_->set(key_of(stored), kValue));
  expect_whole(stored + 1);
}

class StreamLogMemoryKilled : public StreamLogMemory, public ::testing::WithParamInterface<const char*> {};

TEST_P(StreamLogMemoryKilled, NothingIsLostWhereItsGiverIsKilled) {
  fill_the_spares();
  ChildProcess victim([&] {
    const auto dict = engine_->attach();
    arm_crash_point(GetParam(), 1, CrashAction::kill);
    fill_up(*dict);
  });
  ASSERT_TRUE(await_signal(victim, false)) << "never visited";
  victim.wait();
  const unsigned stored = fill_up(*dict_);
  EXPECT_EQ(stored, undisturbed());
  expect_whole(stored);
}

INSTANTIATE_TEST_SUITE_P(Points, StreamLogMemoryKilled,
                         ::testing::Values("stream-log.give_back.uncounted", "segment.release_range.released",
                                           "stream-log.give_back.released"));

}  // namespace
}  // namespace dictbench
