// How several machines are told apart in the heads of columns: their names are too long for two columns each.
// Private to results/tables/.
#pragma once

#include <string>
#include <vector>

#include "results/tables/series.h"

namespace dictbench {

// Hosts of these blocks by name, so that each has the same label in every table of the same records.
std::vector<std::string> sorted_hosts(const std::vector<Block>& blocks);

// "A", "B", ... of the n-th, from 0.
std::string host_label(std::size_t host);

// "A: amd-a8-4500m-4-cores; B: intel-core-i7-8-cores."
std::string host_legend(const std::vector<std::string>& hosts);

}  // namespace dictbench
