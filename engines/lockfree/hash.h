// The hash of a key and the parts of it that choose partition, bucket and tag. 64 bits, the same in every process.
//
//   bits    63..48     31..28  27..12  11..0
//           partition  position in the partition, as a fraction of 2^32
//                              tag
//
// Bucket and tag together tell the position but for its lowest 12 bits, so that a table is rebuilt without a look at
// the keys (position.h); and keys of one bucket still differ in 16 - log2(buckets / 16) bits of their tags.
#pragma once

#include <cstdint>
#include <string_view>

#include "engines/key_hash.h"

namespace dictbench::lockfree {

struct Hash {
  std::uint64_t bits;

  std::uint64_t partition(unsigned partition_bits) const noexcept { return bits >> (63 - partition_bits) >> 1; }
  std::uint32_t position() const noexcept { return static_cast<std::uint32_t>(bits); }
  // Never 0, which is the tag of empty slots.
  std::uint16_t tag() const noexcept {
    const auto tag = static_cast<std::uint16_t>(bits >> 12);
    return tag == 0 ? 1 : tag;
  }
};

struct Hasher {
  KeyHash hash{};

  Hash operator()(std::string_view text) const noexcept { return {hash(text)}; }
};

// Multiplication instead of remainder (Lemire, "Fast Random Integer Generation in an Interval", 2019): any number of
// buckets, no division, and a larger table keeps the order of the positions.
constexpr std::uint32_t bucket_at(std::uint32_t position, std::uint32_t buckets) {
  return static_cast<std::uint32_t>(std::uint64_t{position} * buckets >> 32);
}

}  // namespace dictbench::lockfree
