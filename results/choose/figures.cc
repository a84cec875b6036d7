#include "results/choose/figures.h"

#include <fmt/format.h>

#include <algorithm>

#include "results/number_format.h"

namespace dictbench {
namespace {

// How much more an item takes with each further process: as far as the next lower number of them tells, else as if each
// held a copy of its own.
double bytes_a_process(const Basis& basis, double measured, unsigned processes) {
  const auto fewer =
      basis.fewer_processes == nullptr ? std::nullopt : median_of(*basis.fewer_processes, bytes_per_item);
  if (!fewer) return measured / processes;
  return std::max(0.0, measured - *fewer) / (processes - basis.fewer_processes->processes);
}

// What one item takes with other values and another number of processes. Told is that the value's own bytes are added
// or taken off. The bounds are wider: a slot of fixed size takes no more, and what is kept several times takes more
// than once; with other processes there may be as many copies more or fewer.
void estimate_bytes(Figures& figures, const Basis& basis, double least, double most, unsigned processes,
                    const Requirements& asked) {
  const bool counters = asked.write_kind == WriteKind::adds && asked.reads < 1;
  const double a_process = bytes_a_process(basis, most, processes) / most;
  figures.bytes_per_item = most;
  if (asked.value_bytes && !counters) {
    const auto value = static_cast<double>(*asked.value_bytes);
    const double more = value - basis.traits.value_bytes;
    figures.bytes_estimated = more != 0;
    figures.bytes_per_item = std::max(most + more, value);
    const double in_proportion = value / std::max(basis.traits.value_bytes, 1.0);
    (more < 0 ? least : most) *= in_proportion;
    least = std::max(least, value);
  }
  const double further = static_cast<double>(asked.processes) - processes;
  (further > 0 ? most : least) *= 1 + a_process * further;
  figures.bytes_range = std::pair(least, most);
}

}  // namespace

Figures figures_of(const Basis& basis, const Basis& open_loop, const Conditions& conditions,
                   const Requirements& asked) {
  Figures figures;
  std::vector<double> speeds;
  for (const auto& [round, speed] : basis.figures(ops_per_s, Between::rate)) speeds.push_back(speed);
  figures.repetitions = speeds.size();
  figures.ops_per_s = median(speeds);
  if (speeds.size() > 1) {
    const Interval interval = median_interval(speeds);
    figures.interval = std::pair(interval.low, interval.high);
  }
  const Basis& latencies = conditions.open_loop_rate > 0 ? open_loop : basis;
  figures.p99_ns = latencies.median(latency_p99, Between::worse);
  figures.least_p99_ns = latencies.median(latency_p99, Between::better).value_or(0);
  if (basis.traits.memory_is_its_own) {
    const auto least = basis.median(bytes_per_item, Between::better);
    const auto most = basis.median(bytes_per_item, Between::worse);
    if (least && *least > 0) estimate_bytes(figures, basis, *least, *most, conditions.processes, asked);
  }
  figures.voluntary = basis.median(voluntary_per_1000, Between::mean);
  figures.involuntary = basis.median(involuntary_per_1000, Between::mean);
  return figures;
}

Limits judge_limits(const Figures& figures, const Conditions& conditions, const Requirements& asked,
                    const std::string& no_latency) {
  Limits limits;
  const bool wants_latency = asked.p99_ns || asked.rank_by == RankBy::p99;
  if (wants_latency && !figures.p99_ns) {
    limits.latency_unknown = true;
    limits.unknown.push_back(
        fmt::format("p99 not measured: {}", no_latency.empty() ? "too few operations for a sample" : no_latency));
  } else if (asked.p99_ns && *figures.p99_ns > *asked.p99_ns) {
    const std::string text = fmt::format("p99 {} > {}", nanoseconds(*figures.p99_ns), nanoseconds(*asked.p99_ns));
    const bool quicker = asked.ops_per_s && conditions.open_loop_rate > *asked.ops_per_s;
    if (quicker)
      limits.unknown.push_back(
          fmt::format("{} at {}, you asked {}", text, rate(conditions.open_loop_rate), rate(*asked.ops_per_s)));
    else if (conditions.processes > asked.processes || figures.least_p99_ns <= *asked.p99_ns)
      limits.unknown.push_back(text + " where it was measured");
    else
      limits.missed.push_back(text);
  }
  if (asked.ops_per_s && figures.ops_per_s < *asked.ops_per_s) {
    const std::string text = fmt::format("{} is below {}", rate(figures.ops_per_s), rate(*asked.ops_per_s));
    if (asked.processes > conditions.processes)
      limits.unknown.push_back(fmt::format("{}, with {} of {} processes", text, conditions.processes, asked.processes));
    else
      limits.missed.push_back(text);
  }
  const bool wants_bytes = asked.max_bytes_per_item || asked.rank_by == RankBy::memory;
  if (wants_bytes && !figures.bytes_per_item) {
    limits.unknown.emplace_back("bytes per item not measured");
  } else if (asked.max_bytes_per_item && figures.bytes_range.first > *asked.max_bytes_per_item) {
    limits.missed.push_back(fmt::format("{}{} an item > {}", figures.bytes_estimated ? "~" : "",
                                        byte_size(*figures.bytes_per_item), byte_size(*asked.max_bytes_per_item)));
  } else if (asked.max_bytes_per_item && figures.bytes_range.second > *asked.max_bytes_per_item) {
    limits.unknown.push_back(fmt::format("from {} to {} an item, you asked {} at most",
                                         byte_size(figures.bytes_range.first), byte_size(figures.bytes_range.second),
                                         byte_size(*asked.max_bytes_per_item)));
  }
  return limits;
}

}  // namespace dictbench
