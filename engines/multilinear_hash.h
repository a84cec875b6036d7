// A hash of byte strings by one multiplication a word, keyed: the family MULTILINEAR of D. Lemire and O. Kaser
// ("Strongly universal string hashing is fast", The Computer Journal 57, 2014), with words of 64 bits and sums of 128:
//
//     h(text) = (r + r_0 * length + r_1 * word_1 + ... + r_n * word_n  modulo 2^128) / 2^64
//
// All r are random. Their theorem: whatever two texts are chosen without knowing the r, their two hashes are any pair
// of numbers with the same chance of 2^-128. So they meet in b bits with a chance of 2^-b, as if both were drawn.
// However cleverly somebody chooses keys beforehand, a key meets no more of the others on average than of drawn ones.
// Of three keys and more at once the theorem says nothing. The last step keeps it, for it is one to one; it only makes
// keys that count up look like no series.
//
// What SipHash promises besides, this does not: who can see hashes, or can tell by the time of many gets which keys
// meet, learns something of the r. Against such, use siphash.h, which takes more instructions.
//
// Texts of more than 128 bytes go through SipHash.
//
// Little-endian machines; any thread, once it is made.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engines/hash_key.h"
#include "engines/shm/bytes.h"
#include "engines/siphash.h"

namespace dictbench {

class MultilinearHash {
 public:
  // Draws the factors from `key` by SipHash: who cannot tell that from random numbers cannot tell this hash from one
  // with random factors.
  explicit MultilinearHash(const HashKey& key = {}) noexcept {
    std::uint64_t drawn = 0;
    const auto draw = [&] {
      const std::uint64_t number = drawn++;
      return siphash(key, {reinterpret_cast<const char*>(&number), sizeof number});
    };
    const auto draw_wide = [&] { return Wide{draw()} << 64 | draw(); };
    start_ = draw_wide();
    of_length_ = draw_wide();
    for (Wide& factor : factors_) factor = draw_wide();
    of_long_texts_ = {.first = draw(), .second = draw()};
  }

  std::uint64_t operator()(std::string_view text) const noexcept {
    const std::size_t size = text.size();
    if (size > kMostBytes) [[unlikely]]
      return siphash(of_long_texts_, text);
    Wide sum = start_ + of_length_ * size;
    const Wide* factor = factors_.data();
    if (size >= 8) {
      // The last word may share bytes with the one before: texts of one length still differ in one of the words.
      const char* at = text.data();
      for (const char* const last = at + size - 8; at < last; at += 8) sum += *factor++ * load_as<std::uint64_t>(at);
      sum += *factor * load_as<std::uint64_t>(text.data() + size - 8);
    } else {
      sum += *factor * load_bytes(text.data(), size);
    }
    return scatter(static_cast<std::uint64_t>(sum >> 64));
  }

 private:
  __extension__ using Wide = unsigned __int128;

  static constexpr std::size_t kMostBytes = 128;

  // Each step can be undone, so two numbers never become one. The factor is that of 2^64 by the golden ratio.
  static std::uint64_t scatter(std::uint64_t hash) noexcept {
    hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 32;
  }

  Wide start_, of_length_;
  std::array<Wide, kMostBytes / 8> factors_;
  HashKey of_long_texts_;
};

}  // namespace dictbench
