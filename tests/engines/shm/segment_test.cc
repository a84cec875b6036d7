#include "engines/shm/segment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engines/shm/private_directory.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/shm/own_namespaces.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr SegmentLayout kLayout{.name = "test", .version = 3};
constexpr std::uint64_t kMebibyte = 1 << 20;

std::string path_of(const std::string& name) { return fmt::format("/dev/shm{}", name); }

bool exists(const std::string& name) { return access(path_of(name).c_str(), F_OK) == 0; }

// A segment that others can open.
Segment make(std::uint64_t reserve_bytes, std::uint64_t commit_bytes) {
  Segment made = Segment::create(kLayout, reserve_bytes, commit_bytes);
  made.publish();
  return made;
}

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
    const Segment made = make(kMebibyte, 4096);
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
  const Segment made = make(kMebibyte, 4096);
  { const Segment attached = Segment::open(made.name(), kLayout); }
  EXPECT_TRUE(exists(made.name()));
  ChildProcess child([&] { const Segment inherited = std::move(const_cast<Segment&>(made)); });
  EXPECT_EQ(child.wait(), 0);
  EXPECT_TRUE(exists(made.name()));
}

TEST(Segment, CommitsInAnyProcessAndTellsAll) {
  Segment made = make(64 * kMebibyte, 4096);
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
  Segment made = make(8 * kMebibyte, 4096);
  made.commit_range(4 * kMebibyte, 5 * kMebibyte);
  made.data()[5 * kMebibyte - 1] = 'z';
  EXPECT_EQ(made.committed(), 4096u);
  EXPECT_GE(made.bytes_in_use(), kMebibyte);
  EXPECT_LE(made.bytes_in_use(), kMebibyte + (64 << 10));
  made.commit_range(5 * kMebibyte, 5 * kMebibyte);
  EXPECT_EQ(error_code_of([&] { made.commit_range(8 * kMebibyte, 8 * kMebibyte + 4096); }), ErrorCode::full);
  EXPECT_EQ(made.data()[5 * kMebibyte - 1], 'z');
}

TEST(Segment, GivesRangesBack) {
  Segment made = make(8 * kMebibyte, 4096);
  made.commit_range(2 * kMebibyte, 6 * kMebibyte);
  std::memset(made.data() + 2 * kMebibyte, 'v', 4 * kMebibyte);
  const std::uint64_t before = made.bytes_in_use();
  {
    Segment attached = Segment::open(made.name(), kLayout);
    attached.release_range(3 * kMebibyte, 5 * kMebibyte);
  }
  EXPECT_LE(before - made.bytes_in_use(), 2 * kMebibyte);
  EXPECT_GE(before - made.bytes_in_use(), 2 * kMebibyte - (128 << 10)) << "half a page at each end may stay";
  EXPECT_EQ(made.data()[3 * kMebibyte - 1], 'v');
  EXPECT_EQ(made.data()[5 * kMebibyte], 'v');
  made.commit_range(3 * kMebibyte, 5 * kMebibyte);
  EXPECT_EQ(made.bytes_in_use(), before);
  for (std::uint64_t at = 3 * kMebibyte; at < 5 * kMebibyte; at += 512) ASSERT_EQ(made.data()[at], 0) << at;
  made.release_range(4 * kMebibyte, 4 * kMebibyte);
  made.release_range(4 * kMebibyte, made.reserved() + 4096);
  EXPECT_EQ(made.bytes_in_use(), before) << "of no range";
}

TEST(Segment, CommitsFromManyThreadsAtOnce) {
  Segment made = make(16 * kMebibyte, 0);
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
  Segment made = make(2 * space.total, 4096);
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
  const Segment made = make(kMebibyte, 0);
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
  const Segment made = make(kMebibyte, 0);
  ASSERT_EQ(truncate(path_of(made.name()).c_str(), kMebibyte / 2), 0);
  EXPECT_THAT([&] { Segment::open(made.name(), kLayout); }, ThrowsMessage<Error>(HasSubstr("truncated?")));
}

// Asked before it is mapped: as long a file has no room in a process, and a hole in a full /dev/shm would be a SIGBUS.
TEST(Segment, RefusesWhatIsNoneWithoutMappingIt) {
  const RawFile huge(std::uint64_t{1} << 47);
  EXPECT_EQ(error_code_of([&] { Segment::open(huge.name(), kLayout); }), ErrorCode::unavailable);
  ASSERT_EQ(pwrite(huge.file(), "foreign!", 8, 0), 8);
  EXPECT_THAT([&] { Segment::open(huge.name(), kLayout); },
              ThrowsMessage<Error>(HasSubstr("is no segment of dictbench")));
}

TEST(Segment, WithoutADescriptorNothingIsLeft) {
  const SharedMemory<std::atomic<bool>> refused;
  ChildProcess child([&] {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0) _exit(1);
    *refused = error_code_of([] { Segment::create(kLayout, 4096, 0); }) == ErrorCode::unavailable;
  });
  const std::string owner = own_name_prefix() + ProcessIdentity::of(child.pid())->text();
  EXPECT_EQ(child.wait(), 0);
  EXPECT_TRUE(*refused);
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
    EXPECT_FALSE(entry.path().filename().native().starts_with(owner)) << entry.path();
}

TEST(Segment, IsOpenedOnceItIsPublished) {
  Segment made = Segment::create(kLayout, kMebibyte, 4096);
  EXPECT_THAT([&] { Segment::open(made.name(), kLayout); }, ThrowsMessage<Error>(HasSubstr("not finished")));
  made.publish();
  EXPECT_NO_THROW(Segment::open(made.name(), kLayout));
}

TEST(Segment, RefusesWhatHasNoRoomForTheRoot) {
  SegmentLayout wanted = kLayout;
  const Segment made = make(4096, 4096);
  wanted.least_bytes = 4096;
  EXPECT_NO_THROW(Segment::open(made.name(), wanted));
  wanted.least_bytes = 4097;
  EXPECT_EQ(error_code_of([&] { Segment::open(made.name(), wanted); }), ErrorCode::corrupt);
}

TEST(Segment, RefusesToReserveMoreThanAnyMachineHas) {
  for (const std::uint64_t bytes : {UINT64_MAX, UINT64_MAX - 4095, UINT64_MAX - 8191}) {
    EXPECT_EQ(error_code_of([&] { Segment::create(kLayout, bytes, 0); }), ErrorCode::unavailable) << bytes;
    EXPECT_EQ(error_code_of([&] { Segment::create(kLayout, 0, bytes); }), ErrorCode::unavailable) << bytes;
  }
}

TEST(Segment, RefusesWhatOthersMayHaveWritten) {
  const Segment made = make(kMebibyte, 4096);
  const std::string path = path_of(made.name());
  for (const mode_t mode : {0620, 0602, 0666}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THAT([&] { Segment::open(made.name(), kLayout); }, ThrowsMessage<Error>(HasSubstr("nobody else may write")))
        << mode;
    EXPECT_EQ(error_code_of([&] { Segment::open(made.name(), kLayout); }), ErrorCode::unavailable);
  }
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_NO_THROW(Segment::open(made.name(), kLayout));
  constexpr uid_t kNobody = 65534;
  if (chown(path.c_str(), kNobody, kNobody) == 0) {  // only root can
    EXPECT_EQ(error_code_of([&] { Segment::open(made.name(), kLayout); }), ErrorCode::unavailable);
  }
}

TEST(Segment, IsOpenedByAForkedChild) {
  const Segment made = make(kMebibyte, 4096);
  ChildProcess child([&] { Segment::open(made.name(), kLayout); });
  EXPECT_EQ(child.wait(), 0);
}

// There a robust lock can be given to two at once: the numbers of threads begin with 1 again.
TEST(Segment, RefusesOneOfAnotherPidNamespace) {
  const Segment made = make(kMebibyte, 4096);
  expect_done_in_namespaces(CLONE_NEWPID | CLONE_NEWNS, [&] {
    try {
      Segment::open(made.name(), kLayout);
      return 1;
    } catch (const Error& error) {
      const std::string_view what = error.what();
      return error.code() == ErrorCode::unavailable && what.find("within one pid namespace") != what.npos ? 0 : 2;
    }
  });
}

TEST(Segment, RefusesAnyWhereNobodyCanBeJudged) {
  const Segment made = make(kMebibyte, 4096);
  expect_done_in_namespaces(CLONE_NEWPID, [&] {
    if (error_code_of([&] { Segment::open(made.name(), kLayout); }) != ErrorCode::unavailable) return 1;
    const Segment own = make(kMebibyte, 4096);
    return error_code_of([&] { Segment::open(own.name(), kLayout); }) == ErrorCode::unavailable ? 0 : 2;
  });
}

TEST(Segment, IsNeverSeenHalfMade) {
  // Names can be foretold, so an opener can be there from the first moment. Committing and filling take long enough
  // (256 pages) that it comes in between.
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
        if (attached.data()[kMebibyte - 1] != 'x') ++*wrong;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::unavailable) ++*wrong;
      }
    }
  });
  for (int i = 0; i < 200; ++i) {
    Segment made = Segment::create(kLayout, kMebibyte, kMebibyte);
    ASSERT_EQ(made.name(), stem + std::to_string(*next));
    std::memset(made.data(), 'x', kMebibyte);
    made.publish();
    ++*next;
  }
  *stop = true;
  EXPECT_EQ(opener.wait(), 0);
  EXPECT_EQ(*wrong, 0u);
}

}  // namespace
}  // namespace dictbench
