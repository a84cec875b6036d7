// Random numbers that are the same on every machine: whole-number arithmetic only, no std::
// distributions (their results differ between standard libraries).
//
// mix64 and the seeding are SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
// generators", 2014); Random is xoshiro256++ (Blackman, Vigna: "Scrambled linear pseudorandom number
// generators", 2021); bounded numbers are Lemire's method ("Fast random integer generation in an
// interval", 2019). Used by one thread.
#pragma once

#include <bit>
#include <cstdint>

namespace dictbench {

__extension__ using Uint128 = unsigned __int128;

inline constexpr std::uint64_t kGoldenGamma = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio

// A bijection of 64-bit numbers whose results look random.
constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x += kGoldenGamma;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// A seed from several numbers, order included.
template <typename... Rest>
constexpr std::uint64_t mix64(std::uint64_t first, Rest... rest) noexcept {
  return mix64(first ^ mix64(rest...));  // not mix64(first) ^ ...: that would forget the order
}

// floor(count * numerator / denominator) without overflow: where part `numerator` of `denominator` even parts begins.
constexpr std::uint64_t part_begin(std::uint64_t count, std::uint64_t numerator, std::uint64_t denominator) noexcept {
  return static_cast<std::uint64_t>(static_cast<Uint128>(count) * numerator / denominator);
}

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) noexcept {
    for (std::uint64_t& word : state_) {
      word = mix64(seed);
      seed += kGoldenGamma;
    }
  }

  constexpr std::uint64_t next() noexcept {
    const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform over 0..bound-1 without bias; bound > 0.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    Uint128 product = static_cast<Uint128>(next()) * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
      const std::uint64_t reject_below = (0 - bound) % bound;
      while (static_cast<std::uint64_t>(product) < reject_below) product = static_cast<Uint128>(next()) * bound;
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  // Uniform over [0, 1), a multiple of 2^-53.
  constexpr double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_[4] = {};
};

}  // namespace dictbench
