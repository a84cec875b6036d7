#include "harness/driver/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "workloads/workload.h"

namespace dictbench {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Suite, StandardIsPartOfWhatIsCommitted) {
  const Suite standard = find_suite("standard"), host = find_suite("host");
  EXPECT_THAT(host.workloads, IsSupersetOf(standard.workloads));
  EXPECT_EQ(host.engines, standard.engines);
  EXPECT_TRUE(standard.most_processes_only);
  EXPECT_FALSE(host.most_processes_only);
  EXPECT_GE(standard.least_repetitions, 3u);
  EXPECT_GE(host.least_repetitions, 9u);
}

// Keys are given up for nobody, so a suite names no scale but the smoke test's.
TEST(Suite, AllEnginesHaveTheSameKeys) {
  for (const char* const name : {"standard", "host", "documents"}) {
    const Suite suite = find_suite(name);
    EXPECT_EQ(suite.scale, 1) << name;
    EXPECT_THAT(suite.engines, Not(Contains(StartsWith("rival-")))) << name;
  }
  EXPECT_LT(find_suite("smoke").scale, 1);
}

TEST(Suite, EveryWorkloadIsThere) {
  for (const std::string& name : suite_names())
    for (const std::string& workload : find_suite(name).workloads) EXPECT_NO_THROW(load_workload(workload)) << workload;
}

TEST(Suite, OneThatIsNotThereIsRefused) { EXPECT_THROW(find_suite("nosuch"), std::invalid_argument); }

}  // namespace
}  // namespace dictbench
