#include "workloads/permutation.h"

#include <bit>

#include "workloads/random.h"

namespace dictbench {

Permutation::Permutation(std::uint64_t count, std::uint64_t seed) noexcept : count_(count) {
  const unsigned width = count > 1 ? static_cast<unsigned>(std::bit_width(count - 1)) : 1;
  mask_ = ~std::uint64_t{0} >> (64 - width);
  shift_ = (width + 1) / 2;
  Random random(seed);
  for (Round& round : rounds_) round = {random.next(), random.next() | 1};
}

}  // namespace dictbench
