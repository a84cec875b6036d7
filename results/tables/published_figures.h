// The figures of the documents' machines, beside those of the same programs on the machines here. Part of table
// `hosts`; private to results/tables/.
#pragma once

#include "results/tables/tables.h"

namespace dictbench {

// Only of documents that tell their machine, and only figures that give operations per second. Throws PublishedError.
Table published_figures(const std::string& table_name, const RecordFile& records, const TableContext& context);

}  // namespace dictbench
