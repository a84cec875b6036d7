// A block: one item, key and value, as other processes read it without a lock.
//
//   short   {generation 16, key length 16, value length 16} then key and value: 6 + key + value bytes, so that an
//           item of a 16-byte key and a 10-byte value takes one unit of 32 bytes.
//   long    key length field 0xffff; {key length 32, value length 32} at byte 8, key and value from byte 16.
//
// A reader may look at a block while its owner fills it with something else. It reads whole aligned words
// (relaxed atomics, so that this is no data race) and learns afterwards, from the slot, whether what it read was
// one item. So nothing here trusts a length before the caller has looked at the slot again.
//
// The generation is even while the block holds an item or is being filled, odd from when somebody has claimed it to
// free it until it is filled again: a killed process's intent names block and generation (arena.h).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engines/lockfree/atomic.h"
#include "engines/value.h"

static_assert(std::endian::native == std::endian::little, "lockfree lays out its words for little-endian machines");

namespace dictbench::lockfree {

inline constexpr std::uint64_t kLongMark = 0xffff;
inline constexpr std::uint64_t kLongestKey = 1 << 20, kLongestValue = 1 << 30;  // bytes
inline constexpr std::size_t kShortPayload = 6;
inline constexpr std::size_t kLongPayload = 16;

// The first `size` (0 to 8) bytes of `bytes`, the rest zero; reads nothing beyond them.
inline std::uint64_t load_bytes(const char* bytes, std::size_t size) noexcept {
  if (size >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes, 8);
    return word;
  }
  if (size >= 4) {
    std::uint32_t low, high;
    std::memcpy(&low, bytes, 4);
    std::memcpy(&high, bytes + size - 4, 4);
    return low | std::uint64_t{high} << 8 * (size - 4);
  }
  if (size == 0) return 0;
  const auto byte = [&](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(bytes[at])}; };
  return byte(0) | byte(size / 2) << 8 * (size / 2) | byte(size - 1) << 8 * (size - 1);
}

// Bytes from its beginning that may be read of any block, whatever it has become: none begins so near to its chunk's
// end that this would lead out of the chunk, into what may have no memory. Beyond, a reader first makes sure that the
// lengths are an item's.
inline constexpr std::uint64_t kReadAhead = 128;

struct BlockHead {
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
  BlockHead head{.generation = static_cast<std::uint16_t>(first),
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

// True when the block's key is `key`. Reads at most as many bytes as such a block has.
bool long_key_equals(const std::uint64_t* block, std::string_view key) noexcept;

inline bool key_equals(const std::uint64_t* block, std::string_view key) noexcept {
  const std::uint64_t first = load_word(block);
  const std::uint64_t length = first >> 16 & 0xffff;
  if (length == kLongMark) [[unlikely]]
    return long_key_equals(block, key);
  if (length != key.size()) return false;
  const char* bytes = key.data();
  std::size_t left = key.size();
  if (left < 2) return left == 0 || (first >> 48 & 0xff) == static_cast<unsigned char>(*bytes);
  std::uint16_t start;
  std::memcpy(&start, bytes, 2);
  std::uint64_t differs = (first >> 48) ^ start;
  bytes += 2;
  left -= 2;
  const std::uint64_t* word = block + 1;
  for (; left >= 8; left -= 8, bytes += 8, ++word) differs |= load_word(word) ^ load_bytes(bytes, 8);
  if (left > 0) differs |= (load_word(word) ^ load_bytes(bytes, left)) << 8 * (8 - left);
  return differs == 0;
}

// Copies `size` bytes from byte `at` of the block on.
void copy_out(const std::uint64_t* block, std::uint64_t at, std::uint64_t size, char* out) noexcept;

// The value into `out`, in whole words where it is short. The lengths in `head` must be those of an item.
inline void copy_value(const std::uint64_t* block, const BlockHead& head, Value& out) {
  constexpr std::uint32_t kShort = 64;  // a few words; beyond, a call costs little
  char* to = out.prepare(head.value);
  const std::uint64_t at = std::uint64_t{head.payload} + head.key;
  if (head.value > kShort) [[unlikely]] {
    copy_out(block, at, head.value, to);
    return;
  }
  const std::uint64_t* word = block + at / 8;
  const unsigned shift = static_cast<unsigned>(at % 8 * 8);
  std::uint64_t low = head.value > 0 ? load_word(word) : 0;
  for (std::uint32_t done = 0; done < head.value; done += 8) {
    std::uint64_t bits = low >> shift;
    // The next word is looked at only where the item goes on into it: behind the block there may be no memory.
    const bool more = std::uint64_t{done} + (64 - shift) / 8 < head.value;
    if (more) {
      low = load_word(++word);
      if (shift != 0) bits |= low << (64 - shift);
    }
    std::memcpy(to + done, &bits, 8);  // Value has room for a whole word at its end
  }
}

// Fills a private block. `generation` is even. Nothing of it is seen before the slot change that freed the block: a
// reader that sees any of it sees the slot changed too.
void fill_block(std::uint64_t* block, std::uint16_t generation, std::string_view key, std::string_view value) noexcept;

// Takes a block that is in no table any more, or never was, out of its generation: {generation + 1, arena}. Only one of
// all who try succeeds, and it is for that arena to free the block, whatever happens to the others.
inline bool claim_block(std::uint64_t* block, std::uint16_t generation, std::uint32_t arena) noexcept {
  const std::uint64_t word = load_word(block);
  const auto next = static_cast<std::uint16_t>(generation + 1);
  return static_cast<std::uint16_t>(word) == generation && replace_word(block, word, next | std::uint64_t{arena} << 16);
}
inline bool is_claimed(const std::uint64_t* block, std::uint16_t generation, std::uint32_t arena) noexcept {
  return load_word(block) == (static_cast<std::uint16_t>(generation + 1) | std::uint64_t{arena} << 16);
}

// Changes the generation and nothing else. By the block's owner only.
inline void set_generation(std::uint64_t* block, std::uint16_t generation) noexcept {
  store_word(block, (load_word(block) & ~std::uint64_t{0xffff}) | generation);
}

}  // namespace dictbench::lockfree
