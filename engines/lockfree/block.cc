#include "engines/lockfree/block.h"

#include <algorithm>

namespace dictbench::lockfree {
namespace {

// ThreadSanitizer would call the plain copy of a block that another process refills a race, which the look at the slot
// afterwards makes harmless; there the copy goes word by word.
#ifdef __SANITIZE_THREAD__
constexpr std::uint64_t kPlainCopy = ~std::uint64_t{0};
#else
constexpr std::uint64_t kPlainCopy = 256;
#endif

// Puts bytes one after the other into words, which are stored whole.
class WordWriter {
 public:
  WordWriter(std::uint64_t* to, std::uint64_t start, unsigned bits) : to_(to), word_(start), bits_(bits) {}

  void append(std::string_view text) noexcept {
    const char* bytes = text.data();
    for (std::size_t left = text.size(); left > 0;) {
      const std::size_t taken = std::min<std::size_t>(left, 8);
      put(load_bytes(bytes, taken), static_cast<unsigned>(8 * taken));
      bytes += taken;
      left -= taken;
    }
  }

  void finish() noexcept {
    if (bits_ > 0) store_word(to_, word_);
  }

 private:
  void put(std::uint64_t bits, unsigned count) noexcept {
    word_ |= bits << bits_;
    if (bits_ + count < 64) {
      bits_ += count;
      return;
    }
    store_word(to_++, word_);
    word_ = bits_ == 0 ? 0 : bits >> (64 - bits_);
    bits_ = bits_ + count - 64;
  }

  std::uint64_t* to_;
  std::uint64_t word_;
  unsigned bits_;  // below 64: of word_, in use
};

}  // namespace

bool long_key_equals(const std::uint64_t* block, std::string_view key) noexcept {
  if (read_head(block).key != key.size()) return false;
  const std::uint64_t* word = block + kLongPayload / 8;
  std::size_t left = key.size();
  const char* bytes = key.data();
  for (; left >= 8; left -= 8, bytes += 8, ++word)
    if (load_word(word) != load_bytes(bytes, 8)) return false;
  return left == 0 || (load_word(word) ^ load_bytes(bytes, left)) << 8 * (8 - left) == 0;
}

void copy_out(const std::uint64_t* block, std::uint64_t at, std::uint64_t size, char* out) noexcept {
  if (size > kPlainCopy) {
    std::memcpy(out, reinterpret_cast<const char*>(block) + at, size);
    return;
  }
  while (size > 0) {
    const std::uint64_t skip = at % 8, taken = std::min(size, 8 - skip);
    const std::uint64_t bits = load_word(block + at / 8) >> 8 * skip;
    std::memcpy(out, &bits, taken);
    out += taken;
    at += taken;
    size -= taken;
  }
}

void fill_block(std::uint64_t* block, std::uint16_t generation, std::string_view key, std::string_view value) noexcept {
  release_fence();
  const bool is_short = key.size() < kLongMark && value.size() < kLongMark;
  if (!is_short) {
    store_word(block, generation | kLongMark << 16);
    store_word(block + 1, key.size() | std::uint64_t{value.size()} << 32);
  }
  if (key.size() + value.size() > kPlainCopy && !is_short) {
    char* const bytes = reinterpret_cast<char*>(block) + kLongPayload;
    std::memcpy(bytes, key.data(), key.size());
    std::memcpy(bytes + key.size(), value.data(), value.size());
    return;
  }
  WordWriter writer =
      is_short ? WordWriter(block, generation | std::uint64_t{key.size()} << 16 | std::uint64_t{value.size()} << 32, 48)
               : WordWriter(block + kLongPayload / 8, 0, 0);
  writer.append(key);
  writer.append(value);
  writer.finish();
}

}  // namespace dictbench::lockfree
