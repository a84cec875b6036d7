// A workload file made for what is asked, so that `dictbench run` measures exactly that.
#pragma once

#include <string>

#include "results/choose/requirements.h"

namespace dictbench {

// The text of a .toml file. One phase, few popular keys (zipfian), as many operations as keys at least; without a
// number of items, as many as keep the values below 64 MiB, a million at most. Values are checked, so they have 10
// bytes at least. Throws WorkloadError for what no workload can be: more processes than it may have.
std::string need_workload(const Requirements& asked);

}  // namespace dictbench
