// The sizes of blocks. Pure functions.
//
// For items, steps of at most a half beyond 64 bytes; nothing is wasted at the sizes that matter most (a 16-byte key
// with a 10-byte value is 32 bytes). Tables fill blocks of 256 bytes and each double (table_size.h). They have classes
// of their own: a table stays when all items are erased, and would keep a chunk of items from being empty. All are
// multiples of a unit; what is larger than the last takes whole chunks.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace dictbench::lockfree {

inline constexpr std::array<std::uint32_t, 31> kClassBytes = {
    32,   64,   96,   128,  192,  256,   384,   512,   768,   1024,  1536,
    2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 43680, 65536,  // of items
    256,  512,  1024, 2048, 4096, 8192,  16384, 32768, 65536};               // of tables

inline constexpr unsigned kItemClasses = 22;
inline constexpr unsigned kNoClass = kClassBytes.size();  // larger than any

constexpr unsigned class_of(std::uint64_t bytes) {
  if (bytes <= 32) return 0;
  unsigned at = bytes <= 128 ? 1 : bytes <= 1024 ? 4 : 10;
  while (at < kItemClasses && kClassBytes[at] < bytes) ++at;
  return at < kItemClasses ? at : kNoClass;
}

constexpr unsigned table_class_of(std::uint64_t bytes) {
  unsigned at = kItemClasses;
  while (at < kNoClass && kClassBytes[at] < bytes) ++at;
  return at;
}

}  // namespace dictbench::lockfree
