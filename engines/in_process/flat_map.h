// A hash map of strings in a process's own memory, which is what `local` is: Abseil's flat_hash_map, searched by
// string_view, in 2 MB pages. As any container: one thread at a time.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <utility>

#include "engines/in_process/string_table.h"

namespace dictbench {

using FlatMap = absl::flat_hash_map<PooledString, PooledString, StringHash, std::equal_to<>,
                                    HugePageAllocator<std::pair<const PooledString, PooledString>>>;

}  // namespace dictbench
