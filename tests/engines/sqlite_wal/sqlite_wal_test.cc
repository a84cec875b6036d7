// What is special to sqlite-wal: locks held by others, batches, path=, checkpoints, forks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "engines/registry.h"
#include "engines/shm/private_directory.h"
#include "harness/torture/small_file_system.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/shm/own_namespaces.h"

namespace dictbench {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::unique_ptr<Engine> create(const std::string& spec_text) {
  const Spec spec = parse_engine_spec(spec_text);
  return find_engine(spec.name()).create(spec, SizeHint{});
}

bool has(Dict& dict, std::string_view key) {
  Value value;
  return dict.get(key, value);
}

// SQLite's locks do not know a process by its pid.
TEST(SqliteWal, IsSharedWithTheOtherContainersOfTheMachine) {
  const auto engine = create("sqlite-wal");
  engine->attach()->set("outside", "1");
  for (const int kinds : {CLONE_NEWPID, CLONE_NEWPID | CLONE_NEWNS}) {
    expect_done_in_namespaces(kinds, [&] {
      const auto dict = engine->attach();
      dict->set("inside", "2");
      return has(*dict, "outside") ? 0 : 1;
    });
    if (IsSkipped()) return;
    EXPECT_TRUE(engine->attach()->erase("inside"));
  }
}

TEST(SqliteWal, LockHeldByAnotherIsATimeoutAndThenWorks) {
  using std::chrono::milliseconds;
  const auto engine = create("sqlite-wal?timeout=100");
  struct Page {
    std::atomic<bool> locked = false;
    std::atomic<bool> let_go = false;
  };
  const SharedMemory<Page> page;
  ChildProcess holder([&] {
    sqlite3* db = nullptr;
    sqlite3_open(engine->address().c_str(), &db);
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) != SQLITE_OK)
      throw std::runtime_error("no lock");
    page->locked = true;
    const bool told = await([&] { return page->let_go.load(); });
    sqlite3_close(db);
    if (!told) throw std::runtime_error("nobody was done");
  });
  ASSERT_TRUE(await([&] { return page->locked.load(); }));
  const auto dict = engine->attach();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(error_code_of([&] { dict->set("key", "value"); }), ErrorCode::timeout);
  EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(100));
  EXPECT_FALSE(has(*dict, "key")) << "readers do not wait for the writer";
  const std::vector<KeyValue> items = {{"a", "1"}};
  EXPECT_EQ(error_code_of([&] { dict->set_many(items); }), ErrorCode::timeout);
  page->let_go = true;
  ASSERT_EQ(holder.wait(), 0);
  dict->set("key", "value");
  EXPECT_TRUE(has(*dict, "key"));
}

TEST(SqliteWal, BatchIsSeenByOthersWhenComplete) {
  const auto engine = create("sqlite-wal?batch=3");
  const auto writer = engine->attach();
  const auto other = engine->attach();
  writer->set("a", "1");
  writer->set("b", "2");
  EXPECT_FALSE(has(*other, "a"));
  writer->set("c", "3");
  EXPECT_EQ(other->size(), 3u);
  writer->set("d", "4");
  EXPECT_FALSE(has(*other, "d"));
  EXPECT_TRUE(has(*writer, "d")) << "a process sees its own writes";
  EXPECT_TRUE(has(*other, "d")) << "any other operation writes the batch";
}

TEST(SqliteWal, DestructorWritesTheBatch) {
  const auto engine = create("sqlite-wal?batch=100");
  engine->attach()->set("key", "value");
  EXPECT_TRUE(has(*engine->attach(), "key"));
}

TEST(SqliteWal, WaitingBatchesHoldNoLock) {
  const auto engine = create("sqlite-wal?batch=100&timeout=100");
  auto first = engine->attach();
  auto second = engine->attach();
  for (int i = 0; i < 150; ++i) {
    first->set("first" + std::to_string(i), "value");
    second->set("second" + std::to_string(i), "value");
  }
  EXPECT_EQ(first->add("counter", 1), 1);
  EXPECT_EQ(second->add("counter", 1), 2);
  EXPECT_EQ(first->size(), 301u);
}

TEST(SqliteWal, BatchOfLongValuesIsWrittenEarly) {
  const auto engine = create("sqlite-wal?batch=1000");
  const auto writer = engine->attach();
  const std::string value(1 << 20, 'v');
  for (int i = 0; i < 17; ++i) writer->set(std::to_string(i), value);
  EXPECT_GE(engine->attach()->size(), 16u);
}

TEST(SqliteWal, PathIsMadeAndRemoved) {
  const PrivateDirectory folder;
  const std::string path = folder.path() / "named.sqlite";
  for (int round = 0; round < 2; ++round) {
    const auto engine = create("sqlite-wal?path=" + path);
    engine->attach()->set("key", "value");
    EXPECT_EQ(engine->address(), path);
    EXPECT_TRUE(fs::exists(path));
    EXPECT_GT(engine->storage_bytes().in_use, 0u);
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(SqliteWal, PathOfAnEmptyFileIsTaken) {
  const PrivateDirectory folder;
  const std::string path = folder.path() / "empty";
  std::ofstream(path).close();
  EXPECT_NO_THROW(create("sqlite-wal?path=" + path)->attach()->set("key", "value"));
}

TEST(SqliteWal, PathOfSomebodyElsesFileIsRefusedAndLeftAlone) {
  const PrivateDirectory folder;
  const std::string text = folder.path() / "text";
  std::ofstream(text) << std::string(5000, 'x');
  const std::string foreign = folder.path() / "foreign.sqlite";
  sqlite3* db = nullptr;
  sqlite3_open(foreign.c_str(), &db);
  sqlite3_exec(db, "CREATE TABLE precious(x)", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  const std::string directory = folder.path() / "directory";
  fs::create_directory(directory);
  for (const std::string& path : {text, foreign, directory}) {
    EXPECT_THAT([&] { create("sqlite-wal?path=" + path); }, ThrowsMessage<Error>(HasSubstr("not made by dictbench")));
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_EQ(fs::file_size(text), 5000u);
}

TEST(SqliteWal, PathInUseIsRefused) {
  const PrivateDirectory folder;
  const std::string spec = "sqlite-wal?path=" + (folder.path() / "used.sqlite").string();
  const auto engine = create(spec);
  engine->attach()->set("key", "value");
  EXPECT_THAT([&] { create(spec); }, ThrowsMessage<Error>(HasSubstr("another run uses it")));
  EXPECT_TRUE(has(*engine->attach(), "key"));
}

TEST(SqliteWal, PathOfAKilledRunIsTakenOver) {
  const PrivateDirectory folder;
  const std::string spec = "sqlite-wal?path=" + (folder.path() / "left.sqlite").string();
  ChildProcess killed([&] {
    const auto engine = create(spec);
    const auto dict = engine->attach();
    dict->set("old", "value");
    kill(getpid(), SIGKILL);
  });
  killed.wait();
  const auto engine = create(spec);
  EXPECT_EQ(engine->attach()->size(), 0u);
}

TEST(SqliteWal, PathInAMissingFolderIsUnavailable) {
  EXPECT_EQ(error_code_of([] { create("sqlite-wal?path=/nonexistent/folder/file"); }), ErrorCode::unavailable);
}

TEST(SqliteWal, AddressThatIsNoDictIsUnavailable) {
  const PrivateDirectory folder;
  const std::string empty = folder.path() / "empty";
  std::ofstream(empty).close();
  const Spec spec = parse_engine_spec("sqlite-wal");
  EXPECT_EQ(error_code_of([&] { find_engine("sqlite-wal").attach(spec, empty); }), ErrorCode::unavailable);
}

TEST(SqliteWal, ProcessThatInheritedAConnectionIsRefused) {
  const auto engine = create("sqlite-wal");
  auto dict = engine->attach();
  dict->set("key", "value");
  ChildProcess child([&] {
    if (error_code_of([&] { engine->attach(); }) != ErrorCode::unavailable) throw std::runtime_error("not refused");
    dict.reset();  // the inherited one is left alone
  });
  EXPECT_EQ(child.wait(), 0);
  dict->set("key", "new");
  dict.reset();
  ChildProcess later([&] { engine->attach()->set("later", "value"); });
  EXPECT_EQ(later.wait(), 0);
}

TEST(SqliteWal, CheckpointsKeepTheLogShort) {
  const auto engine = create("sqlite-wal?sync=off");
  const auto dict = engine->attach();
  for (int i = 0; i < 10'000; ++i) dict->set("key" + std::to_string(i % 10), std::to_string(i));
  constexpr std::uint64_t kTwiceTheCheckpoint = 8 << 20;
  EXPECT_LT(engine->storage_bytes().length, kTwiceTheCheckpoint);
}

TEST(SqliteWal, WriterGoesOnWhileAnotherWalks) {
  const auto engine = create("sqlite-wal?sync=off&timeout=1000");
  const auto walker = engine->attach();
  const auto writer = engine->attach();
  for (int i = 0; i < 10; ++i) walker->set(std::to_string(i), "old");
  int visits = 0;
  walker->for_each([&](std::string_view, std::string_view value) {
    EXPECT_EQ(value, "old") << "the walk sees one state";
    if (++visits == 1)
      for (int i = 0; i < 5000; ++i) writer->set(std::to_string(i), "new");
    return true;
  });
  EXPECT_EQ(visits, 10);
  EXPECT_EQ(walker->size(), 5000u);
}

TEST(SqliteWal, FullDiskLosesNothing) {
  ChildProcess child([] {
    constexpr int kNotAllowedHere = 77;
    if (!use_small_dev_shm("1m")) _exit(kNotAllowedHere);
    setenv("TMPDIR", "/dev/shm", 1);
    const auto engine = create("sqlite-wal");
    const auto dict = engine->attach();
    const std::string value(1000, 'v');
    int stored = 0;
    const auto code = error_code_of([&] {
      for (; stored < 10'000; ++stored) dict->set(std::to_string(stored), value);
    });
    if (code != ErrorCode::full) throw std::runtime_error("no error `full`");
    Value read;
    for (int i = 0; i < stored; ++i)
      if (!dict->get(std::to_string(i), read) || read.view() != value) throw std::runtime_error("lost a value");
    if (dict->size() != static_cast<std::uint64_t>(stored)) throw std::runtime_error("wrong size");
  });
  const int status = child.wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(status, 0);
}

TEST(SqliteWal, MaxLimitsTheFileAndAFullDictCanBeEmptied) {
  for (const char* spec : {"sqlite-wal?max=256K", "sqlite-wal?max=256K&layout=rowid"}) {
    const auto engine = create(spec);
    const auto dict = engine->attach();
    const std::string value(500, 'v');
    int stored = 0;
    const auto fill = [&] {
      for (; stored < 10'000; ++stored) dict->set(std::to_string(stored), value);
    };
    EXPECT_THAT(fill, ThrowsMessage<Error>(HasSubstr("max=")));
    EXPECT_GT(stored, 200);
    for (int i = 0; i < stored; ++i) ASSERT_TRUE(dict->erase(std::to_string(i))) << i;
    const int before = std::exchange(stored, 0);
    EXPECT_EQ(error_code_of(fill), ErrorCode::full);
    EXPECT_GT(stored, before * 9 / 10);
    EXPECT_EQ(engine->check_integrity(), "");
    EXPECT_LE(fs::file_size(engine->address()), 256u << 10);
  }
}

// What a batch has accepted is written though others have filled the dict meanwhile; what comes then is refused.
TEST(SqliteWal, AcceptedSetsAreNotRefusedAfterwards) {
  const auto engine = create("sqlite-wal?max=256K&batch=50");
  const auto batching = engine->attach();
  const auto other = engine->attach();
  const std::string value(500, 'v');
  for (int i = 0; i < 49; ++i) batching->set("batched" + std::to_string(i), value);
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(std::to_string(i));
  EXPECT_EQ(error_code_of([&] {
              for (const std::string& key : keys) other->add(key + value, 1);
            }),
            ErrorCode::full);
  for (int i = 0; i < 49; ++i) EXPECT_TRUE(has(*batching, "batched" + std::to_string(i))) << i;
  EXPECT_EQ(error_code_of([&] {
              for (int i = 0; i < 200; ++i) batching->set("more" + std::to_string(i), value);
            }),
            ErrorCode::full);
  EXPECT_FALSE(has(*batching, "more100"));
}

// The WAL holds the same pages many times: copied back, there is room again.
TEST(SqliteWal, LogThatFillsTheDiskIsEmptied) {
  ChildProcess child([] {
    constexpr int kNotAllowedHere = 77;
    if (!use_small_dev_shm("1m")) _exit(kNotAllowedHere);
    setenv("TMPDIR", "/dev/shm", 1);
    const auto engine = create("sqlite-wal");
    for (int i = 0; i < 10; ++i)
      engine->attach()->set(std::to_string(i), std::string(1000, 'v'));  // the file's own pages
    const auto dict = engine->attach();
    for (int i = 0; i < 5000; ++i) dict->set(std::to_string(i % 10), std::string(1000, static_cast<char>(i)));
  });
  const int status = child.wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(status, 0);
}

TEST(SqliteWal, LayoutFollowsTheSizeOfTheValues) {
  const Spec spec = parse_engine_spec("sqlite-wal");
  const auto layout_for = [&](std::uint64_t value_bytes) {
    const auto engine = find_engine("sqlite-wal").create(spec, SizeHint{.value_bytes = value_bytes});
    return engine->facts().front().second;
  };
  EXPECT_EQ(layout_for(10), "clustered");
  EXPECT_EQ(layout_for(1000), "rowid");
}

}  // namespace
}  // namespace dictbench
