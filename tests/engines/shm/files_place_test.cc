// Where engines that need no shared memory keep their files.
#include "engines/shm/files_place.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "engines/registry.h"
#include "engines/shm/private_directory.h"
#include "tests/engines/shm/own_temporary_folder.h"

namespace dictbench {
namespace {

// A disk, as far as TMPDIR tells, that is the test's own.
class FilesPlace : public ::testing::TestWithParam<std::string> {
 protected:
  std::string address(const std::string& options) const {
    const Spec spec = parse_engine_spec(GetParam() + options);
    return find_engine(spec.name()).create(spec, SizeHint{})->address();
  }
  bool on_disk(const std::string& options) const { return address(options).starts_with(disk_.path().string() + "/"); }
  bool in_memory(const std::string& options) const { return address(options).starts_with("/dev/shm/"); }

 private:
  OwnTemporaryFolder disk_;
};

TEST_P(FilesPlace, IsTheNeighboursUnlessTheDiskIsAskedFor) {
  EXPECT_TRUE(in_memory(""));
  EXPECT_TRUE(in_memory("?files=memory"));
  EXPECT_TRUE(on_disk("?files=disk"));
}

TEST_P(FilesPlace, IsTheDiskWhereWritesWaitForIt) {
  EXPECT_TRUE(on_disk("?sync=full"));
  EXPECT_TRUE(in_memory("?sync=full&files=memory"));
}

// What lies in memory is gone with the machine's, however often it is flushed.
TEST_P(FilesPlace, InMemoryNothingIsDurable) {
  const auto durable = [&](const std::string& options) {
    const Spec spec = parse_engine_spec(GetParam() + options);
    return find_engine(spec.name()).contract(spec).durable;
  };
  EXPECT_TRUE(durable("?sync=full"));
  EXPECT_TRUE(durable("?sync=full&files=disk"));
  EXPECT_FALSE(durable("?sync=full&files=memory"));
}

INSTANTIATE_TEST_SUITE_P(Engines, FilesPlace, ::testing::Values("lmdb", "sqlite-wal"),
                         [](const auto& test) { return test.param.substr(0, test.param.find('-')); });

TEST(DiskFolder, IsTheOneThatOutlivesARestart) {
  const char* const set = std::getenv("TMPDIR");
  const std::string before = set == nullptr ? "" : set;
  unsetenv("TMPDIR");
  EXPECT_EQ(disk_folder(), "/var/tmp");
  EXPECT_EQ(temporary_folder(), "/tmp");
  if (set != nullptr) setenv("TMPDIR", before.c_str(), 1);
}

}  // namespace
}  // namespace dictbench
