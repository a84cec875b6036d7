// The registry of faults.
#include "harness/torture/fault.h"
#include "harness/torture/faults/process_faults.h"

namespace dictbench::torture {

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = process_faults();
  return all;
}

}  // namespace dictbench::torture
