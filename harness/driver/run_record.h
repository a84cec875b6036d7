// The first line of a record file, for every command that writes one.
#pragma once

#include <string>
#include <vector>

#include "results/record.h"

namespace dictbench {

// Who measures, with what and where: commit, compiler, versions of these engines' libraries, host, warnings for
// a run of up to `processes` processes. `options`: the command line's, resolved.
RunRecord describe_run(const std::vector<std::string>& engines, Facts options, std::uint64_t seed, unsigned processes);

}  // namespace dictbench
