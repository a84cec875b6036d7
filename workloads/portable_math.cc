#include "workloads/portable_math.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace dictbench {
namespace {

constexpr double kLn2High = 0x1.62e42fefa0000p-1;  // its low bits are zero: times a small whole number is exact
constexpr double kLn2Low = 0x1.cf79abc9e3b3ap-40;
constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;
constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52) - 1;
constexpr std::uint64_t kExponentBias = 1023;

// c[0] + c[1] x + c[2] x^2 + ...: four chains in x^4, which a processor works on side by side.
template <std::size_t N>
double polynomial(const std::array<double, N>& c, double x) noexcept {
  static_assert(N % 4 == 0);
  const double square = x * x;
  const double fourth = square * square;
  double sums[4] = {};
  for (std::size_t i = N; i > 0; i -= 4)
    for (std::size_t chain = 0; chain < 4; ++chain) sums[chain] = sums[chain] * fourth + c[i - 4 + chain];
  return (sums[0] + sums[1] * x) + (sums[2] + sums[3] * x) * square;
}

// atanh(f) / f for |f| <= 0.172 by its Taylor series 1 + f^2/3 + f^4/5 + ...; the first term left out is below 1e-18.
double atanh_over(double f) noexcept {
  static constexpr auto kTerms = [] {
    std::array<double, 12> terms{};
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = 1.0 / static_cast<double>(2 * i + 1);
    return terms;
  }();
  return polynomial(kTerms, f * f);
}

// (exp(r) - 1) / r for |r| <= 0.5 by its Taylor series 1 + r/2! + r^2/3! + ...; the first term left out is below 1e-18.
double expm1_series(double r) noexcept {
  static constexpr auto kTerms = [] {
    std::array<double, 16> terms{};
    double factorial = 1;
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = 1 / (factorial *= static_cast<double>(i + 1));
    return terms;
  }();
  return polynomial(kTerms, r);
}

}  // namespace

double portable_log(double x) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  auto exponent =
      static_cast<double>(static_cast<std::int64_t>(bits >> 52) - static_cast<std::int64_t>(kExponentBias - 1));
  auto mantissa = std::bit_cast<double>((bits & kMantissa) | ((kExponentBias - 1) << 52));  // [0.5, 1)
  if (mantissa < kSqrtHalf) {
    mantissa *= 2;
    exponent -= 1;
  }
  const double f = (mantissa - 1) / (mantissa + 1);
  return exponent * kLn2High + (exponent * kLn2Low + 2 * f * atanh_over(f));
}

double portable_exp(double x) noexcept {
  if (x < -708) return 0;
  constexpr double kLog2E = 0x1.71547652b82fep+0;
  const auto k = static_cast<std::int64_t>(x * kLog2E + (x < 0 ? -0.5 : 0.5));
  const auto power = static_cast<double>(k);
  const double r = (x - power * kLn2High) - power * kLn2Low;
  const auto scale = std::bit_cast<double>((static_cast<std::uint64_t>(k) + kExponentBias) << 52);
  return scale * (1 + r * expm1_series(r));
}

double portable_log1p_over(double x) noexcept {
  if (x > -0.29 && x < 0.41) return 2 / (2 + x) * atanh_over(x / (2 + x));
  return portable_log(1 + x) / x;
}

double portable_expm1_over(double x) noexcept {
  if (x > -0.5 && x < 0.5) return expm1_series(x);
  return (portable_exp(x) - 1) / x;
}

}  // namespace dictbench
