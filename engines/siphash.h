// SipHash-1-3 (J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF", 2012), with one round a word and
// three at the end, as the dicts of CPython and Rust have it. Without the key nobody can tell its hashes from random
// numbers, even who has seen any number of them.
//
// A pure function on little-endian machines; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "engines/hash_key.h"
#include "engines/shm/bytes.h"

namespace dictbench {
namespace siphash_parts {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() noexcept {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void take(std::uint64_t word) noexcept {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

// The bytes behind the last whole word, from the lowest on. In a longer text they are the upper ones of its last 8.
inline std::uint64_t tail(std::string_view text) noexcept {
  const std::size_t left = text.size() % 8;
  if (left == 0) return 0;
  if (text.size() < 8) return load_bytes(text.data(), left);
  return load_as<std::uint64_t>(text.data() + text.size() - 8) >> 8 * (8 - left);
}

}  // namespace siphash_parts

inline std::uint64_t siphash(const HashKey& key, std::string_view text) noexcept {
  static_assert(std::endian::native == std::endian::little);
  siphash_parts::State state{key.first ^ 0x736f6d6570736575, key.second ^ 0x646f72616e646f6d,
                             key.first ^ 0x6c7967656e657261, key.second ^ 0x7465646279746573};
  for (std::size_t at = 0; at + 8 <= text.size(); at += 8) state.take(load_as<std::uint64_t>(text.data() + at));
  state.take(siphash_parts::tail(text) | std::uint64_t{text.size()} << 56);
  state.v2 ^= 0xff;
  for (int i = 0; i < 3; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace dictbench
