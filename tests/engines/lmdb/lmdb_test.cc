// What is special to lmdb: dead readers, environments and forks, a full map and a full disk.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "engines/lmdb/environment.h"
#include "engines/registry.h"
#include "engines/shm/private_directory.h"
#include "harness/torture/small_file_system.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

std::unique_ptr<Engine> create(const std::string& spec_text) {
  const Spec spec = parse_engine_spec(spec_text);
  return find_engine(spec.name()).create(spec, SizeHint{});
}

// Blocks inside for_each, so that a snapshot stays pinned until the process is killed.
void walk_for_ever(Dict& dict, std::atomic<bool>& inside) {
  dict.for_each([&](std::string_view, std::string_view) {
    inside = true;
    while (true) pause();
    return true;
  });
}

TEST(Lmdb, SlotsOfDeadReadersAreCleared) {
  const auto engine = create("lmdb");
  const auto dict = engine->attach();
  dict->set("key", "value");
  const SharedMemory<std::atomic<bool>> inside;
  ChildProcess reader([&] { walk_for_ever(*engine->attach(), *inside); });
  ASSERT_TRUE(await([&] { return inside->load(); }));

  LmdbEnvironment environment(engine->address(), MDB_NOSYNC, 0);
  EXPECT_EQ(environment.clear_dead_readers(), 0) << "a living reader's slot was taken away";
  reader.kill();
  EXPECT_EQ(environment.clear_dead_readers(), 2);  // the dict's slot and the walk's
}

TEST(Lmdb, ADamagedQueueIsRefused) {
  const auto engine = create("lmdb");
  const std::string file = engine->address() + "/queue";
  const auto bytes = std::filesystem::file_size(file);
  for (const std::uintmax_t length : {std::uintmax_t{0}, std::uintmax_t{100}, bytes - 1}) {
    std::filesystem::resize_file(file, length);
    EXPECT_EQ(error_code_of([&] { engine->attach(); }), ErrorCode::corrupt) << length;
  }
  std::filesystem::resize_file(file, 0);
  std::filesystem::resize_file(file, bytes);  // zeros
  EXPECT_EQ(error_code_of([&] { engine->attach(); }), ErrorCode::corrupt);
  std::filesystem::remove(file);
  EXPECT_EQ(error_code_of([&] { engine->attach(); }), ErrorCode::unavailable);
}

TEST(Lmdb, DeadReadersDoNotUseUpTheSlots) {
  const auto engine = create("lmdb");
  const auto dict = engine->attach();
  const SharedMemory<std::atomic<bool>> full;
  ChildProcess hoarder([&] {
    std::vector<std::unique_ptr<Dict>> dicts;
    while (error_code_of([&] { dicts.push_back(engine->attach()); }) != ErrorCode::unavailable) {
    }
    *full = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return full->load(); }));
  EXPECT_EQ(error_code_of([&] { engine->attach(); }), ErrorCode::unavailable);
  hoarder.kill();
  EXPECT_NO_THROW(engine->attach()->set("key", "value"));
}

// A pinned snapshot keeps pages from being reused; one of a dead process must not.
TEST(Lmdb, DeadReaderDoesNotFillTheMap) {
  const auto engine = create("lmdb?max=1M");
  const auto dict = engine->attach();
  const std::string value(50'000, 'v');
  dict->set("key", value);
  const SharedMemory<std::atomic<bool>> inside;
  ChildProcess reader([&] { walk_for_ever(*engine->attach(), *inside); });
  ASSERT_TRUE(await([&] { return inside->load(); }));
  const auto overwrite = [&] {
    constexpr int kMoreThanFits = 100;
    for (int i = 0; i < kMoreThanFits; ++i) dict->set("key", value);
  };
  EXPECT_EQ(error_code_of(overwrite), ErrorCode::full);
  reader.kill();
  EXPECT_EQ(error_code_of(overwrite), std::nullopt);
}

TEST(Lmdb, ChildOfAProcessWithAnOpenDictAttachesForItself) {
  const auto engine = create("lmdb");
  auto dict = engine->attach();
  dict->set("parent", "1");
  ChildProcess child([&] {
    Value value;
    const auto own = engine->attach();
    if (!own->get("parent", value)) throw std::runtime_error("the parent's key is missing");
    own->set("child", "2");
    dict.reset();  // the inherited one: must not free the parent's slot
  });
  ASSERT_EQ(child.wait(), 0);
  Value value;
  EXPECT_TRUE(dict->get("child", value));
  EXPECT_TRUE(dict->get("parent", value));
  LmdbEnvironment environment(engine->address(), MDB_NOSYNC, 0);
  EXPECT_EQ(environment.clear_dead_readers(), 0) << "the child ended properly";
}

TEST(Lmdb, OnlyTheLastDictOfAProcessClosesTheFile) {
  const auto engine = create("lmdb");
  auto first = engine->attach();
  const auto second = engine->attach();
  first->set("key", "value");
  first.reset();
  const auto third = engine->attach();
  Value value;
  EXPECT_TRUE(second->get("key", value));
  EXPECT_TRUE(third->get("key", value));
}

TEST(Lmdb, VisitorMayReadFromTheSameDict) {
  const auto engine = create("lmdb");
  const auto dict = engine->attach();
  dict->set("a", "1");
  dict->set("b", "2");
  Value value;
  dict->for_each([&](std::string_view key, std::string_view seen) {
    EXPECT_TRUE(dict->get(key, value));
    EXPECT_EQ(value.view(), seen);
    return true;
  });
}

TEST(Lmdb, FullDiskLosesNothing) {
  ChildProcess child([] {
    constexpr int kNotAllowedHere = 77;
    if (!use_small_dev_shm("1m")) _exit(kNotAllowedHere);
    setenv("TMPDIR", "/dev/shm", 1);
    const auto engine = create("lmdb");
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

// Without the pages of the lock file the first reader is ended by SIGBUS.
TEST(Lmdb, FullDiskRefusesANewDict) {
  ChildProcess child([] {
    constexpr int kNotAllowedHere = 77;
    if (!use_small_dev_shm("64k")) _exit(kNotAllowedHere);
    setenv("TMPDIR", "/dev/shm", 1);
    if (error_code_of([] { create("lmdb")->attach(); }) != ErrorCode::full) throw std::runtime_error("no error `full`");
    if (!std::filesystem::is_empty("/dev/shm")) throw std::runtime_error("something is left");
  });
  const int status = child.wait();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(status, 0);
}

// LMDB itself would make them anew.
TEST(Lmdb, AttachingMakesNoMissingFile) {
  for (const char* name : {"data.mdb", "lock.mdb"}) {
    const auto engine = create("lmdb");
    engine->attach()->set("key", "value");
    const auto file = std::filesystem::path(engine->address()) / name;
    std::filesystem::remove(file);
    EXPECT_EQ(error_code_of([&] { engine->attach(); }), ErrorCode::unavailable) << name;
    EXPECT_FALSE(std::filesystem::exists(file));
  }
}

// Reading beyond the end of the file is SIGBUS. Free pages there are no loss: LMDB itself leaves loose ones unwritten.
TEST(Lmdb, TruncatedFileIsCorruptUnlessOnlyFreePagesAreMissing) {
  int corrupt = 0, whole = 0;
  const std::string value(500, 'v');
  for (const int pages_cut : {1, 2, 3, 5, 10, 30, 60, 100}) {
    const auto engine = create("lmdb");
    {
      const auto dict = engine->attach();
      for (int i = 0; i < 1000; ++i) dict->set(std::to_string(i), value);
    }
    const auto file = std::filesystem::path(engine->address()) / "data.mdb";
    std::filesystem::resize_file(file, std::filesystem::file_size(file) - pages_cut * 4096);
    ChildProcess child([&] {
      std::unique_ptr<Dict> dict;
      const auto code = error_code_of([&] { dict = engine->attach(); });
      if (code) _exit(code == ErrorCode::corrupt ? 1 : 3);
      Value read;
      for (int i = 0; i < 1000; ++i)
        if (!dict->get(std::to_string(i), read) || read.view() != value) _exit(4);
    });
    const int status = child.wait();
    ASSERT_TRUE(WIFEXITED(status)) << pages_cut << " pages cut: signal " << WTERMSIG(status);
    ASSERT_LE(WEXITSTATUS(status), 1) << pages_cut << " pages cut";
    ++(WEXITSTATUS(status) == 1 ? corrupt : whole);
  }
  EXPECT_GT(corrupt, 0);
  EXPECT_GT(whole, 0);
}

TEST(Lmdb, RefusesASizeTooSmallToWork) {
  EXPECT_THROW(parse_engine_spec("lmdb?max=100K"), SpecError);
  EXPECT_THROW(parse_engine_spec("lmdb?sync=maybe"), SpecError);
}

TEST(Lmdb, MissingFolderIsUnavailable) {
  const Spec spec = parse_engine_spec("lmdb");
  EXPECT_EQ(error_code_of([&] { find_engine("lmdb").attach(spec, "/nonexistent/folder"); }), ErrorCode::unavailable);
}

}  // namespace
}  // namespace dictbench
