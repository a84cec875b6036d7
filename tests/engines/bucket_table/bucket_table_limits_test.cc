// bucket-table where somebody chose its keys, where the file system is full to the brim, and where its file is not to
// be trusted.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "engines/bucket_table/growth.h"
#include "engines/key_hash.h"
#include "engines/registry.h"
#include "engines/shm/private_directory.h"
#include "engines/shm/process_identity.h"
#include "engines/shm/whereabouts.h"
#include "tests/engines/conformance/other_file.h"
#include "tests/engines/error_code.h"
#include "tests/engines/filling.h"
#include "tests/engines/make_engine.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/shm/own_namespaces.h"

namespace dictbench {
namespace {

using namespace bucket_table;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Of one XXH3 hash: the first 8 bytes of its secret make a factor zero.
std::string meeting_key(std::uint64_t i) {
  std::string key = "\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe" + std::string(24, 'x');
  std::memcpy(key.data() + 8, &i, sizeof i);
  return key;
}

TEST(BucketTableKeysOfOneHash, AreOfOneHash) {
  const KeyHash xxh3(KeyHash::Kind::xxh3);
  for (unsigned i = 1; i < 1000; ++i) EXPECT_EQ(xxh3(meeting_key(i)), xxh3(meeting_key(0)));
}

// 1,000 of them do not fit into a region, and no growth parts them.
TEST(BucketTableKeysOfOneHash, EndTheGrowthOfAnUnkeyedTable) {
  const auto engine = make_engine("bucket-table?hash=xxh3&max=64M");
  const auto dict = engine->attach();
  unsigned stored = 0;
  std::string refusal;
  try {
    for (; stored < 1000; ++stored) dict->set(meeting_key(stored), key_of(stored));
  } catch (const Error& error) {
    refusal = error.what();
  }
  EXPECT_THAT(refusal, HasSubstr(fmt::format(" {} keys of one hash", stored)));
  EXPECT_GE(stored, 700u);
  EXPECT_EQ(error_code_of([&] { dict->set(meeting_key(stored), "v"); }), ErrorCode::full);
  EXPECT_EQ(error_code_of([&] { dict->add(meeting_key(stored), 1); }), ErrorCode::full);
  const Geometry sizes = TableFile::open(engine->address()).geometry();
  EXPECT_LE(sizes.buckets(), 16 * stored);
  // All else goes on, but for what else lies in that region.
  EXPECT_EQ(dict->size(), stored);
  Value out;
  for (unsigned i = 0; i < stored; ++i) {
    ASSERT_TRUE(dict->get(meeting_key(i), out)) << i;
    EXPECT_EQ(out.view(), key_of(i));
  }
  EXPECT_FALSE(dict->get(meeting_key(stored), out));
  dict->set("another key", "v");
  EXPECT_TRUE(engine->attach()->get("another key", out));
  EXPECT_TRUE(dict->erase(meeting_key(0)));
  dict->set(meeting_key(stored), "v");
  EXPECT_EQ(engine->check_integrity().value_or("no check"), "");
}

// A table of other keys grows on beside them.
TEST(BucketTableKeysOfOneHash, DoNotKeepOthersFromGrowing) {
  const auto engine = make_engine("bucket-table?hash=xxh3&max=64M");
  const auto dict = engine->attach();
  for (unsigned i = 0; i < 700; ++i) dict->set(meeting_key(i), "v");
  constexpr unsigned kOthers = 20'000;
  for (unsigned i = 0; i < kOthers; ++i) dict->set(key_of(i), "v");
  EXPECT_EQ(count_present(*dict, kOthers, "v"), kOthers);
  EXPECT_EQ(dict->size(), kOthers + 700);
}

TEST(BucketTableKeysOfOneHash, AreLikeAnyOthersToAKeyedTable) {
  const auto engine = make_engine("bucket-table?max=64M");
  const auto dict = engine->attach();
  for (unsigned i = 0; i < 5000; ++i) dict->set(meeting_key(i), "v");
  EXPECT_EQ(dict->size(), 5000u);
  EXPECT_LE(TableFile::open(engine->address()).geometry().buckets(), 3 * 5000u);
}

TEST(BucketTableHash, HasAKeyOfTheDictsOwnThatGrowthKeeps) {
  const auto engine = make_engine("bucket-table?capacity=10"), other = make_engine("bucket-table?capacity=10");
  const KeyHash before = TableFile::open(engine->address()).hasher();
  EXPECT_EQ(before.name(), "multilinear");
  EXPECT_NE(before("key"), TableFile::open(other->address()).hasher()("key"));
  const auto dict = engine->attach();
  for (unsigned i = 0; i < 1000; ++i) dict->set(key_of(i), "v");
  const TableFile grown = TableFile::open(engine->address());
  EXPECT_GT(grown.header().generation, 1u);
  EXPECT_EQ(grown.hasher()("key"), before("key"));
}

TEST(BucketTableHash, OfAFileIsNotChangedByAskingForAnother) {
  const PrivateDirectory folder;
  const std::string path = (folder.path() / "table").string();
  make_engine("bucket-table?hash=xxh3&path=" + path)->attach()->set("a", "1");
  EXPECT_THAT([&] { make_engine("bucket-table?path=" + path); }, ThrowsMessage<Error>(HasSubstr("hash=xxh3")));
  Value out;
  EXPECT_TRUE(make_engine("bucket-table?hash=xxh3&path=" + path)->attach()->get("a", out));
}

// Most buckets of other keys were never used, and there is no page left for them.
TEST(BucketTableFullFileSystem, WhatWasErasedMakesRoomForOtherKeys) {
  expect_done_in_small_dev_shm("4M", [] {
    OtherFile other;
    const auto engine = make_engine("bucket-table?value=4K");
    const auto dict = engine->attach();
    const std::string value(4000, 'v');
    const unsigned stored = fill_up(*dict, value);
    other.take_all();
    for (unsigned i = 0; i < stored; ++i)
      if (!dict->erase(key_of(i))) return 1;
    const auto again = [&](unsigned i) { return "again" + key_of(i); };
    const std::string longer(4096, 'w');  // as long as may be: the last bytes of a bucket are written too
    unsigned held = 0, wrong = 0;
    for (unsigned i = 0; i < stored; ++i) held += error_code_of([&] { dict->set(again(i), longer); }) == std::nullopt;
    Value out;
    for (unsigned i = 0; i < stored; ++i)
      if (dict->get(again(i), out))
        wrong += out.view() != longer;
      else
        wrong += dict->erase(again(i));
    // Two regions, of which one may have a few too many.
    const bool well = stored > 300 && held >= stored * 9 / 10 && dict->size() == held && wrong == 0 &&
                      engine->check_integrity().value_or("no check").empty();
    if (!well) std::fprintf(stderr, "%u stored, %u again, %u wrong\n", stored, held, wrong);
    return well ? 0 : 1;
  });
}

// A bucket of five pages, three of which are no other bucket's, where two are free.
TEST(BucketTableFullFileSystem, AFailedAllocationLeavesNothing) {
  expect_done_in_small_dev_shm("3M", [] {
    OtherFile other;
    other.leave(free_in_dev_shm() - 2 * kPage);
    const auto engine = make_engine("bucket-table?value=16K&capacity=200");
    const auto dict = engine->attach();
    fill_up(*dict, "v");
    other.take_all();
    other.give(2 * kPage);
    unsigned refused = 0;
    for (unsigned i = 0; i < 200; ++i) {
      const std::uint64_t free = free_in_dev_shm();
      if (error_code_of([&] { dict->set("more" + key_of(i), "v"); }) != ErrorCode::full) continue;
      ++refused;
      if (free_in_dev_shm() != free) return 1;
    }
    return refused > 20 ? 0 : 2;  // some find a bucket that has memory
  });
}

TEST(BucketTableFile, OfOthersIsNotBelieved) {
  const auto engine = make_engine("bucket-table");
  const std::string path = engine->address();
  engine->attach()->set("a", "1");
  for (const mode_t mode : {0666, 0620, 0602}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_EQ(error_code_of([&] { engine->attach(); }), ErrorCode::unavailable) << mode;
  }
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);  // reading it changes nothing
  EXPECT_NO_THROW(engine->attach());
  EXPECT_EQ(error_code_of([] { TableFile::open("/dev/null"); }), ErrorCode::unavailable);
  constexpr uid_t kNobody = 65534;
  if (chown(path.c_str(), kNobody, static_cast<gid_t>(-1)) != 0) GTEST_SKIP() << "only root gives files away";
  EXPECT_EQ(error_code_of([&] { engine->attach(); }), ErrorCode::unavailable);
}

TEST(BucketTableFile, NamedAfterAMakerOfAnotherContainerIsNotShared) {
  const PrivateDirectory folder;
  ProcessIdentity maker = ProcessIdentity::self();
  ++maker.domain;
  const std::string path = (folder.path() / (own_name_prefix() + maker.text() + ".t0")).string();
  EXPECT_EQ(error_code_of([&] { make_engine("bucket-table?path=" + path)->attach(); }), ErrorCode::unavailable);
}

// Asked before it is mapped: as long a file has no room in a process.
TEST(BucketTableFile, ThatIsNoneIsRefusedWithoutMappingIt) {
  const PrivateDirectory folder("/dev/shm");
  const std::string path = (folder.path() / "table").string();
  std::ofstream(path) << "foreign!";
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  EXPECT_EQ(error_code_of([&] { TableFile::open(path); }), ErrorCode::corrupt) << "8 bytes";
  ASSERT_EQ(truncate(path.c_str(), off_t{1} << 47), 0);
  EXPECT_THAT([&] { TableFile::open(path); }, ThrowsMessage<Error>(HasSubstr("is no bucket-table")));
}

// Where the boot id cannot be read, the locks that are there may be held.
TEST(BucketTableFile, KeepsItsLocksWhereTheBootCannotBeTold) {
  const PrivateDirectory folder;
  const std::string path = (folder.path() / "table").string();
  const auto engine = make_engine("bucket-table?path=" + path);
  const TableFile file = TableFile::open(path);
  const auto booted = file.header().booted;
  ChildProcess child([&] {
    const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(next);
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = static_cast<rlim_t>(next) + 1;  // for the file itself
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) _exit(1);
    try {
      TableFile::open(path);
      _exit(2);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unavailable) _exit(3);
      if (std::string_view(error.what()).find("boot_id") == std::string_view::npos) _exit(4);
    }
  });
  EXPECT_EQ(WEXITSTATUS(child.wait()), 0);
  EXPECT_EQ(file.header().booted, booted);
  EXPECT_NO_THROW(engine->attach());
}

// As LXC and systemd-nspawn do: every container has another file there, and the locks are in use all the same.
TEST(BucketTableFile, BelievesNoBootIdThatIsNotTheKernels) {
  const PrivateDirectory folder;
  const std::string path = (folder.path() / "table").string(), id = (folder.path() / "id").string();
  const auto engine = make_engine("bucket-table?path=" + path);
  std::ofstream(id) << "01234567-89ab-cdef-0123-456789abcdef\n";
  expect_done_in_namespaces(CLONE_NEWNS, [&] {
    if (mount(id.c_str(), kBootIdFile, nullptr, MS_BIND, nullptr) != 0) return kNoNamespaces;
    const auto in_memory = make_engine("bucket-table");  // goes with this process, so nothing is asked
    in_memory->attach()->set("a", "1");
    if (error_code_of([&] { TableFile::open(path); }) != ErrorCode::unavailable) return 1;
    return error_code_of([&] { make_engine("bucket-table?path=" + path + "2"); }) == ErrorCode::unavailable ? 0 : 2;
  });
}

// Sizes that agree with one another and with the file's length, and would lead out of it.
TEST(BucketTableFile, OfImpossibleSizesIsCorrupt) {
  for (const Geometry& sizes : {Geometry{.key_bytes = 64, .value_bytes = 64, .regions = 1, .groups = 0},
                                Geometry{.key_bytes = 64, .value_bytes = 64, .regions = 0, .groups = 1},
                                Geometry{.key_bytes = 64, .value_bytes = 64, .regions = 1, .groups = 65},
                                Geometry{.key_bytes = 8192, .value_bytes = 64, .regions = 1, .groups = 1}}) {
    const auto engine = make_engine("bucket-table");
    {
      TableFile file = TableFile::open(engine->address());
      Header& header = file.header();
      header.geometry = sizes;
      header.geometry_hash = XXH3_64bits(&sizes, sizeof sizes);
      header.length = sizes.length();
    }
    ASSERT_EQ(truncate(engine->address().c_str(), static_cast<off_t>(sizes.length())), 0);
    EXPECT_EQ(error_code_of([&] { engine->attach(); }), ErrorCode::corrupt) << sizes.groups;
  }
}

TEST(BucketTableFile, WithAMarkOfWhatIsNotThereIsCorrupt) {
  const auto engine = make_engine("bucket-table");
  const auto dict = engine->attach();
  dict->set("a", "1");
  const TableFile file = TableFile::open(engine->address());
  for (unsigned i = 0; i < kStripes; ++i) file.stripe(i).region_in_change.store(1'000'000);
  EXPECT_EQ(error_code_of([&] { dict->size(); }), ErrorCode::corrupt);
  EXPECT_EQ(error_code_of([&] { dict->set("a", "2"); }), ErrorCode::corrupt);
  for (unsigned i = 0; i < kStripes; ++i) {
    file.stripe(i).region_in_change.store(0);
    file.stripe(i).bucket_in_change.store(1'000'000);
  }
  EXPECT_EQ(error_code_of([&] { dict->set("a", "2"); }), ErrorCode::corrupt);
}

}  // namespace
}  // namespace dictbench
