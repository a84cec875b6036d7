// One change of the dict as it lies in a stream or a dump: a header word, the key, the value, each filled up with
// zeros to whole 8-byte words.
//
//     | kind 2 bits, key size 24 bits, value size 38 bits | key ... | value ... |
//
// Records are written and read word by word as atomics, because a reader whose pin was revoked (reader_slots.h) reads
// words that are being overwritten, finds that out afterwards, and forgets what it read. Words are stored with release
// and loaded with acquire, which costs nothing on x86: who has read a word that was written after the revocation
// also sees the revocation. So what a Shape says must be checked against the room before it is followed, and
// is true only once the reader knows that its pin has held.
// Pure functions; any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace dictbench::stream_log {

inline constexpr unsigned kKeyBits = 24, kValueBits = 38;
inline constexpr std::size_t kLargestKey = (std::size_t{1} << kKeyBits) - 1;      // 16 MiB
inline constexpr std::size_t kLargestValue = (std::size_t{1} << kValueBits) - 1;  // 256 GiB

enum class Kind : std::uint64_t { none = 0, set = 1, erase = 2 };  // none: no record, memory that was never written

inline constexpr std::uint64_t kWord = sizeof(std::uint64_t);

constexpr std::uint64_t whole_words(std::uint64_t bytes) { return (bytes + kWord - 1) / kWord * kWord; }
constexpr std::uint64_t record_bytes(std::uint64_t key_size, std::uint64_t value_size) {
  return kWord + whole_words(key_size) + whole_words(value_size);
}

struct Change {
  Kind kind = Kind::none;
  std::string_view key;
  std::string_view value = {};  // empty where the key is erased

  std::uint64_t bytes() const noexcept { return record_bytes(key.size(), value.size()); }
};

inline void store_word(std::uint64_t* at, std::uint64_t word) noexcept {
  std::atomic_ref(*at).store(word, std::memory_order_release);
}
inline std::uint64_t load_word(std::uint64_t* at) noexcept {
  return std::atomic_ref(*at).load(std::memory_order_acquire);
}

inline std::uint64_t* store_text(std::uint64_t* at, std::string_view text) noexcept {
  const char* from = text.data();
  std::size_t left = text.size();
  std::uint64_t word = 0;
  for (; left >= kWord; left -= kWord, from += kWord) {
    std::memcpy(&word, from, kWord);
    store_word(at++, word);
  }
  if (left == 0) return at;
  word = 0;
  std::memcpy(&word, from, left);
  store_word(at, word);
  return at + 1;
}

// Writes change.bytes() bytes.
inline void store_record(std::uint64_t* at, const Change& change) noexcept {
  const auto kind = static_cast<std::uint64_t>(change.kind);
  store_word(at, kind | change.key.size() << 2 | change.value.size() << (2 + kKeyBits));
  store_text(store_text(at + 1, change.key), change.value);
}

// What a header says.
struct Shape {
  explicit Shape(std::uint64_t header) noexcept
      : kind(static_cast<Kind>(header & 3)),
        key_size(header >> 2 & kLargestKey),
        value_size(header >> (2 + kKeyBits)) {}

  std::uint64_t bytes() const noexcept { return record_bytes(key_size, value_size); }
  bool possible(std::uint64_t room) const noexcept {
    return (kind == Kind::set || (kind == Kind::erase && value_size == 0)) && bytes() <= room;
  }

  Kind kind;
  std::uint64_t key_size;
  std::uint64_t value_size;
};

}  // namespace dictbench::stream_log
