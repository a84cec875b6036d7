// Ranks 0..n-1 with the popularity of rank k proportional to 1 / (k + 1)^exponent, for any exponent > 0.
//
// Rejection-inversion (Hörmann, Derflinger: "Rejection-inversion to generate variates from monotone
// discrete distributions", 1996): no table and no sum over the ranks, so that set-up takes the same few
// steps for ten ranks or 10^8, and the number of ranks may change at any time. Used by one thread.
#pragma once

#include <cstdint>

#include "workloads/random.h"

namespace dictbench {

class Zipf {
 public:
  Zipf(std::uint64_t ranks, double exponent) noexcept;  // ranks >= 1, exponent > 0

  void resize(std::uint64_t ranks) noexcept;  // constant time
  std::uint64_t next(Random& random) const noexcept;

 private:
  double density(double x) const noexcept;           // h(x) = x^-exponent
  double integral(double x) const noexcept;          // H(x), an antiderivative of h
  double integral_inverse(double y) const noexcept;  // H^-1(y)

  double exponent_;
  double ranks_ = 1;
  double first_;     // H(3/2) - h(1): where the first rank's piece of the area begins
  double last_ = 0;  // H(ranks + 1/2)
  double accept_;    // a candidate that lies at most this far left of its rank is always right
};

}  // namespace dictbench
