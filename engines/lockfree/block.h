// A block: one item, key and value, as other processes read it without a lock.
//
//   short   {generation 16, key length 16, value length 16} then key and value: 6 + key + value bytes, so that an
//           item of a 16-byte key and a 10-byte value takes one unit of 32 bytes.
//   long    key length field 0xffff; {key length 32, value length 32} at byte 8, key and value from byte 16.
//
// A reader may look at a block while its owner fills it with something else, and learns afterwards, from the slot,
// whether what it read was one item. So nothing here trusts a length before the caller has looked at the slot again.
// Lengths are read as atomic words; key and value as plain bytes between fences, as a seqlock's reader does, but word
// by word (kWordAccess) where ThreadSanitizer or the explorer watches.
//
// The generation is even while the block holds an item or is being filled, odd from when somebody has claimed it to
// free it until it is filled again: a killed process's intent names block and generation (arena.h).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engines/lockfree/atomic.h"
#include "engines/shm/bytes.h"
#include "engines/value.h"

static_assert(std::endian::native == std::endian::little, "lockfree lays out its words for little-endian machines");

namespace dictbench::lockfree {

inline constexpr std::uint64_t kLongMark = 0xffff;
inline constexpr std::uint64_t kLongestKey = 1 << 20, kLongestValue = 1 << 30;  // bytes
inline constexpr std::size_t kShortPayload = 6;
inline constexpr std::size_t kLongPayload = 16;

// Bytes from its beginning that may be read of any block, whatever it has become: none begins so near to its chunk's
// end that this would lead out of the chunk, into what may have no memory. Beyond, a reader first makes sure that the
// lengths are an item's.
inline constexpr std::uint64_t kReadAhead = 128;

struct BlockHead {
  std::uint64_t first = 0;  // the word that says it, or most of it
  std::uint16_t generation = 0;
  std::uint32_t key = 0, value = 0;  // lengths in bytes
  std::uint32_t payload = 0;         // offset of the key

  std::uint64_t bytes() const noexcept { return std::uint64_t{payload} + key + value; }
};

// Bytes that an item takes, head included.
constexpr std::uint64_t block_bytes(std::uint64_t key, std::uint64_t value) {
  return (key < kLongMark && value < kLongMark ? kShortPayload : kLongPayload) + key + value;
}

inline BlockHead read_head(const std::uint64_t* block) noexcept {
  const std::uint64_t first = load_word(block);
  BlockHead head{.first = first,
                 .generation = static_cast<std::uint16_t>(first),
                 .key = static_cast<std::uint32_t>(first >> 16 & 0xffff),
                 .value = static_cast<std::uint32_t>(first >> 32 & 0xffff),
                 .payload = kShortPayload};
  if (head.key == kLongMark) [[unlikely]] {
    const std::uint64_t lengths = load_word(block + 1);
    head.key = static_cast<std::uint32_t>(lengths);
    head.value = static_cast<std::uint32_t>(lengths >> 32);
    head.payload = kLongPayload;
  }
  return head;
}

inline const char* bytes_at(const std::uint64_t* block, std::uint64_t offset) noexcept {
  return reinterpret_cast<const char*>(block) + offset;
}

// Copies `size` bytes from byte `at` of the block on, word by word.
void copy_out(const std::uint64_t* block, std::uint64_t at, std::uint64_t size, char* out) noexcept;

bool key_equals_by_words(const std::uint64_t* block, const BlockHead& head, std::string_view key) noexcept;

// Is the block's key `key`, by the head that was read of it? Reads no more than such a block has.
inline bool key_equals(const std::uint64_t* block, const BlockHead& head, std::string_view key) noexcept {
  if (head.key != key.size()) return false;
  if constexpr (kWordAccess) return key_equals_by_words(block, head, key);
  return equal_bytes(bytes_at(block, head.payload), key.data(), key.size());
}

// The value into `out`. The lengths in `head` must be those of an item, or at most kReadAhead in all.
inline void copy_value(const std::uint64_t* block, const BlockHead& head, Value& out) {
  static_assert(Value::kPadding >= 16);
  char* const to = out.prepare(head.value);
  const std::uint64_t at = std::uint64_t{head.payload} + head.key;
  if constexpr (kWordAccess)
    copy_out(block, at, head.value, to);
  else if (head.value <= 16) [[likely]]
    copy_whole(to, bytes_at(block, at), head.value);
  else
    copy_bytes(to, bytes_at(block, at), head.value);
}

// Fills a private block, and returns its first word: a load of that would wait until both stores that it is made of
// have reached the cache. `generation` is even. Nothing of it is seen before the slot change that freed the block: a
// reader that sees any of it sees the slot changed too.
std::uint64_t fill_block(std::uint64_t* block, std::uint16_t generation, std::string_view key,
                         std::string_view value) noexcept;

// The first word of a block of this generation that the arena has claimed.
constexpr std::uint64_t claimed_word(std::uint16_t generation, std::uint32_t arena) {
  return static_cast<std::uint16_t>(generation + 1) | std::uint64_t{arena} << 16;
}

// Takes a block that is in no table any more, or never was, out of its generation: {generation + 1,
// arena}. Only one of all who try succeeds, and it is for that arena to free the block, whatever
// happens to the others. `first` is the whole first word as it was when the block was in the table, or
// in hand: a block whose generation came round is not taken for that one as long as its lengths or the
// item's first two bytes differ.
inline bool claim_block(std::uint64_t* block, std::uint64_t first, std::uint32_t arena) noexcept {
  return replace_word(block, first, claimed_word(static_cast<std::uint16_t>(first), arena));
}
inline bool is_claimed(const std::uint64_t* block, std::uint16_t generation, std::uint32_t arena) noexcept {
  return load_word(block) == claimed_word(generation, arena);
}

// The first word of a block that is in the caller's hands alone. A slow reader may still look at it:
// the fence keeps the store behind the change of the slot that named the block, as in fill_block().
inline void change_first_word(std::uint64_t* block, std::uint64_t bits) noexcept {
  release_fence();
  store_word(block, bits);
}

}  // namespace dictbench::lockfree
