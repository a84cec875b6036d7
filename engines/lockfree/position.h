// Where a slot of one table goes in another, told from its bucket and its tag (hash.h). Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "engines/lockfree/hash.h"

namespace dictbench::lockfree {

inline constexpr std::uint32_t kUnknownBits = 12;  // lowest of the position

// The position of a key in bucket `bucket` of `buckets`, its lowest bits 0. Nothing where bucket and tag leave several:
// with up to 16 buckets the four bits above the tag are open, and tag 1 stands for 0 too.
constexpr std::optional<std::uint32_t> position_of(std::uint32_t bucket, std::uint32_t buckets, std::uint16_t tag) {
  if (buckets <= 16 || tag <= 1) return std::nullopt;
  const std::uint64_t first = ((std::uint64_t{bucket} << 32) + buckets - 1) / buckets;  // position in the bucket
  constexpr std::uint64_t kUnknown = (1 << kUnknownBits) - 1, kAboveTag = 1 << 28;
  std::uint64_t position = (first & ~(kAboveTag - 1)) | std::uint64_t{tag} << kUnknownBits;
  if (position + kUnknown < first) position += kAboveTag;
  return static_cast<std::uint32_t>(position);
}

// The bucket of such a position. Nothing where the lowest bits would decide.
constexpr std::optional<std::uint32_t> bucket_of(std::uint32_t position, std::uint32_t buckets) {
  const std::uint32_t bucket = bucket_at(position, buckets);
  if (bucket_at(position | ((1 << kUnknownBits) - 1), buckets) != bucket) return std::nullopt;
  return bucket;
}

}  // namespace dictbench::lockfree
