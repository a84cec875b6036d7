// The parts of stream-log one by one: records, the replica, slots and pins. areas_test.cc: generations and areas.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engines/stream_log/reader_slots.h"
#include "engines/stream_log/record.h"
#include "engines/stream_log/replica.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench::stream_log {
namespace {

using namespace std::string_literals;

class Words {
 public:
  explicit Words(std::size_t count) : words_(count) {}

  void add(const Change& change) {
    store_record(words_.data() + used_, change);
    used_ += change.bytes() / kWord;
  }
  std::uint64_t* data() { return words_.data(); }
  std::uint64_t bytes() const { return used_ * kWord; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t used_ = 0;
};

TEST(StreamLogRecord, EveryLengthComesBack) {
  for (std::size_t key_size : {0u, 1u, 7u, 8u, 9u, 16u, 300u})
    for (std::size_t value_size : {0u, 1u, 8u, 10u, 15u, 17u, 9000u, 200'000u}) {
      const std::string key(key_size, 'k'), value(value_size, 'v');
      Words words(30'000);
      words.add({Kind::set, key, value});
      Replica replica;
      ASSERT_TRUE(RecordReader().apply(words.data(), words.bytes(), replica));
      ASSERT_EQ(replica.map.size(), 1u);
      EXPECT_EQ(replica.map.begin()->first.text, std::string_view(key));
      EXPECT_EQ(replica.map.begin()->second, std::string_view(value));
      EXPECT_EQ(replica.bytes, words.bytes());
    }
}

TEST(StreamLogRecord, LengthsBeyond4GiBFitTheHeader) {
  const Shape shape(std::uint64_t{1} | std::uint64_t{kLargestKey} << 2 |
                    std::uint64_t{kLargestValue} << (2 + kKeyBits));
  EXPECT_EQ(shape.key_size, kLargestKey);
  EXPECT_EQ(shape.value_size, kLargestValue);
  EXPECT_GT(kLargestValue, std::size_t{1} << 32);
  EXPECT_FALSE(shape.possible(1 << 20));
}

TEST(StreamLogRecord, WhatIsNoneIsRefused) {
  const auto refused = [](std::vector<std::uint64_t> words) {
    Replica replica;
    return !RecordReader().apply(words.data(), words.size() * kWord, replica);
  };
  EXPECT_TRUE(refused({0}));                              // never written
  EXPECT_TRUE(refused({3, 0}));                           // no such kind
  EXPECT_TRUE(refused({1 | 9 << 2, 0}));                  // a key longer than what follows
  EXPECT_TRUE(refused({1 | std::uint64_t{9} << 26, 0}));  // a value longer than what follows
  EXPECT_TRUE(refused({2 | std::uint64_t{1} << 26, 0}));  // an erasure with a value
  EXPECT_TRUE(refused({UINT64_MAX, UINT64_MAX}));
  EXPECT_FALSE(refused({1, 1}));  // two empty keys
}

TEST(StreamLogReplica, FollowsChangesAndKnowsWhatItsDumpTakes) {
  Words words(10'000);
  for (unsigned i = 0; i < 100; ++i) words.add({Kind::set, "key" + std::to_string(i), std::string(i, 'v')});
  for (unsigned i = 0; i < 100; i += 3) words.add({Kind::erase, "key" + std::to_string(i)});
  words.add({Kind::erase, "nobody"});
  words.add({Kind::set, "key1", std::string(500, 'w')});
  words.add({Kind::set, "key50", ""});
  Replica replica;
  RecordReader reader;
  ASSERT_TRUE(reader.apply(words.data(), words.bytes(), replica));
  EXPECT_EQ(replica.map.size(), 66u);
  EXPECT_EQ(replica.map.find(std::string_view("key1"))->second, std::string_view(std::string(500, 'w')));

  std::uint64_t bytes = 0;
  for (const auto& [key, value] : replica.map) bytes += record_bytes(key.text.size(), value.size());
  EXPECT_EQ(replica.bytes, bytes);
  EXPECT_EQ(replica.bytes_after({Kind::set, "key1", "x"}), bytes - 496);
  EXPECT_EQ(replica.bytes_after({Kind::set, "new", "x"}), bytes + 24);
  EXPECT_EQ(replica.bytes_after({Kind::erase, "key50"}), bytes - 16);
  EXPECT_EQ(replica.bytes_after({Kind::erase, "nobody"}), bytes);

  std::vector<std::uint64_t> dump(bytes / kWord);
  replica.dump(dump.data());
  Replica loaded;
  ASSERT_TRUE(reader.apply(dump.data(), bytes, loaded));
  EXPECT_EQ(loaded.map, replica.map);
  EXPECT_EQ(loaded.bytes, bytes);
}

TEST(StreamLogSlots, PinHoldsUntilItIsRevoked) {
  ReaderSlots slots;
  Slot* const slot = slots.claim();
  Pin pin(slot);
  pin.set(7);
  EXPECT_TRUE(slots.pinned(7));
  EXPECT_FALSE(slots.pinned(8));
  EXPECT_TRUE(pin.holds());
  EXPECT_TRUE(pin.move(8));
  EXPECT_FALSE(slots.pinned(7));
  slots.revoke(7);  // nobody's any more
  EXPECT_TRUE(pin.holds());
  slots.revoke(8);
  EXPECT_FALSE(pin.holds());
  EXPECT_FALSE(slots.pinned(8));
  EXPECT_FALSE(pin.move(9)) << "what was read under 8 is not to be believed";
  EXPECT_TRUE(pin.release());
  EXPECT_FALSE(slots.pinned(9));
}

TEST(StreamLogSlots, ClaimedOnceAndGivenBack) {
  ReaderSlots slots;
  std::vector<Slot*> claimed;
  for (std::size_t i = 0; i < ReaderSlots::kSlots; ++i) claimed.push_back(slots.claim());
  EXPECT_EQ(slots.claimed(), ReaderSlots::kSlots);
  EXPECT_EQ(slots.claim(), nullptr);
  ReaderSlots::give_back(*claimed[5]);
  EXPECT_EQ(slots.claim(), claimed[5]);
}

TEST(StreamLogSlots, PinOfAKilledReaderIsForgotten) {
  const SharedMemory<ReaderSlots> slots;
  const SharedMemory<std::atomic<bool>> ready;
  ChildProcess reader([&] {
    Pin pin(slots->claim());
    pin.set(3);
    *ready = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return ready->load(); }));
  EXPECT_TRUE(slots->pinned(3));
  reader.kill();
  EXPECT_FALSE(slots->pinned(3));
  EXPECT_EQ(slots->claimed(), 0u);
}

TEST(StreamLogSlots, SlotsOfTheDeadServeNewcomersOneEach) {
  const SharedMemory<ReaderSlots> slots;
  const SharedMemory<std::atomic<bool>> ready;
  ChildProcess reader([&] {
    for (std::size_t i = 0; i < ReaderSlots::kSlots; ++i) slots->claim()->pin = 3;
    *ready = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return ready->load(); }));
  EXPECT_EQ(slots->claim(), nullptr);
  reader.kill();
  std::set<Slot*> claimed;
  for (std::size_t i = 0; i < ReaderSlots::kSlots; ++i) claimed.insert(slots->claim());
  EXPECT_EQ(claimed.size(), ReaderSlots::kSlots);
  EXPECT_FALSE(claimed.contains(nullptr));
  EXPECT_EQ(slots->claim(), nullptr);
  EXPECT_FALSE(slots->pinned(3)) << "a pin means nothing to the slot's next owner";
}

TEST(StreamLogSlots, ProcessesThatComeAtOnceShareNoSlot) {
  constexpr unsigned kProcesses = 4, kEach = ReaderSlots::kSlots / kProcesses;
  const SharedMemory<ReaderSlots> slots;
  const SharedMemory<std::atomic<unsigned>> there, done;
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (unsigned p = 0; p < kProcesses; ++p)
    children.push_back(std::make_unique<ChildProcess>([&] {
      ++*there;
      while (*there < kProcesses) sched_yield();
      for (unsigned i = 0; i < kEach; ++i)
        if (slots->claim() == nullptr) _exit(1);
      ++*done;
      while (*done < kProcesses) sched_yield();  // a dead one's slots would serve the others
    }));
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  EXPECT_EQ(slots->claimed(), ReaderSlots::kSlots) << "where two have one, another is left";
}

TEST(StreamLogSlots, ARevokedReaderIsKnownUntilItFindsOut) {
  ReaderSlots slots;
  Pin pin(slots.claim());
  pin.set(7);
  EXPECT_FALSE(slots.any_revoked());
  slots.revoke(7);
  EXPECT_TRUE(slots.any_revoked());
  EXPECT_FALSE(pin.release());
  EXPECT_FALSE(slots.any_revoked());
}

}  // namespace
}  // namespace dictbench::stream_log
