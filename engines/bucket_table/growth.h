// How a full table becomes a larger one.
//
// With all writers kept out by the locks of all stripes, everything is copied into a new file PATH-GENERATION of twice
// the groups. Storing `moved` in the old file is the one step that makes the new one the dict; then it is renamed over
// PATH. Before that step a killed process leaves a file that the next growth removes; after it whoever finds `moved`
// renames, so that does not depend on the process that copied either. Readers go on in the old file all the while; a
// read counts only if `moved` is still 0 after it. The old file goes when the last process has left it, with its next
// operation.
#pragma once

#include <string>

#include "engines/bucket_table/table.h"

namespace dictbench::bucket_table {

// Rebuilds the table at `path` unless somebody has already done so. No lock may be held. Throws Error(full): the table
// may not grow, or not so far, or there is no room for it; nothing has changed then.
void grow(Table& table, const std::string& path);

// The table that has taken the place of one that has moved. Throws Error: `unavailable` where it is gone.
Table successor(const Table& table, const std::string& path);

}  // namespace dictbench::bucket_table
