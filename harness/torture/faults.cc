// The registry of faults: those of the processes, at last `step`, then those of the environment.
#include "harness/torture/fault.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/faults/process_faults.h"
#include "harness/torture/faults/step.h"

namespace dictbench::torture {

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> list = process_faults();
    list.push_back(step_fault());
    const std::vector<Fault> more = environment_faults();
    list.insert(list.end(), more.begin(), more.end());
    return list;
  }();
  return all;
}

}  // namespace dictbench::torture
