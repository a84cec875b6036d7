#include "results/statistics/share.h"

#include <cmath>
#include <stdexcept>

namespace dictbench {
namespace {

// The chance of at most `count` of `tried`, each with chance p; by logarithms, as powers of p underflow.
double at_most(std::size_t count, std::size_t tried, double p) {
  if (count >= tried || p <= 0) return 1;
  if (p >= 1) return 0;
  double sum = 0;
  const auto n = static_cast<double>(tried);
  for (std::size_t i = 0; i <= count; ++i) {
    const auto k = static_cast<double>(i);
    sum += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
                    (n - k) * std::log1p(-p));
  }
  return sum;
}

// The chance at which at most `count` of `tried` is as rare as `error`. It falls as the chance grows.
double chance_for(std::size_t count, std::size_t tried, double error) {
  double low = 0, high = 1;
  constexpr int kHalvings = 50;  // 2^-50 is below what a figure can show
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (at_most(count, tried, middle) > error ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

ShareInterval share_interval(std::size_t count, std::size_t tried, double level) {
  if (count > tried) throw std::invalid_argument("more counted than tried");
  const double error = (1 - level) / 2;
  ShareInterval share;
  if (count > 0) share.low = chance_for(count - 1, tried, 1 - error);
  if (count < tried) share.high = chance_for(count, tried, error);
  return share;
}

}  // namespace dictbench
