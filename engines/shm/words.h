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

#include "engines/shm/bytes.h"

namespace dictbench {

inline constexpr std::size_t kWord = sizeof(std::uint64_t);

inline std::uint64_t load_word(const char* at) noexcept {
  return __atomic_load_n(reinterpret_cast<const std::uint64_t*>(at), __ATOMIC_RELAXED);
}

inline void store_word(char* at, std::uint64_t word) noexcept {
  __atomic_store_n(reinterpret_cast<std::uint64_t*>(at), word, __ATOMIC_RELAXED);
}

inline void store_words(char* room, std::string_view text) noexcept {
  std::size_t at = 0;
  for (; at + kWord <= text.size(); at += kWord) store_word(room + at, load_as<std::uint64_t>(text.data() + at));
  if (at < text.size()) store_word(room + at, load_bytes(text.data() + at, text.size() - at));
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
  std::size_t at = 0;
  for (; at + kWord <= text.size(); at += kWord)
    if (load_word(room + at) != load_as<std::uint64_t>(text.data() + at)) return false;
  return at == text.size() || load_word(room + at) == load_bytes(text.data() + at, text.size() - at);
}

}  // namespace dictbench
