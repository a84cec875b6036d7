// What no record covers for a need, with the commands that would measure it. Private to results/choose/.
#pragma once

#include <string>
#include <vector>

#include "results/choose/choose.h"

namespace dictbench {

// For a choice whose situation, fits and exclusions are known. Nothing when all of the need was measured.
std::vector<Uncovered> find_uncovered(const Choice& choice, const RecordFile& records, const Knowledge& knowledge,
                                      const std::string& workload_file);

}  // namespace dictbench
