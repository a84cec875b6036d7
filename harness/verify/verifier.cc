#include "harness/verify/verifier.h"

#include <fmt/format.h>

#include "harness/driver/control_page.h"
#include "harness/driver/worker_group.h"

namespace dictbench {

// The child is a group of one worker; its report carries the counts, its failure text the finding.
Readback verify_in_new_process(const std::function<std::unique_ptr<Dict>()>& attach,
                               const std::function<Readback(Dict&)>& read, std::chrono::seconds timeout) {
  constexpr std::uint32_t kOnlyStep = 1;
  ControlMapping control;
  WorkerArea& area = control->workers[0];
  const auto read_in_child = [&](unsigned) {
    Readback readback;
    try {
      readback = read(*attach());
    } catch (const std::exception& error) {
      readback.not_done = fmt::format("the reading process failed: {}", error.what());
    }
    area.report.ops = readback.keys;
    area.report.items = readback.items;
    if (!readback.not_done.empty()) fail_with(area, readback.not_done);
    if (!readback.wrong.empty()) fail_with(area, readback.wrong, true);
    area.reached.store(kOnlyStep, std::memory_order_release);
    ring_driver(*control);
    return 0;
  };
  WorkerGroup child(control, 1, StartMode::fork, read_in_child, {});
  Readback readback;
  const std::string died = child.step(kOnlyStep, timeout);
  readback.keys = area.report.ops;
  readback.items = area.report.items;
  const std::string told = area.failed.load(std::memory_order_acquire) ? area.failure : died;
  (area.wrong_data ? readback.wrong : readback.not_done) = told;
  return readback;
}

}  // namespace dictbench
