// A seeded one-to-one map of 0..count-1 onto itself: scatters neighbouring numbers, as a hash would,
// but no two to the same place.
//
// Rounds of add, multiply by an odd number and shift-xor are each one-to-one on the numbers of w bits (they are the
// steps of SplitMix64's finaliser, cut to w bits); results at or above count go round again until they
// fall below it ("cycle walking": Black, Rogaway: "Ciphers with arbitrary finite domains", 2002), fewer
// than two goes on average. Immutable once made; any thread may use it.
#pragma once

#include <cstdint>

namespace dictbench {

class Permutation {
 public:
  Permutation(std::uint64_t count, std::uint64_t seed) noexcept;  // count >= 1

  std::uint64_t operator()(std::uint64_t number) const noexcept {  // number < count
    do {
      for (const Round& round : rounds_) {
        number = ((number + round.add) * round.multiply) & mask_;
        number ^= number >> shift_;
      }
    } while (number >= count_);
    return number;
  }

 private:
  struct Round {
    std::uint64_t add, multiply;
  };
  std::uint64_t count_, mask_;
  unsigned shift_;
  Round rounds_[3];
};

}  // namespace dictbench
