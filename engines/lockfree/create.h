// Making the segment of a lock-free table.
#pragma once

#include <cstdint>
#include <string>

#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

inline constexpr SegmentLayout kLayout{.name = "lockfree", .version = 2, .least_bytes = sizeof(Root)};

struct Sizes {
  std::uint64_t max = 0;    // bytes of the segment
  std::uint64_t items = 0;  // for which the first tables are made
  std::uint64_t partitions = 1024;
  bool huge_pages = true;  // ask for pages of 2 MB
  Hasher hasher = {};      // of its keys
};

// Throws Error(full, unavailable), SpecError.
Segment create(const Sizes& sizes);

// A segment that another process may have made. Throws Error as Segment::open() does, and `corrupt` where its root says
// what does not fit its length.
Segment open(const std::string& name);

}  // namespace dictbench::lockfree
