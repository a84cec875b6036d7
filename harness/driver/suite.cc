#include "harness/driver/suite.h"

#include <fmt/format.h>

#include <stdexcept>

#include "engines/registry.h"
#include "workloads/workload.h"

namespace dictbench {

Suite find_suite(const std::string& name) {
  Suite suite;
  suite.workloads = list_workloads();
  if (name == "standard") {
    suite.engines = usual_engines();
    suite.budget_s = 660;
  } else if (name == "smoke") {
    for (const EngineDescription& engine : engine_descriptions()) suite.engines.push_back(engine.name);
    suite.repetitions = 1;
    suite.scale = 0.001;
  } else {
    throw std::invalid_argument(fmt::format("no suite '{}'; there are standard, smoke", name));
  }
  return suite;
}

}  // namespace dictbench
