#include "harness/driver/suite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines/registry.h"
#include "harness/driver/cell_figures.h"
#include "harness/driver/pace.h"
#include "harness/driver/suitability.h"
#include "workloads/workload.h"

namespace dictbench {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
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

// Of values: bytes of each, and of all together.
std::map<std::uint64_t, std::uint64_t> sizes_of(const Suite& suite) {
  std::map<std::uint64_t, std::uint64_t> sizes;
  for (const std::string& name : suite.workloads) {
    if (!name.starts_with("values-")) continue;
    for (const Phase& phase : load_workload(name).phases)
      sizes[phase.values.sizes[0].bytes] = phase.values.sizes[0].bytes * phase.keys;
  }
  return sizes;
}

// Whatever size is asked for, one within a factor of two was measured, by operations on as many bytes.
TEST(Suite, SizesOfValuesGoInStepsOfFourWithTheSameTotal) {
  const auto sizes = sizes_of(find_suite("host"));
  ASSERT_FALSE(sizes.empty());
  EXPECT_EQ(sizes.begin()->first, 10u);
  EXPECT_EQ(sizes.rbegin()->first, 1u << 20);
  std::uint64_t before = sizes.begin()->first;
  for (const auto& [bytes, total] : sizes) {
    EXPECT_LE(bytes, 4 * before);
    EXPECT_LE(total, 4u << 20);
    EXPECT_GT(total + bytes, 4u << 20) << "as many keys as make 4 MiB";
    before = bytes;
  }
  EXPECT_EQ(sizes_of(find_suite("standard")).begin()->first, 128u);
}

// An engine is not kept from the sizes that it can hold by those that it cannot.
TEST(Suite, ValuesAreMeasuredWithWhateverCanHoldThem) {
  const auto suits = [](const char* engine, const char* workload) {
    const Spec spec = parse_engine_spec(engine);
    return unsuitable(find_engine(spec.name()).contract(spec), load_workload(workload), 2).empty();
  };
  EXPECT_TRUE(suits("bucket-table", "values-short"));
  EXPECT_FALSE(suits("bucket-table", "values-middle"));
  EXPECT_FALSE(suits("blob", "values-middle"));
  EXPECT_TRUE(suits("blob", "values-long"));
  for (const char* engine : {"lockfree", "stream-log", "boost-map", "redis", "local"})
    for (const char* workload : {"values-short", "values-middle", "values-long"})
      EXPECT_TRUE(suits(engine, workload)) << engine << " " << workload;
}

// What the user is told, and what the budget holds, is with the warm-ups and leaves time for loads and verification.
TEST(Suite, BudgetsHoldTheWarmUps) {
  for (const char* const name : {"standard", "host", "documents"}) {
    const Suite suite = find_suite(name);
    CellSelection selection;
    selection.engines = suite.engines;
    selection.workloads = suite.workloads;
    selection.most_processes_only = suite.most_processes_only;
    const double windows_s = suite.least_repetitions * seconds_of_windows(selection, kShortestSeconds);
    EXPECT_LT(windows_s, 0.7 * *suite.budget_s) << name;
    EXPECT_FALSE(suite.takes.empty()) << name;
  }
}

TEST(Suite, RecordsSayHowLongAPhaseWarmedUpAndWhichLoadsOverwrite) {
  const Workload values = load_workload("values-middle");
  std::vector<std::string> overwriting;
  for (const Phase& phase : values.phases)
    if (work_of(values, phase).overwrites) overwriting.push_back(phase.name);
  EXPECT_THAT(overwriting, ElementsAre("load-512b"));
  EXPECT_DOUBLE_EQ(*work_of(values, values.phases[0]).warm_up_s, 0) << "a load";
  EXPECT_DOUBLE_EQ(*work_of(values, values.phases[1]).warm_up_s, 0.2) << "0.5 s of sets";
  EXPECT_DOUBLE_EQ(*work_of(values, values.phases[2]).warm_up_s, 0.1) << "0.5 s of gets";
  for (const char* const name : {"large", "blob-growth", "load-1m"}) {
    const Workload workload = load_workload(name);
    for (const Phase& phase : workload.phases) EXPECT_FALSE(work_of(workload, phase).overwrites) << name;
  }
}

TEST(Suite, ALoadOverwritesOnlyWhatIsStillThere) {
  const auto overwrites = [](const Workload& workload) {
    std::vector<std::string> names;
    for (const Phase& phase : workload.phases)
      if (work_of(workload, phase).overwrites) names.push_back(phase.name);
    return names;
  };
  const Workload values = load_workload("values-middle");
  ASSERT_THAT(overwrites(values), ElementsAre("load-512b"));
  Workload erasing = values;
  erasing.phases[1].mix = {.insert = 0.5, .erase = 0.5};
  EXPECT_THAT(overwrites(erasing), ElementsAre());
  Workload counting = values;
  counting.counters = counting.keys;
  counting.phases[0].counters = true;
  EXPECT_THAT(overwrites(counting), ElementsAre()) << "the first load was of other keys";
  counting.preload = true;
  EXPECT_THAT(overwrites(counting), ElementsAre("load-512b")) << "counters are not preloaded";
}

TEST(Suite, OneThatIsNotThereIsRefused) { EXPECT_THROW(find_suite("nosuch"), std::invalid_argument); }

}  // namespace
}  // namespace dictbench
