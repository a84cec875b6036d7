#include "results/gate/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "results/statistics/paired.h"

namespace dictbench {
namespace {

// P(fewer than `rank` of `count` independent events happen), each with `probability`.
double fewer_than(std::size_t rank, std::size_t count, double probability) {
  double sum = 0;
  for (std::size_t k = 0; k < rank; ++k) {
    const auto n = static_cast<double>(count);
    const auto happened = static_cast<double>(k);
    const double ways = std::lgamma(n + 1) - std::lgamma(happened + 1) - std::lgamma(n - happened + 1);
    sum += std::exp(ways + happened * std::log(probability) + (n - happened) * std::log1p(-probability));
  }
  return std::min(sum, 1.0);
}

// The largest share of the pairs that may lie below the margin so that, with `power`, fewer than `rank` do.
double share_below(std::size_t rank, std::size_t count, double power) {
  double low = 0, high = 0.5;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (fewer_than(rank, count, middle) >= power ? low : high) = middle;
  }
  return low;
}

// Where in a sorted sample of `count` the quantile lies that share_below() asks for; below 1: outside the sample.
double visible_position(std::size_t count, double error, double power) {
  const std::size_t rank = lower_bound_rank(count, error);
  return rank == 0 ? 0 : share_below(rank, count, power) * static_cast<double>(count + 1);
}

std::size_t fewest(double error, double power) {
  std::size_t count = 2;
  while (visible_position(count, error, power) < 1) ++count;
  return count;
}

std::vector<double> log_ratios(const Pairs& pairs) {
  if (pairs.base.size() != pairs.head.size()) throw std::invalid_argument("a gate's figures come in pairs");
  std::vector<double> ratios;
  for (std::size_t i = 0; i < pairs.base.size(); ++i) {
    if (!(pairs.base[i] > 0) || !(pairs.head[i] > 0)) throw std::invalid_argument("a gate's figures are above 0");
    ratios.push_back(std::log(pairs.head[i] / pairs.base[i]));
  }
  std::ranges::sort(ratios);
  return ratios;
}

// What one sorted sample of log ratios tells at an error and a power.
struct Bound {
  double middle, low, high, reach;  // reach: how far above a limit the median must be for the bound to pass the limit
};

Bound bound_of(const std::vector<double>& sorted, double error, double power) {
  const std::size_t rank = lower_bound_rank(sorted.size(), error);
  if (rank == 0) throw std::invalid_argument(fmt::format("{} pairs are too few", sorted.size()));
  // Rounded down, to the wider side: the sample is small.
  const auto position = static_cast<std::size_t>(std::max(visible_position(sorted.size(), error, power), 1.0));
  const double middle = median(sorted);
  return {middle, sorted[rank - 1], sorted[sorted.size() - rank], middle - sorted[position - 1]};
}

std::vector<double> negated(std::vector<double> sorted) {
  for (double& ratio : sorted) ratio = -ratio;
  std::ranges::reverse(sorted);
  return sorted;
}

// Probability with which chance alone would put so much of `greater` above `smaller`: one side of the rank-sum test.
double chance_of_greater(std::span<const double> greater, std::span<const double> smaller) {
  double above = 0;
  for (const double x : greater)
    for (const double y : smaller) above += x > y ? 1 : x == y ? 0.5 : 0;
  const auto n = static_cast<double>(greater.size()), m = static_cast<double>(smaller.size());
  const double deviation = std::sqrt(n * m * (n + m + 1) / 12);
  return std::erfc((above - n * m / 2) / deviation / std::sqrt(2.0)) / 2;
}

constexpr double kSideError = 0.001;
double side_error(const GateRules& rules) { return kSideError / 2 / static_cast<double>(rules.figures); }

// look_at_ratio(): half of each figure's error for the committed pairs, half for both looks together.
double committed_error(const GateRules& rules) { return rules.family_error / 2 / static_cast<double>(rules.figures); }
double shared_look_error(const GateRules& rules) { return std::sqrt(committed_error(rules)); }

}  // namespace

double GateRules::look_error() const { return std::sqrt(family_error / static_cast<double>(figures)); }
double GateRules::look_power() const { return std::sqrt(power); }

std::size_t least_pairs(const GateRules& rules) { return fewest(rules.look_error(), rules.look_power()); }

Look look_at(const Pairs& pairs, const GateRules& rules) {
  if (pairs.base.size() < least_pairs(rules))
    throw std::invalid_argument(
        fmt::format("{} pairs are too few: {} are needed", pairs.base.size(), least_pairs(rules)));
  const Bound bound = bound_of(log_ratios(pairs), rules.look_error(), rules.look_power());
  const double limit = std::log1p(rules.margin);
  return {.pairs = pairs.base.size(),
          .slowdown = std::expm1(bound.middle),
          .low = std::expm1(bound.low),
          .high = std::expm1(bound.high),
          .visible = std::expm1(limit + std::max(bound.reach, 0.0)),
          .flagged = bound.low > limit};
}

Look look_at_ratio(const Pairs& pairs, const Pairs& committed, const GateRules& rules) {
  const Bound now = bound_of(log_ratios(pairs), shared_look_error(rules), rules.look_power());
  const Bound then = bound_of(negated(log_ratios(committed)), committed_error(rules), rules.look_power());
  const double limit = std::log1p(rules.margin);
  return {.pairs = pairs.base.size(),
          .slowdown = std::expm1(now.middle + then.middle),
          .low = std::expm1(now.low + then.low),
          .high = std::expm1(now.high + then.high),
          .visible = std::expm1(limit + std::max(now.reach, 0.0) + std::max(then.reach, 0.0)),
          .flagged = now.low + then.low > limit};
}

std::size_t least_pairs_beside(const GateRules& rules) { return fewest(shared_look_error(rules), rules.look_power()); }

std::size_t least_committed_pairs(const GateRules& rules) {
  std::size_t count = 1;
  while (lower_bound_rank(count, committed_error(rules)) == 0) ++count;
  return count;
}

Disturbed wider_side(const Pairs& pairs, const GateRules& rules) {
  constexpr double kWider = 3;
  const auto distances = [](const std::vector<double>& side) {
    std::vector<double> logs;
    for (const double figure : side) logs.push_back(std::log(figure));
    const double middle = median(logs);
    for (double& value : logs) value = std::abs(value - middle);
    return logs;
  };
  const std::vector<double> base = distances(pairs.base), head = distances(pairs.head);
  const auto wider = [&](const std::vector<double>& one, const std::vector<double>& other) {
    return median(one) > kWider * median(other) && chance_of_greater(one, other) <= side_error(rules);
  };
  if (wider(head, base)) return Disturbed::head;
  return wider(base, head) ? Disturbed::base : Disturbed::neither;
}

bool wholly_slower(const Pairs& pairs) { return std::ranges::min(pairs.head) > std::ranges::max(pairs.base); }

Disturbed busier_side(std::span<const double> base, std::span<const double> head, const GateRules& rules) {
  constexpr double kApart = 0.05;
  const auto more = [&](std::span<const double> one, std::span<const double> other) {
    return median(one) - median(other) > kApart && chance_of_greater(one, other) <= side_error(rules);
  };
  if (more(head, base)) return Disturbed::head;
  return more(base, head) ? Disturbed::base : Disturbed::neither;
}

}  // namespace dictbench
