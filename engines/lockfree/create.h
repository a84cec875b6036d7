// Making the segment of a lock-free table.
#pragma once

#include <cstdint>
#include <string>

#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

inline constexpr SegmentLayout kLayout{.name = "lockfree", .version = 4, .least_bytes = sizeof(Root)};

struct Sizes {
  std::uint64_t max = 0;    // bytes of the segment
  std::uint64_t items = 0;  // for which the first tables are made
  std::uint64_t partitions = 1024;
  bool huge_pages = true;  // ask for pages of 2 MB
  Hasher hasher = {};      // of its keys
};

// Bytes that the numbers of blocks reach.
inline constexpr std::uint64_t kMostBytes = (std::uint64_t{1} << 32) * kUnit;

// Where everything lies in a segment of at most `bytes`, but for what the rounding adds. No block's
// number is beyond 32 bits.
struct Layout {
  std::uint64_t arenas_at = 0, directory_at = 0, meta_at = 0, chunks_at = 0;  // offsets
  std::uint64_t max_chunks = 0;

  std::uint64_t end() const noexcept { return chunks_at + max_chunks * kChunkBytes; }
};
Layout layout_of(std::uint64_t bytes, std::uint64_t partitions) noexcept;

// What in a root does not fit a segment of `reserved` bytes, or is none of ours, whoever wrote it; empty: nothing.
std::string misfit(const Root& root, std::uint64_t reserved);

// Throws Error(full, unavailable), SpecError.
Segment create(const Sizes& sizes);

// A segment that another process may have made. Throws Error as Segment::open() does, and `corrupt` where its root says
// what does not fit its length, or has more chunks than blocks can be numbered in.
Segment open(const std::string& name);

}  // namespace dictbench::lockfree
