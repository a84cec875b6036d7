#include "harness/meters/latency_summary.h"

namespace dictbench {
namespace {

constexpr std::uint64_t kLeastBeyond = 10;

// Whole numbers: 100 * (1 - 0.9) is less than 10.
std::optional<double> percentile(const Histogram& histogram, std::uint64_t per_mille) {
  if (histogram.total() * (1000 - per_mille) < kLeastBeyond * 1000) return std::nullopt;
  return static_cast<double>(histogram.percentile(static_cast<double>(per_mille) / 1000));
}

}  // namespace

std::optional<Latency> latency_summary(const Histogram& histogram, std::uint64_t one_in) {
  if (histogram.total() == 0) return std::nullopt;
  return Latency{.samples = histogram.total(),
                 .one_in = one_in,
                 .p50 = percentile(histogram, 500),
                 .p90 = percentile(histogram, 900),
                 .p99 = percentile(histogram, 990),
                 .p999 = percentile(histogram, 999),
                 .max = static_cast<double>(histogram.max())};
}

}  // namespace dictbench
