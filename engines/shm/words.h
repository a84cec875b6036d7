// Bytes in shared memory that one process may read while another writes them, copied and compared in 8-byte words.
//
// The reader finds out afterwards, by a sequence number, whether what it has was whole, and tries again if not. Such
// accesses are relaxed atomic ones, so that they have a meaning in C++; on x86 they cost what plain ones do. Rooms in
// shared memory are aligned to 8 bytes and padded to whole words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace dictbench {

inline constexpr std::size_t kWord = sizeof(std::uint64_t);

inline std::uint64_t load_word(const char* at) noexcept {
  return __atomic_load_n(reinterpret_cast<const std::uint64_t*>(at), __ATOMIC_RELAXED);
}

inline void store_word(char* at, std::uint64_t word) noexcept {
  __atomic_store_n(reinterpret_cast<std::uint64_t*>(at), word, __ATOMIC_RELAXED);
}

// The bytes of `text` from `at` on, as a word; zeros beyond its end.
inline std::uint64_t word_of(std::string_view text, std::size_t at) noexcept {
  std::uint64_t word = 0;
  const std::size_t left = text.size() - at;
  std::memcpy(&word, text.data() + at, left < kWord ? left : kWord);
  return word;
}

inline void store_words(char* room, std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size(); at += kWord) store_word(room + at, word_of(text, at));
}

// `to` takes whole words: Value's padding covers the last one.
inline void load_words(char* to, const char* room, std::size_t size) noexcept {
  for (std::size_t at = 0; at < size; at += kWord) {
    const std::uint64_t word = load_word(room + at);
    std::memcpy(to + at, &word, kWord);
  }
}

inline void copy_words(char* to, const char* from, std::size_t size) noexcept {
  for (std::size_t at = 0; at < size; at += kWord) store_word(to + at, load_word(from + at));
}

inline bool equal_words(const char* room, std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size(); at += kWord)
    if (load_word(room + at) != word_of(text, at)) return false;
  return true;
}

}  // namespace dictbench
