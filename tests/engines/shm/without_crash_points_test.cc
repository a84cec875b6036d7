// The variant that is measured: the same interface with nothing behind it.
#include <gtest/gtest.h>

#include <stdexcept>

#include "engines/shm/crash_point.h"

namespace dictbench {
namespace {

TEST(WithoutCrashPoints, ThereAreNone) {
  CRASH_POINT("test.step.done");
  EXPECT_TRUE(crash_point_names().empty());
  EXPECT_TRUE(crash_point_visits().empty());
  EXPECT_THROW(arm_crash_point("test.step.done", 1, CrashAction::kill), std::invalid_argument);
}

}  // namespace
}  // namespace dictbench
