#include "engines/lockfree/block.h"

#include <algorithm>
#include <string>

namespace dictbench::lockfree {
namespace {

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

// The first two bytes of key and value, one after the other, 0 where there are fewer.
std::uint64_t first_bytes(std::string_view key, std::string_view value) noexcept {
  if (key.size() >= 2) [[likely]]
    return load_bytes(key.data(), 2);
  const std::uint64_t of_value = load_bytes(value.data(), std::min<std::size_t>(value.size(), 2));
  return key.empty() ? of_value : (load_bytes(key.data(), 1) | of_value << 8) & 0xffff;
}

// Key and value from byte `at` of the block on. Of the word in which that is, what comes before is `before`.
void put_payload(std::uint64_t* block, std::size_t at, std::uint64_t before, std::string_view key,
                 std::string_view value) noexcept {
  if (!kWordAccess) {
    char* const payload = reinterpret_cast<char*>(block) + at;
    copy_bytes(payload, key.data(), key.size());
    copy_bytes(payload + key.size(), value.data(), value.size());
    return;
  }
  WordWriter writer(block + at / 8, before, static_cast<unsigned>(8 * (at % 8)));
  writer.append(key);
  writer.append(value);
  writer.finish();
}

}  // namespace

bool key_equals_by_words(const std::uint64_t* block, const BlockHead& head, std::string_view key) noexcept {
  std::string found(head.key, '\0');
  copy_out(block, head.payload, head.key, found.data());
  return found == key;
}

void copy_out(const std::uint64_t* block, std::uint64_t at, std::uint64_t size, char* out) noexcept {
  if (!kWordAccess) {
    std::memcpy(out, bytes_at(block, at), size);
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

std::uint64_t fill_block(std::uint64_t* block, std::uint16_t generation, std::string_view key,
                         std::string_view value) noexcept {
  release_fence();
  if (key.size() >= kLongMark || value.size() >= kLongMark) {
    const std::uint64_t first = generation | kLongMark << 16;
    store_word(block, first);
    store_word(block + 1, key.size() | std::uint64_t{value.size()} << 32);
    put_payload(block, kLongPayload, 0, key, value);
    return first;
  }
  const std::uint64_t head = generation | std::uint64_t{key.size()} << 16 | std::uint64_t{value.size()} << 32;
  const std::uint64_t first = head | first_bytes(key, value) << 48;
  if (!kWordAccess) store_word(block, first);  // else it is stored whole, with the payload's first bytes
  put_payload(block, kShortPayload, head, key, value);
  return first;
}

}  // namespace dictbench::lockfree
