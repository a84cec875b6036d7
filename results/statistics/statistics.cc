#include "results/statistics/statistics.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace dictbench {

std::vector<double> sorted(std::span<const double> sample) {
  if (sample.empty()) throw std::invalid_argument("statistics of an empty sample");
  if (!std::all_of(sample.begin(), sample.end(), [](double x) { return std::isfinite(x); })) {
    throw std::invalid_argument("statistics of a sample with a figure that is not finite");
  }
  std::vector<double> values(sample.begin(), sample.end());
  std::sort(values.begin(), values.end());
  return values;
}

// By logarithms: 2^-n itself underflows from n = 1075 on.
double half_binomial(std::size_t n, std::size_t k) {
  const auto real_n = static_cast<double>(n);
  const auto real_k = static_cast<double>(k);
  return std::exp(std::lgamma(real_n + 1) - std::lgamma(real_k + 1) - std::lgamma(real_n - real_k + 1) -
                  real_n * std::log(2.0));
}

double median(std::span<const double> sample) {
  const std::vector<double> values = sorted(sample);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : values[middle - 1] + (values[middle] - values[middle - 1]) / 2;
}

RankInterval median_ranks(std::size_t count, double level) {
  if (count == 0) throw std::invalid_argument("statistics of an empty sample");
  if (!(level > 0 && level < 1)) throw std::invalid_argument("a confidence level lies between 0 and 1");
  if (count == 1) return {.low = 1, .high = 1, .coverage = 0};

  // below[k]: probability that fewer than k of `count` values lie under the median.
  std::vector<double> below(count + 2, 0.0);
  for (std::size_t k = 0; k <= count; ++k) below[k + 1] = below[k] + half_binomial(count, k);

  // The binomial is highest in its middle, so the pair of a given width that covers most is the central one
  // (the lower of two mirror images).
  for (std::size_t width = 1; width < count; ++width) {
    const std::size_t low = (count + 1 - width) / 2;
    const double coverage = below[low + width] - below[low];
    if (coverage >= level) return {.low = low, .high = low + width, .coverage = coverage};
  }
  return {.low = 1, .high = count, .coverage = below[count] - below[1]};
}

Interval median_interval(std::span<const double> sample, double level) {
  const std::vector<double> values = sorted(sample);
  const RankInterval ranks = median_ranks(values.size(), level);
  return {.low = values[ranks.low - 1], .high = values[ranks.high - 1], .coverage = ranks.coverage};
}

std::vector<double> paired_ratios(const FigureByRound& figures, const FigureByRound& base) {
  std::vector<double> ratios;
  for (const auto& [round, figure] : figures) {
    const auto found = base.find(round);
    if (found != base.end() && found->second > 0) ratios.push_back(figure / found->second);
  }
  return ratios;
}

std::optional<PairedRatio> paired_ratio(const FigureByRound& figures, const FigureByRound& base, double level) {
  const std::vector<double> ratios = paired_ratios(figures, base);
  if (ratios.empty()) return std::nullopt;
  return PairedRatio{.median = median(ratios), .interval = median_interval(ratios, level), .rounds = ratios.size()};
}

}  // namespace dictbench
