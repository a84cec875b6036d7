// stream-log where things are large or memory is short.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engines/spec.h"
#include "engines/stream_log/areas.h"
#include "engines/stream_log/record.h"
#include "tests/engines/conformance/other_file.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/stream_log/dicts.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(StreamLog, HasRoomAtTheStartForTheSizeAskedFor) {
  constexpr unsigned kItems = 100'000;  // some 3 MB of records
  const auto dumps = [&](const std::string& spec) {
    const auto engine = make_engine(spec);
    fill(*engine->attach(), kItems, "a value");
    return fact(*engine, "dumps_written");
  };
  EXPECT_EQ(dumps("stream-log?size=8M"), 0u);
  EXPECT_GT(dumps("stream-log"), 0u) << "it grows from a small start";
}

TEST(StreamLog, ValuesLargerThanTheStreamGoThroughADump) {
  const auto engine = make_engine("stream-log?buffer=4K&max=64M");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  const std::string large(3 << 20, 'x'), larger(5 << 20, 'y');
  writer->set("small", "s");
  EXPECT_EQ(get(*reader, "small"), "s");
  writer->set("large", large);
  EXPECT_EQ(get(*reader, "large"), large);
  EXPECT_EQ(get(*reader, "small"), "s");
  reader->set("large", larger);
  reader->set("after", "a");
  EXPECT_EQ(get(*writer, "large"), larger);
  EXPECT_EQ(get(*writer, "after"), "a");
  EXPECT_EQ(error_code_of([&] { writer->set("largest", std::string(40 << 20, 'z')); }), ErrorCode::full);
  EXPECT_EQ(get(*reader, "large"), larger);
  EXPECT_FALSE(reader->erase("largest"));
  EXPECT_EQ(engine->check_integrity(), "");
}

TEST(StreamLog, LargeValuesGoThroughAStreamThatHasRoomForThem) {
  const auto engine = make_engine("stream-log?max=64M");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  EXPECT_EQ(get(*reader, "0"), "(none)");  // each loads the first dump, which is empty
  EXPECT_EQ(get(*writer, "0"), "(none)");
  const std::uint64_t loads = fact(*engine, "dumps_loaded");
  for (unsigned i = 0; i < 40; ++i) {  // streams of 1 MiB
    const std::string value(100 << 10, static_cast<char>('a' + i % 26));
    writer->set(key_of(i % 5), value);
    ASSERT_EQ(get(*reader, key_of(i % 5)), value);
  }
  EXPECT_GE(fact(*engine, "dumps_written"), 3u);
  EXPECT_EQ(fact(*engine, "dumps_loaded"), loads);
  EXPECT_EQ(engine->check_integrity(), "");
}

TEST(StreamLog, KeysLargerThanTheStreamAreErasedThroughADump) {
  const auto engine = make_engine("stream-log?buffer=4K");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  const std::string key(100'000, 'k');
  writer->set(key, "v");
  EXPECT_EQ(get(*reader, key), "v");
  EXPECT_TRUE(reader->erase(key));
  EXPECT_EQ(writer->size(), 0u);
  EXPECT_EQ(error_code_of([&] { writer->set(std::string(stream_log::kLargestKey + 1, 'k'), ""); }),
            ErrorCode::too_large);
}

TEST(StreamLog, FullKeepsEverythingAndGoesOn) {
  for (const char* spec : {"stream-log?max=3M", "stream-log?max=3M&buffer=64K"}) {
    SCOPED_TRACE(spec);
    const auto engine = make_engine(spec);
    const auto dict = engine->attach();
    const std::string value(100, 'v');
    unsigned stored = 0;
    EXPECT_EQ(error_code_of([&] {
                for (; stored < 10'000'000; ++stored) dict->set(key_of(stored), value);
              }),
              ErrorCode::full);
    EXPECT_GT(stored, 9'000u);
    EXPECT_LE(engine->storage_bytes().in_use, (3u << 20) + 4096);
    EXPECT_THAT([&] { dict->set("one more", value); }, ThrowsMessage<Error>(HasSubstr("max=")));
    for (unsigned i = 0; i < stored + stored / 4; ++i)
      ASSERT_NO_THROW(dict->set(key_of(i % stored), value)) << "no growth";
    EXPECT_EQ(error_code_of([&] { dict->set(key_of(0), std::string(1 << 20, 'x')); }), ErrorCode::full);
    const auto other = engine->attach();
    EXPECT_EQ(other->size(), stored);
    EXPECT_TRUE(other->erase(key_of(0)));
    dict->set("one more", value);
    EXPECT_EQ(other->size(), stored);
    EXPECT_EQ(engine->check_integrity(), "");
  }
}

TEST(StreamLog, FullWhereDevShmHasNoRoom) {
  expect_done_in_small_dev_shm("6M", [] {
    const auto engine = make_engine("stream-log?buffer=64K&max=1G");
    const auto dict = engine->attach();
    const std::string value(100, 'v');
    unsigned stored = 0;
    const auto code = error_code_of([&] {
      for (; stored < 10'000'000; ++stored) dict->set(key_of(stored), value);
    });
    if (code != ErrorCode::full || stored < 10'000) return 1;
    const auto other = engine->attach();
    if (other->size() != stored) return 2;
    for (unsigned i = 0; i < stored; ++i) dict->set(key_of(i), std::string(100, 'w'));
    for (unsigned i = 0; i < stored; ++i)
      if (get(*other, key_of(i)) != std::string(100, 'w')) return 3;
    return other->erase("0") && engine->check_integrity() == "" ? 0 : 4;
  });
}

// Two homes of 2 MB and a little more fit into what is left, one of 3 MB and another of 2 do not.
TEST(StreamLog, WhatOneHomeMightLikeIsNotTakenFromTheOther) {
  expect_done_in_small_dev_shm("16M", [] {
    OtherFile other;
    constexpr std::uint64_t kBuffer = 64 << 10;
    const Segment segment =
        stream_log::SharedStream::create({.most = 1 << 30, .buffer = kBuffer, .first_stream = kBuffer});
    stream_log::SharedStream stream(segment.name());
    other.leave((4 << 20) + (512 << 10));
    const std::uint64_t before = segment.bytes_in_use();
    stream.make_room(0, 2 << 20);
    if (segment.bytes_in_use() - before < 4 << 20) return 1;
    if (stream.broken(2 << 20) != "") return 2;
    const std::uint64_t now = segment.bytes_in_use();
    if (error_code_of([&] { stream.make_room(2 << 20, 3 << 20); }) != ErrorCode::full) return 3;
    return segment.bytes_in_use() == now ? 0 : 4;  // nothing for one of them
  });
}

TEST(StreamLog, MemoryStaysFlatOverRestartsAndKilledReaders) {
  const auto engine = make_engine("stream-log?buffer=16K");
  const auto dict = engine->attach();
  fill(*dict, 500, std::string(100, 'v'));
  for (int kill = 0; kill < 20; ++kill) {
    const SharedMemory<std::atomic<unsigned>> reads;
    ChildProcess reader([&] {
      const auto own = engine->attach();
      while (true) {
        get(*own, "1");
        ++*reads;
      }
    });
    ASSERT_TRUE(await([&] { return *reads > 10; }));
    fill(*dict, 500, std::string(100, 'v'));
    reader.kill();
    fill(*dict, 500, std::string(100, 'v'));
  }
  // Four areas of 76 KB, of which two have grown by 1 MiB. A generation kept for each kill would be 1.5 MB more.
  EXPECT_LT(engine->storage_bytes().in_use, 3u << 20);
}

TEST(StreamLog, RefusesBuffersThatDoNotFit) {
  EXPECT_THROW(make_engine("stream-log?buffer=2M&max=2M"), SpecError);
  EXPECT_THROW(make_engine("stream-log?buffer=1"), SpecError);
  EXPECT_THROW(make_engine("stream-log?max=18446744073709551615"), SpecError);
}

}  // namespace
}  // namespace dictbench
