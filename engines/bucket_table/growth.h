// How a full table becomes a larger one.
//
// With all writers kept out by the locks of all stripes, everything is copied into a new file PATH-GENERATION of twice
// the groups. Storing `moved` in the old file is the one step that makes the new one the dict; then it is renamed over
// PATH. Before that step a killed process leaves a file that the next growth removes; after it whoever finds `moved`
// renames, so that does not depend on the process that copied either. Readers go on in the old file all the while: one
// that found `moved` 0 when its call began need not look again, because the move came after that, so the old file,
// which nobody changes any more, holds what the dict held at a moment of the call. The old file goes when the last
// process has left it, with its next operation.
//
// Keys of one hash stay together in a table of any size. So a table that would have more than 16 buckets an item does
// not grow; the key that has no room is refused.
#pragma once

#include <cstdint>
#include <string>

#include "engines/bucket_table/table.h"

namespace dictbench::bucket_table {

// Rebuilds the table at `path` unless somebody has already done so; `hash`: of the key that has no room. No lock may be
// held. Throws Error(full): the table may not grow, or not so far, there is no room for it, or it would be of no use to
// that key; Error(timeout). Nothing has changed then.
void grow(Table& table, const std::string& path, std::uint64_t hash);

// The table that has taken the place of one that has moved. Throws Error: `unavailable` where it is gone.
Table successor(const Table& table, const std::string& path);

}  // namespace dictbench::bucket_table
