// The 64-bit words of the table: what one compare-and-swap changes. Pure functions on integers.
//
//   directory word   one a partition: where its table lies and how many buckets it has.
//   slot word        tag | frozen | version | block. Empty: block 0 (tag 0). The version counts the changes of the
//                    slot and never wraps within the life of a table: a slot at kLastVersion makes the table be
//                    rebuilt. So a slot word, once left, never comes back: no ABA.
//   control word     one a bucket: serialises the inserts into the bucket and its overflow bucket, and links
//                    the two. Its sequence number counts the inserts and never wraps within the life of a table
//                    either.
//
// The frozen bit in a word says that the table is being rebuilt: a frozen word never changes again.
#pragma once

#include <cstdint>

namespace dictbench::lockfree {

using Block = std::uint32_t;  // number of a 32-byte unit from the start of the segment's data; 0: none

inline constexpr std::uint64_t kUnit = 32;

// --- directory ---

struct TableAt {
  std::uint32_t line = 0;     // offset of the table in cache lines of 64 bytes
  std::uint32_t buckets = 0;  // without the overflow buckets
};

constexpr std::uint64_t pack(TableAt table) { return std::uint64_t{table.line} << 32 | table.buckets; }
constexpr TableAt unpack_table(std::uint64_t word) {
  return {static_cast<std::uint32_t>(word >> 32), static_cast<std::uint32_t>(word)};
}

// --- slot ---

namespace slot {

inline constexpr std::uint64_t kFrozen = std::uint64_t{1} << 47;
#ifdef DICTBENCH_LOCKFREE_VERSION_BITS  // a test forces the wrap-around
inline constexpr unsigned kVersionBits = DICTBENCH_LOCKFREE_VERSION_BITS;
#else
inline constexpr unsigned kVersionBits = 15;
#endif
inline constexpr std::uint64_t kLastVersion = (std::uint64_t{1} << kVersionBits) - 1;

constexpr Block block(std::uint64_t word) { return static_cast<Block>(word); }
constexpr std::uint64_t version(std::uint64_t word) { return word >> 32 & 0x7fff; }
constexpr std::uint16_t tag(std::uint64_t word) { return static_cast<std::uint16_t>(word >> 48); }
constexpr bool is_frozen(std::uint64_t word) { return (word & kFrozen) != 0; }
constexpr bool is_empty(std::uint64_t word) { return block(word) == 0; }
constexpr bool is_worn(std::uint64_t word) { return version(word) >= kLastVersion; }

constexpr std::uint64_t make(std::uint16_t tag, std::uint64_t version, Block block) {
  return std::uint64_t{tag} << 48 | version << 32 | block;
}
// What follows `word`, which is not worn, when it gets this block (0: erased).
constexpr std::uint64_t next(std::uint64_t word, std::uint16_t tag, Block block) {
  return make(block == 0 ? std::uint16_t{0} : tag, version(word) + 1, block);
}

}  // namespace slot

// --- control ---

namespace control {

inline constexpr std::uint64_t kFrozen = std::uint64_t{1} << 63;
inline constexpr std::uint64_t kPending = std::uint64_t{1} << 62;
#ifdef DICTBENCH_LOCKFREE_VERSION_BITS
inline constexpr unsigned kSequenceBits = DICTBENCH_LOCKFREE_VERSION_BITS;
#else
inline constexpr unsigned kSequenceBits = 10;
#endif
inline constexpr std::uint64_t kLastSequence = (std::uint64_t{1} << kSequenceBits) - 1;

constexpr bool is_frozen(std::uint64_t word) { return (word & kFrozen) != 0; }
constexpr bool is_pending(std::uint64_t word) { return (word & kPending) != 0; }
constexpr unsigned slot(std::uint64_t word) { return static_cast<unsigned>(word >> 58 & 0xf); }  // 7 and up: overflow
constexpr std::uint64_t sequence(std::uint64_t word) { return word >> 48 & 0x3ff; }
constexpr std::uint32_t link(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32 & 0xffff); }  // 0: none
constexpr Block block(std::uint64_t word) { return static_cast<Block>(word); }
constexpr bool is_worn(std::uint64_t word) { return sequence(word) >= kLastSequence; }

// An insert of `block` into `slot`, following `word`, which is not worn.
constexpr std::uint64_t pending(std::uint64_t word, unsigned slot, Block block) {
  return kPending | std::uint64_t{slot} << 58 | (sequence(word) + 1) << 48 | std::uint64_t{link(word)} << 32 | block;
}
constexpr std::uint64_t idle(std::uint64_t word) { return sequence(word) << 48 | std::uint64_t{link(word)} << 32; }
constexpr std::uint64_t linked(std::uint64_t word, std::uint32_t link) {
  return (sequence(word) + 1) << 48 | std::uint64_t{link} << 32;
}

}  // namespace control
}  // namespace dictbench::lockfree
