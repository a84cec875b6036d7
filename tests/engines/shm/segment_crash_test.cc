// Segments whose maker or committer is killed at each step.
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engines/shm/crash_point.h"
#include "engines/shm/leftovers.h"
#include "engines/shm/segment.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

constexpr SegmentLayout kLayout{.name = "test", .version = 1};
constexpr std::uint64_t kMebibyte = 1 << 20;

std::vector<std::string> points(const std::string& prefix) {
  std::vector<std::string> names = crash_point_names();
  std::erase_if(names, [&](const std::string& name) { return !name.starts_with(prefix); });
  EXPECT_GE(names.size(), 2u);
  return names;
}

TEST(SegmentCrash, WhatAKilledMakerLeavesIsNotOpenedAndIsRemoved) {
  std::vector<std::string> all = points("segment.create.");
  for (const char* prefix : {"segment.commit.", "segment.publish."})
    for (const std::string& point : points(prefix)) all.push_back(point);
  for (const std::string& point : all) {
    SCOPED_TRACE(point);
    SharedMemory<std::array<char, 128>> name;
    ChildProcess maker([&] {
      // Names are counted, so the next one can be foretold.
      const std::string first = Segment::create(kLayout, kMebibyte, 0).name();
      const auto number = first.rfind(".s") + 2;
      const std::string next = first.substr(0, number) + std::to_string(std::stoul(first.substr(number)) + 1);
      next.copy(name->data(), name->size() - 1);
      arm_crash_point(point, 1, CrashAction::kill);
      Segment::create(kLayout, kMebibyte, kMebibyte).publish();
    });
    const int status = maker.wait();
    ASSERT_TRUE(WIFSIGNALED(status)) << "never visited";
    const std::string file = std::string("/dev/shm") + name->data();
    ASSERT_EQ(access(file.c_str(), F_OK), 0);
    const auto code = error_code_of([&] { Segment::open(name->data(), kLayout); });
    EXPECT_EQ(code, point == "segment.publish.done" ? std::nullopt : std::optional(ErrorCode::unavailable));
    remove_leftovers();
    EXPECT_NE(access(file.c_str(), F_OK), 0);
  }
}

TEST(SegmentCrash, OthersCommitWhatAKilledOneBegan) {
  for (const std::string& point : points("segment.commit.")) {
    SCOPED_TRACE(point);
    Segment segment = Segment::create(kLayout, 4 * kMebibyte, 4096);
    segment.publish();
    ChildProcess child([&] {
      Segment attached = Segment::open(segment.name(), kLayout);
      arm_crash_point(point, 1, CrashAction::kill);
      attached.commit(kMebibyte);
    });
    ASSERT_TRUE(WIFSIGNALED(child.wait())) << "never visited";
    EXPECT_TRUE(segment.committed() == 4096 || segment.committed() == kMebibyte);
    segment.commit(2 * kMebibyte);
    EXPECT_EQ(segment.committed(), 2 * kMebibyte);
    for (std::uint64_t at = 0; at < 2 * kMebibyte; at += 4096) ASSERT_EQ(segment.data()[at], 0) << at;
  }
}

}  // namespace
}  // namespace dictbench
