// What torture and check found, as tables beside the promises. Private to results/tables/.
#pragma once

#include <vector>

#include "results/tables/tables.h"

namespace dictbench {

// Figures over kills and histories, behaviour in words, and every fault under every engine. The last record of an
// engine and a fault counts, so a repeated run replaces the earlier one. Empty without such records.
std::vector<Table> build_trust(const RecordFile& records, const TableContext& context);

}  // namespace dictbench
