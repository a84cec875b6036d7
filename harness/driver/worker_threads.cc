#include "harness/driver/worker_threads.h"

#include <thread>
#include <vector>

namespace dictbench {

int run_worker_threads(ControlPage& page, const WorkerPlan& plan,
                       const std::function<std::unique_ptr<Engine>()>& create) {
  std::unique_ptr<Engine> engine;
  std::vector<WorkerPlan> plans;
  std::vector<std::jthread> others;
  try {
    engine = create();
    Executed executed(plan.workload, plan.processes);
    for (unsigned worker = 0; worker < plan.processes; ++worker) {
      plans.push_back(plan);
      plans.back().worker = worker;
      plans.back().attach = [&engine] { return engine->attach(); };
    }
    for (unsigned worker = 1; worker < plan.processes; ++worker)
      others.emplace_back([&page, &executed, &own = plans[worker]] { run_worker(page, own, executed); });
    const int status = run_worker(page, plans[0], executed);
    others.clear();
    return status;
  } catch (const std::exception& error) {
    fail_with(page.workers[0], error.what());
    ring_driver(page);
    return 1;
  }
}

}  // namespace dictbench
