#include "engines/shm/segment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "engines/shm/private_directory.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr SegmentLayout kLayout{.name = "test", .version = 3};
constexpr std::uint64_t kMebibyte = 1 << 20;

std::string path_of(const std::string& name) { return fmt::format("/dev/shm{}", name); }

bool exists(const std::string& name) { return access(path_of(name).c_str(), F_OK) == 0; }

// A file in /dev/shm that is no segment, or was one.
class RawFile {
 public:
  explicit RawFile(std::uint64_t length)
      : name_(fmt::format("/{}{}.raw", own_name_prefix(), ProcessIdentity::self().text())) {
    file_ = shm_open(name_.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (ftruncate(file_, static_cast<off_t>(length)) != 0) ADD_FAILURE();
  }
  ~RawFile() {
    close(file_);
    shm_unlink(name_.c_str());
  }
  const std::string& name() const { return name_; }
  int file() const { return file_; }

 private:
  std::string name_;
  int file_;
};

TEST(Segment, IsSharedByNameAndGoesWithItsCreator) {
  std::string name;
  {
    const Segment made = Segment::create(kLayout, kMebibyte, 4096);
    name = made.name();
    struct stat info {};
    ASSERT_EQ(stat(path_of(name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    EXPECT_EQ(made.owner(), ProcessIdentity::self());
    EXPECT_EQ(made.data()[100], 0);
    made.data()[100] = 'x';

    const Segment attached = Segment::open(name, kLayout);
    EXPECT_NE(attached.data(), made.data());
    EXPECT_EQ(attached.data()[100], 'x');
    EXPECT_EQ(attached.reserved(), kMebibyte);
    EXPECT_EQ(attached.owner(), made.owner());
  }
  EXPECT_FALSE(exists(name));
  EXPECT_EQ(error_code_of([&] { Segment::open(name, kLayout); }), ErrorCode::unavailable);
}

TEST(Segment, OutlivesAttachedAndForkedProcesses) {
  const Segment made = Segment::create(kLayout, kMebibyte, 4096);
  { const Segment attached = Segment::open(made.name(), kLayout); }
  EXPECT_TRUE(exists(made.name()));
  ChildProcess child([&] { const Segment inherited = std::move(const_cast<Segment&>(made)); });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_TRUE(exists(made.name()));
}

TEST(Segment, CommitsInAnyProcessAndTellsAll) {
  Segment made = Segment::create(kLayout, 64 * kMebibyte, 4096);
  EXPECT_LE(made.bytes_in_use(), 64u << 10);
  EXPECT_GE(made.length(), 64 * kMebibyte);
  ChildProcess child([&] {
    Segment attached = Segment::open(made.name(), kLayout);
    attached.commit(kMebibyte);
    attached.data()[kMebibyte - 1] = 'y';
  });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(made.committed(), kMebibyte);
  EXPECT_EQ(made.data()[kMebibyte - 1], 'y');
  EXPECT_GE(made.bytes_in_use(), kMebibyte);
  made.commit(10);
  EXPECT_EQ(made.committed(), kMebibyte);
}

TEST(Segment, CommitsRangesBesideWhatItCounts) {
  Segment made = Segment::create(kLayout, 8 * kMebibyte, 4096);
  made.commit_range(4 * kMebibyte, 5 * kMebibyte);
  made.data()[5 * kMebibyte - 1] = 'z';
  EXPECT_EQ(made.committed(), 4096u);
  EXPECT_GE(made.bytes_in_use(), kMebibyte);
  EXPECT_LE(made.bytes_in_use(), kMebibyte + (64 << 10));
  made.commit_range(5 * kMebibyte, 5 * kMebibyte);
  EXPECT_EQ(error_code_of([&] { made.commit_range(8 * kMebibyte, 8 * kMebibyte + 4096); }), ErrorCode::full);
  EXPECT_EQ(made.data()[5 * kMebibyte - 1], 'z');
}

TEST(Segment, CommitsFromManyThreadsAtOnce) {
  Segment made = Segment::create(kLayout, 16 * kMebibyte, 0);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      Segment attached = Segment::open(made.name(), kLayout);
      for (std::uint64_t bytes = 4096; bytes <= 4 * kMebibyte; bytes += 64 << 10) attached.commit(bytes);
    });
  threads.clear();
  EXPECT_GE(made.committed(), 4 * kMebibyte - (64 << 10));
  EXPECT_GE(made.bytes_in_use(), made.committed());
}

TEST(Segment, SaysFullAndStaysUsable) {
  const SharedMemorySpace space = shared_memory_space();
  ASSERT_GT(space.total, 0u);
  Segment made = Segment::create(kLayout, 2 * space.total, 4096);
  made.data()[0] = 'z';
  EXPECT_EQ(error_code_of([&] { made.commit(space.total + kMebibyte); }), ErrorCode::full);
  EXPECT_EQ(error_code_of([&] { made.commit(made.reserved() + 1); }), ErrorCode::full);
  EXPECT_EQ(made.committed(), 4096u);
  EXPECT_LE(made.bytes_in_use(), 64u << 10);
  made.commit(8192);
  EXPECT_EQ(made.data()[0], 'z');
  EXPECT_EQ(error_code_of([&] { Segment::create(kLayout, 2 * space.total, space.total + 1); }), ErrorCode::full);
}

TEST(Segment, RefusesAnotherLayout) {
  const Segment made = Segment::create(kLayout, kMebibyte, 0);
  EXPECT_THAT([&] { Segment::open(made.name(), {.name = "test", .version = 4}); },
              ThrowsMessage<Error>(HasSubstr("holds 'test' version 3, wanted is 'test' version 4")));
  EXPECT_EQ(error_code_of([&] { Segment::open(made.name(), {.name = "other", .version = 3}); }), ErrorCode::corrupt);
}

TEST(Segment, RefusesWhatIsNoneOrTruncated) {
  EXPECT_EQ(error_code_of([] { Segment::open(RawFile(0).name(), kLayout); }), ErrorCode::unavailable);
  {
    const RawFile small(100);
    EXPECT_THAT([&] { Segment::open(small.name(), kLayout); }, ThrowsMessage<Error>(HasSubstr("100 bytes")));
  }
  {
    const RawFile unfinished(kMebibyte);
    EXPECT_EQ(error_code_of([&] { Segment::open(unfinished.name(), kLayout); }), ErrorCode::unavailable);
    ASSERT_EQ(pwrite(unfinished.file(), "foreign!", 8, 0), 8);
    EXPECT_EQ(error_code_of([&] { Segment::open(unfinished.name(), kLayout); }), ErrorCode::corrupt);
  }
  const Segment made = Segment::create(kLayout, kMebibyte, 0);
  ASSERT_EQ(truncate(path_of(made.name()).c_str(), kMebibyte / 2), 0);
  EXPECT_THAT([&] { Segment::open(made.name(), kLayout); }, ThrowsMessage<Error>(HasSubstr("truncated?")));
}

TEST(Segment, IsNeverSeenHalfMade) {
  // Names can be foretold, so an opener can be there from the first moment. Committing takes long enough (256 pages)
  // that it comes in between.
  SharedMemory<std::atomic<bool>> stop;
  SharedMemory<std::atomic<unsigned>> next;
  SharedMemory<std::atomic<unsigned>> wrong;
  const std::string first = Segment::create(kLayout, 4096, 0).name();
  const auto dot = first.rfind(".s");
  const std::string stem = first.substr(0, dot + 2);
  *next = static_cast<unsigned>(std::stoul(first.substr(dot + 2))) + 1;
  ChildProcess opener([&] {
    while (!*stop) {
      try {
        const Segment attached = Segment::open(stem + std::to_string(*next), kLayout);
        if (attached.reserved() != kMebibyte || attached.committed() != kMebibyte) ++*wrong;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::unavailable) ++*wrong;
      }
    }
  });
  for (int i = 0; i < 200; ++i) {
    const Segment made = Segment::create(kLayout, kMebibyte, kMebibyte);
    ASSERT_EQ(made.name(), stem + std::to_string(*next));
    ++*next;
  }
  *stop = true;
  EXPECT_EQ(opener.wait(), 0);
  EXPECT_EQ(*wrong, 0u);
}

}  // namespace
}  // namespace dictbench
