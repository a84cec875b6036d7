#include "workloads/zipf.h"

#include "workloads/portable_math.h"

namespace dictbench {

Zipf::Zipf(std::uint64_t ranks, double exponent) noexcept : exponent_(exponent) {
  first_ = integral(1.5) - 1;
  accept_ = 2 - integral_inverse(integral(2.5) - density(2));
  resize(ranks);
}

void Zipf::resize(std::uint64_t ranks) noexcept {
  ranks_ = static_cast<double>(ranks);
  last_ = integral(ranks_ + 0.5);
}

std::uint64_t Zipf::next(Random& random) const noexcept {
  while (true) {
    const double area = last_ + random.unit() * (first_ - last_);
    const double x = integral_inverse(area);
    // The nearest rank; rounding errors may step over either end.
    double rank = static_cast<double>(static_cast<std::uint64_t>(x < 1 ? 1 : x + 0.5));
    if (rank > ranks_) rank = ranks_;
    if (rank - x <= accept_ || area >= integral(rank + 0.5) - density(rank))
      return static_cast<std::uint64_t>(rank) - 1;
  }
}

double Zipf::density(double x) const noexcept { return portable_exp(-exponent_ * portable_log(x)); }

// H(x) = (x^(1-s) - 1) / (1 - s), and log x in the limit s = 1: written so that both are one formula.
double Zipf::integral(double x) const noexcept {
  const double log = portable_log(x);
  return portable_expm1_over((1 - exponent_) * log) * log;
}

double Zipf::integral_inverse(double y) const noexcept {
  double t = y * (1 - exponent_);
  if (t < -0x1.fffffffffffffp-1) t = -0x1.fffffffffffffp-1;  // rounding must not lead below x = infinity
  return portable_exp(portable_log1p_over(t) * y);
}

}  // namespace dictbench
