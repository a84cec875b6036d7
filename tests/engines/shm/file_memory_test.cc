#include "engines/shm/file_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dictbench {
namespace {

// A nameless file in memory, mapped.
class FileMemory : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kLength = 2 * kHugePageBytes + 5000;

  void SetUp() override {
    file_ = memfd_create("file_memory_test", MFD_CLOEXEC);
    ASSERT_GE(file_, 0);
    ASSERT_EQ(ftruncate(file_, kLength), 0);
    map_ = static_cast<char*>(map_shared(file_, kLength));
    ASSERT_NE(map_, MAP_FAILED) << std::strerror(errno);
  }
  void TearDown() override {
    munmap(map_, kLength);
    close(file_);
  }

  std::uint64_t blocks() const {
    struct stat info {};
    EXPECT_EQ(fstat(file_, &info), 0);
    return static_cast<std::uint64_t>(info.st_blocks);
  }

  int file_ = -1;
  char* map_ = nullptr;
};

TEST_F(FileMemory, IsMappedWhereHugePagesCanBe) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(map_) % kHugePageBytes, 0u);
  ASSERT_EQ(allocate_file(file_, 0, kLength), 0);
  map_[kLength - 1] = 'x';
  char last = 0;
  ASSERT_EQ(pread(file_, &last, 1, kLength - 1), 1);
  EXPECT_EQ(last, 'x');
}

TEST_F(FileMemory, AHugePageHoldsWhatThePagesHeld) {
  ASSERT_EQ(allocate_file(file_, 0, kLength), 0);
  for (std::uint64_t at = 0; at < 2 * kHugePageBytes; at += 4096) map_[at] = static_cast<char>(at >> 12);
  const bool made = make_huge_page(map_ + kHugePageBytes);
  for (std::uint64_t at = 0; at < 2 * kHugePageBytes; at += 4096) ASSERT_EQ(map_[at], static_cast<char>(at >> 12));
  if (!made) GTEST_SKIP() << "this system makes no 2 MB pages of shared memory";
}

TEST_F(FileMemory, AReleasedRangeTakesNoMemoryAndReadsAsZeros) {
  ASSERT_EQ(allocate_file(file_, 0, kLength), 0);
  std::memset(map_, 'x', kLength);
  const std::uint64_t before = blocks();
  ASSERT_EQ(release_file(file_, 4096, 4096 + (64 << 10)), 0);
  EXPECT_EQ(before - blocks(), std::uint64_t{64 << 10} / 512);
  EXPECT_EQ(map_[4095], 'x');
  EXPECT_EQ(map_[4096 + (64 << 10)], 'x');
  for (std::uint64_t at = 4096; at < 4096 + (64 << 10); ++at) ASSERT_EQ(map_[at], 0) << at;
}

TEST_F(FileMemory, SaysWhyItCannotAllocateOrRelease) {
  EXPECT_EQ(release_file(-1, 0, 4096), EBADF);
  EXPECT_EQ(release_file(file_, 4096, 4096), EINVAL);
  EXPECT_EQ(allocate_file(-1, 0, 4096), EBADF);
  EXPECT_EQ(allocate_file(file_, 4096, 4096), EINVAL);
}

TEST_F(FileMemory, SaysWhyItCannotMap) {
  EXPECT_EQ(map_shared(-1, 4096), MAP_FAILED);
  EXPECT_EQ(errno, EBADF);
}

}  // namespace
}  // namespace dictbench
