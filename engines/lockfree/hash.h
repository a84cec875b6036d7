// The hash of a key and the parts of it that choose partition, bucket and tag. They share no bits, so that the tags in
// a bucket are as different as the keys. XXH3 (xxHash) of 64 bits, the same in every process.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace dictbench::lockfree {

struct Hash {
  std::uint64_t bits;

  static Hash of(std::string_view key) noexcept { return {XXH3_64bits(key.data(), key.size())}; }

  std::uint64_t partition(unsigned partition_bits) const noexcept { return bits >> (63 - partition_bits) >> 1; }
  // Never 0, which is the tag of empty slots.
  std::uint16_t tag() const noexcept {
    const auto tag = static_cast<std::uint16_t>(bits >> 32);
    return tag == 0 ? 1 : tag;
  }
  // Multiplication instead of remainder (Lemire, "Fast Random Integer Generation in an Interval", 2019): any number
  // of buckets, no division.
  std::uint64_t bucket(std::uint32_t buckets) const noexcept { return (bits & 0xffffffff) * buckets >> 32; }
};

}  // namespace dictbench::lockfree
