// Making the segment of a lock-free table.
#pragma once

#include <cstdint>

#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

inline constexpr SegmentLayout kLayout{.name = "lockfree", .version = 1};

struct Sizes {
  std::uint64_t max = 0;    // bytes of the segment
  std::uint64_t items = 0;  // for which the first tables are made
  std::uint64_t partitions = 1024;
  bool huge_pages = true;  // ask for pages of 2 MB
};

// Throws Error(full, unavailable), SpecError.
Segment create(const Sizes& sizes);

// An arena in a segment that another process may have made. Throws Error(unavailable) from another pid namespace,
// where nobody could tell who is alive, and Error(full).
std::uint32_t attach_arena(Space& space);

}  // namespace dictbench::lockfree
