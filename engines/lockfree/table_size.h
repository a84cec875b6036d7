// The sizes of tables. Pure functions.
//
// A table fills a block, so that none of its memory lies idle: 256 bytes and each double, beyond 64 KiB in whole
// chunks. Overflow buckets are a ninth of the buckets; they run out at about 4.9 items a home bucket, when as many of
// those are full (Poisson's law). So a table that has grown has 2.4 to 4.9 items a bucket: 15 to 29 bytes an item.
// Steps of a third or a half would need less on the average, but leave more behind: the blocks of the smaller size
// become free here and there, and a chunk is used for another size only when all of it is free.
#pragma once

#include <algorithm>
#include <cstdint>

namespace dictbench::lockfree {

inline constexpr std::uint64_t kBucketBytes = 64;
inline constexpr std::uint64_t kItemsABucket = 4;    // at most, of seven, in a table made for known items
inline constexpr std::uint32_t kMostLinks = 0xffff;  // a control word has 16 bits for one

struct TableSize {
  std::uint32_t buckets = 0;   // home buckets
  std::uint32_t overflow = 0;  // buckets
};

// What fits into `bytes`, one bucket's room of which is the head's.
constexpr TableSize table_in(std::uint64_t bytes) {
  const auto room = static_cast<std::uint32_t>(bytes / kBucketBytes - 1);
  const std::uint32_t overflow = std::min<std::uint32_t>((room + 8) / 9, kMostLinks);
  return {.buckets = room - overflow, .overflow = overflow};
}

inline constexpr std::uint64_t kLeastTableBytes = 256;  // a head, two buckets and one for their overflow

constexpr std::uint64_t next_table_bytes(std::uint64_t bytes) { return 2 * bytes; }

// For `items`, and at least `least` bytes.
constexpr std::uint64_t table_bytes(std::uint64_t items, std::uint64_t least = kLeastTableBytes) {
  std::uint64_t bytes = least;
  while (table_in(bytes).buckets * kItemsABucket < items) bytes = next_table_bytes(bytes);
  return bytes;
}

}  // namespace dictbench::lockfree
