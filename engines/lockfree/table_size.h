// The sizes of tables. Pure functions.
//
// A table fills a block, so that none of its memory lies idle: the sizes are those of size_class.h and beyond them
// whole chunks. Overflow buckets are a ninth of the buckets; they run out at about 4.9 items a home bucket, when as
// many of those are full (Poisson's law). From one size to the next it is a third or a half more, so a table has 3.3 to
// 4.9 items a bucket: 15 to 22 bytes an item.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "engines/lockfree/size_class.h"

namespace dictbench::lockfree {

inline constexpr std::uint64_t kBucketBytes = 64;
inline constexpr std::uint64_t kItemsABucket = 4;  // at most, of seven, when a table is made

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

// The next larger size of a table's block, in bytes. From 128 KiB on in chunks: 1, 2, 3, 4, 6, 8, 12, ...
constexpr std::uint64_t next_table_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t kChunk = 128 << 10;
  if (bytes < kClassBytes.back()) return kClassBytes[class_of(bytes + 1)];
  if (bytes < kChunk) return kChunk;
  const std::uint64_t chunks = bytes / kChunk, half = std::bit_floor(chunks);
  return kChunk * (chunks == 1 ? 2 : chunks == half ? chunks + half / 2 : 2 * half);
}

inline constexpr std::uint64_t kLeastTableBytes = 192;  // a head, a bucket and one for its overflow

// For `items`, and at least `least` bytes.
constexpr std::uint64_t table_bytes(std::uint64_t items, std::uint64_t least = kLeastTableBytes) {
  std::uint64_t bytes = least;
  while (table_in(bytes).buckets * kItemsABucket < items) bytes = next_table_bytes(bytes);
  return bytes;
}

}  // namespace dictbench::lockfree
