#include "workloads/portable_math.h"

#include <bit>
#include <cstdint>

namespace dictbench {
namespace {

constexpr double kLn2High = 0x1.62e42fefa0000p-1;  // its low bits are zero: times a small whole number is exact
constexpr double kLn2Low = 0x1.cf79abc9e3b3ap-40;
constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;
constexpr std::uint64_t kMantissa = (std::uint64_t{1} << 52) - 1;
constexpr std::uint64_t kExponentBias = 1023;

// atanh(f) / f for |f| <= 0.172 by its Taylor series; the first term left out is below 1e-18.
double atanh_over(double f) noexcept {
  const double square = f * f;
  double sum = 0;
  for (int power = 23; power >= 1; power -= 2) sum = sum * square + 1.0 / power;
  return sum;
}

// (exp(r) - 1) / r for |r| <= 0.5 by its Taylor series; the first term left out is below 1e-17.
double expm1_series(double r) noexcept {
  double sum = 1;
  for (int k = 15; k >= 2; --k) sum = 1 + sum * (r * (1.0 / k));
  return sum;
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
