#include "harness/driver/suite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <stdexcept>

#include "engines/registry.h"
#include "workloads/workload.h"

namespace dictbench {
namespace {

constexpr std::array kWorkloads = {"large",  "small",  "ycsb-a",        "ycsb-b",      "ycsb-c",     "ycsb-d",
                                   "ycsb-e", "ycsb-f", "values-middle", "values-long", "growth-tail"};
// What a machine's committed records have beyond that: values of 10 and 32 bytes. `large` has 10 bytes too, and to load
// and verify 419,430 keys takes servers several seconds a round.
constexpr const char* kShortValues = "values-short";
// What committed tables need beyond that: the documents' programs, and how the cost of a set grows with the items.
constexpr std::array kDocuments = {"blob-growth", "mpdict-1m", "redis-100k", "pyshmht-64b", "lock-counter"};

}  // namespace

std::vector<std::string> suite_names() { return {"standard", "host", "documents", "smoke"}; }

Suite find_suite(const std::string& name) {
  Suite suite;
  if (name == "standard") {
    suite.engines = usual_engines();
    suite.workloads.assign(kWorkloads.begin(), kWorkloads.end());
    suite.most_processes_only = true;
    suite.least_repetitions = 3;
    suite.budget_s = 780;
    suite.takes = "about 18 minutes";
    suite.limit = 2.5;  // seconds; tables in memory load a million keys in 1.8 at most, Redis in some 14
  } else if (name == "host") {
    suite.engines = usual_engines();
    suite.workloads.assign(kWorkloads.begin(), kWorkloads.end());
    suite.workloads.emplace_back(kShortValues);
    suite.least_repetitions = 9;
    suite.budget_s = 5500;  // what nine rounds take with the shortest windows
    suite.takes = "an hour and a half";
  } else if (name == "documents") {
    suite.engines = usual_engines();
    suite.workloads.assign(kDocuments.begin(), kDocuments.end());
    suite.least_repetitions = 3;
    suite.budget_s = 375;
    suite.takes = "some minutes";
  } else if (name == "smoke") {
    for (const EngineDescription& engine : engine_descriptions()) suite.engines.push_back(engine.name);
    suite.workloads = list_workloads();
    suite.repetitions = 1;
    suite.most_processes_only = true;
    suite.scale = 0.001;
    suite.seconds = 0.01;
    suite.limit = 5;
    suite.takes = "tiny";
  } else {
    throw std::invalid_argument(fmt::format("no suite '{}'; there are {}", name, fmt::join(suite_names(), ", ")));
  }
  return suite;
}

}  // namespace dictbench
