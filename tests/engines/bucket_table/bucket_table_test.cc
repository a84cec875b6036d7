// What is bucket-table's own; the conformance suite holds what all engines promise.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "engines/bucket_table/growth.h"
#include "engines/bucket_table/tags.h"
#include "engines/registry.h"
#include "engines/shm/file_memory.h"
#include "engines/shm/private_directory.h"
#include "tests/engines/error_code.h"
#include "tests/engines/filling.h"
#include "tests/engines/make_engine.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

using namespace bucket_table;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(BucketTableGeometry, HasRoomForTheCapacityAtTheLoad) {
  for (const std::uint64_t capacity : {1u, 14u, 100u, 10'000u, 1'000'000u})
    for (const unsigned load : {10u, 50u, 80u}) {
      const Geometry geometry = Geometry::for_capacity(16, 16, capacity, load);
      EXPECT_GE(geometry.buckets() * load, capacity * 100) << capacity;
      EXPECT_LE(geometry.groups, kMostGroups);
      EXPECT_GE(geometry.doubled().buckets(), 2 * geometry.buckets());
      EXPECT_LE(geometry.doubled().buckets(), 2 * geometry.buckets() + geometry.doubled().regions * kGroupBuckets);
    }
  const Geometry original = Geometry::for_capacity(256, 1024, 1000, 50);
  EXPECT_EQ(original.bucket_bytes(), 8u + 1280);
  EXPECT_EQ(original.buckets_at() % kPage, 0u);
  EXPECT_GE(original.chunks_at(), original.items_at() + 4 * original.regions);
  EXPECT_GE(original.tags_at(), original.chunks_at() + original.chunks());
  EXPECT_GE(original.buckets_at(), original.tags_at() + 16 * original.groups_in_all());
}

TEST(BucketTableTags, MatchesAreExactAndOverflowIsApart) {
  Group group{};
  for (unsigned slot = 0; slot < kGroupBuckets; ++slot) {
    set_tag(group, slot, 1 + slot % 3);
    set_overflow(group, 65'535 - slot);
    EXPECT_EQ(GroupWords::load(group).tag(slot), 1 + slot % 3);
    EXPECT_EQ(overflow_of(group), 65'535u - slot);
  }
  Matches ones(GroupWords::load(group), 1);
  EXPECT_EQ(ones.count(), 5u);
  for (const unsigned slot : {0u, 3u, 6u, 9u, 12u}) EXPECT_EQ(ones.next(), slot);
  EXPECT_FALSE(ones.any());
  EXPECT_FALSE(Matches(GroupWords::load(group), 0).any()) << "the overflow count is no tag";
  set_overflow(group, 0);
  EXPECT_FALSE(Matches(GroupWords::load(group), 0).any()) << "the overflow count is no tag";
  set_tag(group, 13, 0);
  EXPECT_EQ(Matches(GroupWords::load(group), 0).next(), 13u);
}

TEST(BucketTableState, KeepsItsParts) {
  const State state = State::of(0xfffffffe, State::journaled, kMostKey, kMostValue);
  EXPECT_EQ(state.phase(), State::journaled);
  EXPECT_EQ(state.key_size(), kMostKey);
  EXPECT_EQ(state.value_size(), kMostValue);
  EXPECT_EQ(state.sequence(), 0xfffffffe);
  EXPECT_EQ(State::of(0xffffffff + std::uint64_t{1}, State::stable, 1, 2), State::of(0, State::stable, 1, 2));
}

TEST(BucketTable, ErasingLeavesNothingThatSearchesPass) {
  const auto engine = make_engine("bucket-table?capacity=700&growth=off");
  const auto dict = engine->attach();
  for (unsigned round = 0; round < 50; ++round) {
    for (unsigned i = 0; i < 700; ++i) dict->set(key_of(round * 1000 + i), "v");
    EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
    for (unsigned i = 0; i < 700; ++i) ASSERT_TRUE(dict->erase(key_of(round * 1000 + i)));
    EXPECT_EQ(dict->size(), 0u);
  }
  // After 35,000 inserts and erases no overflow count is left, so no search goes beyond its first group.
  const Table table(TableFile::open(engine->address()));
  for (unsigned group = 0; group < table.file().geometry().groups; ++group)
    EXPECT_EQ(overflow_of(table.file().groups(0)[group]), 0u);
}

TEST(BucketTable, GrowsForEveryAttachedDict) {
  constexpr unsigned kItems = 60'000;
  const auto engine = make_engine("bucket-table?capacity=10");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  Value out;
  for (unsigned i = 0; i < kItems; ++i) {
    writer->set(key_of(i), "value");
    if (i % 1000 == 0) {
      EXPECT_TRUE(reader->get(key_of(i), out));
    }
  }
  EXPECT_EQ(count_present(*reader, kItems, "value"), kItems);
  reader->set("after", "growth by the other");
  EXPECT_EQ(writer->size(), kItems + 1);
  EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
}

TEST(BucketTable, ProcessesGrowItTogether) {
  constexpr unsigned kProcesses = 4, kItems = 5'000;
  const auto engine = make_engine("bucket-table?capacity=10");
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (unsigned p = 0; p < kProcesses; ++p)
    children.push_back(std::make_unique<ChildProcess>([&, p] {
      const auto dict = engine->attach();
      Value out;
      for (unsigned i = 0; i < kItems; ++i) {
        dict->set(key_of(i * kProcesses + p), "v");
        dict->add("counter", 1);
        if (!dict->get(key_of((i - i % 100) * kProcesses + p), out)) _exit(1);
      }
    }));
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  const auto dict = engine->attach();
  EXPECT_EQ(dict->size(), kProcesses * kItems + 1);
  EXPECT_EQ(count_present(*dict, kProcesses * kItems, "v"), kProcesses * kItems);
  EXPECT_EQ(dict->add("counter", 0), kProcesses * kItems);
  EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
}

TEST(BucketTable, FullWithoutGrowthKeepsEverythingAndGoesOn) {
  const auto engine = make_engine("bucket-table?capacity=10000&growth=off");
  const auto dict = engine->attach();
  const unsigned stored = fill_up(*dict, "value");
  EXPECT_GE(stored, 10'000u);
  EXPECT_EQ(count_present(*dict, stored, "value"), stored);
  EXPECT_THAT([&] { dict->set(key_of(stored), "value"); }, ThrowsMessage<Error>(HasSubstr("growth=off")));
  dict->set(key_of(0), "overwriting needs no room");
  EXPECT_TRUE(dict->erase(key_of(1)));
  dict->set(key_of(1), "value");
  EXPECT_EQ(dict->size(), stored);
}

TEST(BucketTable, FullAtItsMaximum) {
  const auto engine = make_engine("bucket-table?capacity=100&max=4M");
  const auto dict = engine->attach();
  const unsigned stored = fill_up(*dict, "value");
  EXPECT_GT(stored, 5'000u);
  EXPECT_LE(engine->storage_bytes().in_use, 4u << 20);
  EXPECT_EQ(count_present(*dict, stored, "value"), stored);
  EXPECT_THAT([&] { dict->set(key_of(stored), "value"); }, ThrowsMessage<Error>(HasSubstr("max=")));
  EXPECT_THROW(make_engine("bucket-table?capacity=1000000&max=1M"), SpecError);
}

TEST(BucketTable, FullWhereDevShmHasNoRoom) {
  expect_done_in_small_dev_shm("4M", [] {
    const auto engine = make_engine("bucket-table?capacity=100000");
    const auto dict = engine->attach();
    const unsigned stored = fill_up(*dict, "value");
    const bool whole = stored > 500 && dict->size() == stored && count_present(*dict, stored, "value") == stored;
    return whole && dict->erase(key_of(0)) ? 0 : 1;
  });
}

TEST(BucketTable, TakesBlocksOnlyWhereItemsLie) {
  const auto engine = make_engine("bucket-table?capacity=1000000");
  const StorageBytes empty = engine->storage_bytes();
  EXPECT_GT(empty.length, 150u << 20);
  EXPECT_LT(empty.in_use, 4u << 20);
  const auto dict = engine->attach();
  for (unsigned i = 0; i < 100; ++i) dict->set(key_of(i), "v");
  EXPECT_LE(engine->storage_bytes().in_use, empty.in_use + 200 * kChunk);
}

// Bytes of this process's mappings that 2 MB pages of shared memory serve.
std::uint64_t huge_page_bytes() {
  std::ifstream smaps("/proc/self/smaps_rollup");
  std::uint64_t kilobytes = 0;
  for (std::string word; smaps >> word;)
    if (word == "ShmemPmdMapped:") smaps >> kilobytes;
  return kilobytes << 10;
}

TEST(BucketTable, WhatIsAllAllocatedBecomesHugePages) {
  constexpr unsigned kItems = 60'000;
  const auto engine = make_engine(fmt::format("bucket-table?capacity={}", kItems));
  const auto dict = engine->attach();
  const std::uint64_t before = huge_page_bytes();
  for (unsigned i = 0; i < kItems; ++i) dict->set(key_of(i), "v");
  EXPECT_EQ(count_present(*dict, kItems, "v"), kItems);
  const StorageBytes storage = engine->storage_bytes();
  EXPECT_LE(storage.in_use, storage.length + kPage);
  if (huge_page_bytes() == before) GTEST_SKIP() << "this system makes no 2 MB pages of shared memory";
  EXPECT_EQ(huge_page_bytes() - before, storage.length / kHugePageBytes * kHugePageBytes);
}

TEST(BucketTable, AFileOfTheUsersStaysAndOpensAgain) {
  const PrivateDirectory folder;
  const std::string path = (folder.path() / "table").string();
  const std::string spec = "bucket-table?capacity=10&path=" + path;
  {
    const auto engine = make_engine(spec);
    const auto dict = engine->attach();
    for (unsigned i = 0; i < 500; ++i) dict->set(key_of(i), "kept");
  }
  const auto again = make_engine(spec);
  EXPECT_EQ(count_present(*again->attach(), 500, "kept"), 500u);
  EXPECT_EQ(again->check_integrity().value_or("no check"), "");
  EXPECT_EQ(error_code_of([&] { make_engine("bucket-table?key=32&path=" + path); }), ErrorCode::unavailable);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "growth leaves one file";
}

TEST(BucketTable, LocksOfAnEarlierBootAreMadeAnew) {
  const PrivateDirectory folder;
  const auto engine = make_engine("bucket-table?path=" + (folder.path() / "table").string());
  engine->attach()->set("a", "1");
  {
    TableFile file = TableFile::open(engine->address());
    file.header().booted.fill('x');
    std::memset(static_cast<void*>(&file.stripe(0).lock), 0xff, sizeof(RobustMutex));
    for (unsigned i = 1; i < kStripes; ++i)
      std::memcpy(static_cast<void*>(&file.stripe(i).lock), &file.stripe(0).lock, sizeof(RobustMutex));
  }
  const auto dict = engine->attach();
  dict->set("b", "2");
  EXPECT_EQ(dict->size(), 2u);
}

// However long it takes: 400 ms here.
TEST(BucketTable, AWalkThatGetsOnIsWaitedFor) {
  const auto engine = make_engine("bucket-table?capacity=20&timeout=100");
  const auto dict = engine->attach();
  for (unsigned i = 0; i < 20; ++i) dict->set(key_of(i), "v");
  const SharedMemory<std::atomic<bool>> walking;
  ChildProcess walker([&] {
    engine->attach()->for_each([&](std::string_view, std::string_view) {
      *walking = true;
      usleep(20'000);
      return true;
    });
    _exit(0);
  });
  ASSERT_TRUE(await([&] { return walking->load(); }));
  for (unsigned i = 20; i < 200; ++i) dict->set(key_of(i), "v");
  EXPECT_EQ(TableFile::open(engine->address()).header().moved, 0u);
  EXPECT_GT(TableFile::open(engine->address()).header().generation, 1u);
  unsigned walked = 0;
  dict->for_each([&](std::string_view, std::string_view) { return ++walked, true; });
  EXPECT_EQ(walked, 200u);
  EXPECT_EQ(WEXITSTATUS(walker.wait()), 0);
}

// As by a stopped process.
TEST(BucketTable, AHeldLockIsATimeoutAndReadersGoOn) {
  const auto engine = make_engine("bucket-table?timeout=50");
  const auto dict = engine->attach();
  dict->set("a", "1");
  const SharedMemory<std::atomic<bool>> held;
  ChildProcess holder([&] {
    const TableFile file = TableFile::open(engine->address());
    for (unsigned i = 0; i < kStripes; ++i) file.stripe(i).lock.lock();
    file.header().growing.lock();
    file.header().allocating.lock();
    *held = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return held->load(); }));
  EXPECT_EQ(error_code_of([&] { dict->set("a", "2"); }), ErrorCode::timeout);
  EXPECT_EQ(error_code_of([&] { dict->erase("a"); }), ErrorCode::timeout);
  EXPECT_EQ(error_code_of([&] { dict->add("n", 1); }), ErrorCode::timeout);
  const auto walk = [&] { dict->for_each([](std::string_view, std::string_view) { return true; }); };
  EXPECT_EQ(error_code_of(walk), ErrorCode::timeout);
  TableFile file = TableFile::open(engine->address(), std::chrono::milliseconds(50));
  std::uint64_t bucket = 0;
  while (file.is_allocated(bucket)) ++bucket;
  EXPECT_EQ(error_code_of([&] { file.allocate(bucket); }), ErrorCode::timeout);
  Value out;
  EXPECT_TRUE(engine->attach()->get("a", out));
  EXPECT_EQ(out.view(), "1");
  EXPECT_EQ(dict->size(), 1u);
  holder.kill();
  dict->set("a", "2");
  EXPECT_NO_THROW(walk());
  EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
}

TEST(BucketTable, LocksThatAnotherMakesAnewAreWaitedForInTime) {
  const PrivateDirectory folder;
  const std::string path = (folder.path() / "table").string();
  const auto engine = make_engine("bucket-table?path=" + path);
  TableFile::open(path).header().booted.fill('x');
  const int other = open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(other, LOCK_EX), 0);
  EXPECT_EQ(error_code_of([&] { TableFile::open(path, std::chrono::milliseconds(50)); }), ErrorCode::timeout);
  close(other);
  EXPECT_NO_THROW(engine->attach());
}

TEST(BucketTable, RefusesWhatIsTooLarge) {
  const auto engine = make_engine("bucket-table?key=8&value=10");
  const auto dict = engine->attach();
  Value out;
  dict->set("12345678", "1234567890");
  EXPECT_TRUE(dict->get("12345678", out));
  EXPECT_EQ(out.view(), "1234567890");
  EXPECT_EQ(error_code_of([&] { dict->set("123456789", "v"); }), ErrorCode::too_large);
  EXPECT_EQ(error_code_of([&] { dict->set("k", "12345678901"); }), ErrorCode::too_large);
  EXPECT_EQ(error_code_of([&] { dict->add("new", 12'345'678'901); }), ErrorCode::too_large);
  EXPECT_EQ(dict->size(), 1u);
  EXPECT_THROW(make_engine("bucket-table?key=5K"), SpecError);
}

}  // namespace
}  // namespace dictbench
