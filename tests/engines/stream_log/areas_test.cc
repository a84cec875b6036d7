// Generations of a stream-log and the areas that they lie in, without a dict above them.
#include "engines/stream_log/areas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engines/spec.h"
#include "engines/stream_log/record.h"
#include "engines/stream_log/replica.h"
#include "tests/engines/error_code.h"

namespace dictbench::stream_log {
namespace {

class Areas : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kBuffer = 64 << 10;

  Areas()
      : segment_(SharedStream::create({.most = 4 << 20, .buffer = kBuffer, .first_stream = kBuffer})),
        stream_(segment_.name()) {
    stream_.make_room(0, kBuffer);
  }

  Place current() { return stream_.newest(stream_.published()); }

  // A change without a replica behind it.
  void append(const Change& change) {
    ASSERT_TRUE(stream_.take_room(change.bytes(), change.bytes()));
    store_record(stream_.tail(), change);
    stream_.publish(change.bytes());
  }

  Place restart(bool follows = true) {
    const Place before = current();
    const Place next = stream_.begin(before, 0, 0);
    stream_.install(before, next, 0, follows);
    return next;
  }

  Segment segment_;
  SharedStream stream_;
};

TEST_F(Areas, GenerationsFollowOneAnotherInOtherMemory) {
  const Place first = current();
  EXPECT_EQ(first.generation, 1u);
  EXPECT_EQ(first.limit - first.base, kBuffer);
  append({Kind::set, "key", "value"});
  EXPECT_EQ(stream_.published(), first.base + 24);
  const Place second = restart();
  EXPECT_EQ(second.generation, 2u);
  EXPECT_NE(second.dump_at, first.dump_at);
  EXPECT_GT(second.base, first.limit) << "a position belongs to one generation";
  EXPECT_EQ(stream_.published(), second.base);
  EXPECT_TRUE(stream_.still_there(first)) << "for those who have not read it to its end";
  EXPECT_EQ(stream_.end_of(first), first.base + 24);
  EXPECT_EQ(stream_.successor(first)->generation, 2u);
  const Place third = restart();
  EXPECT_EQ(third.dump_at, first.dump_at);
  EXPECT_FALSE(stream_.still_there(first));
}

TEST_F(Areas, NobodyFollowsWhereTheDumpHoldsMore) {
  const Place first = current();
  restart(false);
  EXPECT_FALSE(stream_.successor(first));
}

TEST_F(Areas, PinnedGenerationStaysAndMemoryIsTakenElsewhere) {
  Pin pin(stream_.slots().claim());
  const Place first = current();
  pin.set(first.generation);
  for (int i = 0; i < 10; ++i) restart();
  EXPECT_TRUE(stream_.still_there(first));
  EXPECT_TRUE(pin.holds());
  EXPECT_TRUE(pin.release());
  restart();
  EXPECT_FALSE(stream_.still_there(first));
}

TEST_F(Areas, WithoutOtherMemoryAPinIsRevoked) {
  std::vector<std::unique_ptr<Pin>> pins;
  for (int i = 0; i < 4; ++i) {
    pins.push_back(std::make_unique<Pin>(stream_.slots().claim()));
    pins.back()->set(current().generation);
    restart();
  }
  restart();
  EXPECT_LT(std::ranges::count_if(pins, [](const auto& pin) { return pin->holds(); }), 4);
  EXPECT_EQ(stream_.broken(0), "");
}

TEST_F(Areas, ARecordThatWasNotPublishedIsWrittenOver) {
  ASSERT_TRUE(stream_.take_room(24, 24));
  store_record(stream_.tail(), {Kind::set, "never", "seen"});
  append({Kind::set, "key", "value"});
  Replica replica;
  const Place place = current();
  ASSERT_TRUE(RecordReader().apply(stream_.words(place.at(place.base)), stream_.published() - place.base, replica));
  EXPECT_THAT(replica.map, ::testing::ElementsAre(::testing::Pair(::testing::Field(&StoredKey::text, "key"), "value")));
}

TEST_F(Areas, RoomIsRefusedBeforeADumpWouldNotFit) {
  EXPECT_NO_THROW(stream_.make_room(0, 1 << 20));
  EXPECT_EQ(stream_.broken(1 << 20), "");
  EXPECT_EQ(error_code_of([&] { stream_.make_room(1 << 20, 2 << 20); }), ErrorCode::full);
  EXPECT_NO_THROW(stream_.make_room(1 << 20, 1 << 20)) << "what does not grow always has room";
}

TEST_F(Areas, BeginOnTheLargestPagesThatThereAre) {
  constexpr std::uint64_t kPage = 64 << 10;
  std::set<std::uint64_t> begins;
  Pin pin(stream_.slots().claim());
  for (int i = 0; i < 6; ++i) {
    if (i == 2) pin.set(current().generation);
    begins.insert(restart().dump_at);
  }
  EXPECT_GE(begins.size(), 3u);
  for (const std::uint64_t begin : begins) EXPECT_EQ((Segment::kHeaderBytes + begin) % kPage, 0u);
}

// The dump of a dict that grows a little from restart to restart.
TEST(StreamLogAreas, GrowInSteps) {
  const Segment segment = SharedStream::create({.most = 16 << 20, .first_stream = 64 << 10});
  SharedStream stream(segment.name());
  stream.make_room(0, 1'500'000);
  unsigned records = 0;
  std::uint64_t most = segment.bytes_in_use();
  for (std::uint64_t dump = 1'200'000; dump < 1'450'000; dump += 5'000) {
    const Place before = stream.newest(stream.published());
    const Place next = stream.begin(before, dump, 1);
    stream.install(before, next, dump, false);
    if (const std::uint64_t now = segment.bytes_in_use(); now > most) {
      ++records;
      most = now;
    }
  }
  EXPECT_GE(records, 1u);
  EXPECT_LE(records, 6u) << "two areas that grow by some 10 KB with every other of 50 dumps";
}

TEST(StreamLogAreas, ATruncatedSegmentIsRefused) {
  Segment segment = Segment::create({.name = "stream-log", .version = 2}, 64 << 10, 64 << 10);
  const std::array<std::uint64_t, 5> sizes = {1 << 30, 1 << 28, 0, 0, 0};  // as Root begins: most, bytes of an area
  std::memcpy(segment.data(), sizes.data(), sizeof sizes);
  segment.publish();
  EXPECT_EQ(error_code_of([&] { SharedStream stream(segment.name()); }), ErrorCode::corrupt);
}

TEST(StreamLogAreas, SizesAtTheirBorders) {
  // A buffer of more than half an area is the first stream all the same.
  const Segment segment = SharedStream::create({.most = 1 << 20, .buffer = 300 << 10, .first_stream = 300 << 10});
  const SharedStream stream(segment.name());
  EXPECT_EQ(stream.newest(stream.published()).stream_bytes(), std::uint64_t{300 << 10});
  EXPECT_NO_THROW(SharedStream::create({.most = 1 << 20, .first_stream = UINT64_MAX, .expected = 300 << 10}));
  EXPECT_THROW(SharedStream::create({.most = UINT64_MAX}), SpecError);
  EXPECT_THROW(SharedStream::create({.most = 1 << 20, .buffer = UINT64_MAX}), SpecError);
  EXPECT_THROW(SharedStream::create({.most = 1 << 20, .buffer = UINT64_MAX - 7}), SpecError);
}

TEST_F(Areas, RefusesSizesThatDoNotFit) {
  EXPECT_THROW(SharedStream::create({.most = 4096}), SpecError);
  EXPECT_THROW(SharedStream::create({.most = 1 << 20, .buffer = 1 << 20}), SpecError);
}

}  // namespace
}  // namespace dictbench::stream_log
