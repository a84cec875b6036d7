#include "tests/engines/lockfree/explorer/program.h"

#include <algorithm>
#include <cstdlib>

#include "tests/engines/lockfree/explorer/running.h"

namespace dictbench::explorer {

Exploration explore(const Program& program) {
  Running running(program);
  Bounds bounds = program.bounds;
  if (const char* schedule = std::getenv("DICTBENCH_EXPLORER_REPLAY")) {
    Exploration result;
    result.executions = {1};
    result.failure = running.replay(schedule_of(schedule), {});
    return result;
  }
  if (const char* more = std::getenv("DICTBENCH_EXPLORER_PREEMPTIONS"))
    bounds.preemptions += static_cast<unsigned>(std::strtoul(more, nullptr, 10));
  if (const char* seconds = std::getenv("DICTBENCH_EXPLORER_SECONDS"))
    bounds.seconds = std::min(bounds.seconds, std::strtod(seconds, nullptr));
  return running.explore(bounds);
}

}  // namespace dictbench::explorer
