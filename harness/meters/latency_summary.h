// From a histogram to the latencies of a record: the one place that decides which percentiles are known.
//
// A percentile is told only when at least ten samples lie beyond it: the p99 of fifty samples is their maximum, and
// that of a few hundred moves by itself from run to run. So p50 takes 20 samples, p90 100, p99 1,000, p99.9 10,000.
#pragma once

#include <optional>

#include "harness/meters/histogram.h"
#include "results/record.h"

namespace dictbench {

// Nothing without samples. One operation in `one_in` was sampled.
std::optional<Latency> latency_summary(const Histogram& histogram, std::uint64_t one_in);

}  // namespace dictbench
