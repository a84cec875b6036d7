#include "results/statistics/paired.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace dictbench {
namespace {

void add_log_ratio(double a, double b, std::vector<double>& logs) {
  if (a > 0 && b > 0) logs.push_back(std::log(b / a));
}

void check_level(double level) {
  if (!(level > 0 && level < 1)) throw std::invalid_argument("a confidence level lies between 0 and 1");
}

}  // namespace

// At least r of the values lie below the median unless fewer than r do: the sum of C(n,k)/2^n over k below r.
std::size_t lower_bound_rank(std::size_t count, double error) {
  std::size_t rank = 0;
  double fewer = 0;
  for (std::size_t k = 0; k < count; ++k) {
    fewer += half_binomial(count, k);
    if (fewer > error) break;
    rank = k + 1;
  }
  return rank;
}

std::vector<double> paired_log_ratios(const FigureByRound& a, const FigureByRound& b) {
  std::vector<double> logs;
  for (const auto& [round, figure] : a) {
    const auto found = b.find(round);
    if (found != b.end()) add_log_ratio(figure, found->second, logs);
  }
  return logs;
}

std::vector<double> paired_log_ratios(std::span<const double> a, std::span<const double> b) {
  std::vector<double> logs;
  for (std::size_t k = 0; k < std::min(a.size(), b.size()); ++k) add_log_ratio(a[k], b[k], logs);
  return logs;
}

RatioEstimate ratio_estimate(std::span<const double> log_ratios, double level) {
  const Interval logs = median_interval(log_ratios, level);
  return {.ratio = std::exp(median(log_ratios)),
          .interval = {.low = std::exp(logs.low), .high = std::exp(logs.high), .coverage = logs.coverage},
          .pairs = log_ratios.size()};
}

std::optional<double> median_lower_bound(std::span<const double> sample, double level) {
  check_level(level);
  const std::vector<double> values = sorted(sample);
  const std::size_t rank = lower_bound_rank(values.size(), 1 - level);
  if (rank == 0) return std::nullopt;
  return values[rank - 1];
}

std::optional<double> median_upper_bound(std::span<const double> sample, double level) {
  check_level(level);
  const std::vector<double> values = sorted(sample);
  const std::size_t rank = lower_bound_rank(values.size(), 1 - level);
  if (rank == 0) return std::nullopt;
  return values[values.size() - rank];
}

// The whole range of n values misses the median with probability 2 / 2^n, the smallest alone with 1 / 2^n.
std::size_t pairs_for_interval(double level) {
  check_level(level);
  std::size_t pairs = 2;
  while (1 - std::exp2(1.0 - static_cast<double>(pairs)) < level) ++pairs;
  return pairs;
}

std::size_t pairs_for_bound(double level) {
  check_level(level);
  std::size_t pairs = 1;
  while (1 - std::exp2(-static_cast<double>(pairs)) < level) ++pairs;
  return pairs;
}

}  // namespace dictbench
