#include "harness/driver/cell_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "harness/driver/pace.h"
#include "harness/meters/latency_summary.h"
#include "harness/meters/memory.h"
#include "results/number_format.h"
#include "workloads/key_text.h"
#include "workloads/operation_generator.h"

namespace dictbench {
namespace {

constexpr double kNsToSeconds = 1e-9;

double mean_bytes(const ValueSpec& values) {
  double sum = 0, weights = 0;
  for (const SizeChoice& choice : values.sizes) {
    sum += static_cast<double>(choice.bytes) * choice.weight;
    weights += choice.weight;
  }
  return weights > 0 ? sum / weights : 0;
}

// Of a thousand keys at even distances: lengths differ by a digit or two.
double mean_key_bytes(const KeySpec& keys) {
  constexpr std::uint64_t kLooked = 1000;
  const KeyTexts texts(keys);
  const std::uint64_t looked = std::min(keys.count, kLooked);
  double sum = 0;
  for (std::uint64_t i = 0; i < looked; ++i) sum += static_cast<double>(texts.text(i * keys.count / looked).size());
  return sum / static_cast<double>(looked);
}

std::uint64_t sum_of(const std::vector<std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

// The speed counts only when all was done.
std::string judge(const ControlPage& page, unsigned workers, const Phase& phase, const CellRecord& record) {
  bool late = false;
  std::uint64_t counted = 0;  // in what `operations` counts
  for (unsigned worker = 0; worker < workers; ++worker) {
    late |= page.workers[worker].report.late;
    if (!reads_on(phase, worker)) counted += record.workers[worker].ops;
  }
  if (phase.arrival_rate > 0 && late)
    return fmt::format("unfinished: kept {} of {} operations a second",
                       grouped(static_cast<std::uint64_t>(static_cast<double>(record.ops) / record.elapsed_s)),
                       grouped(static_cast<std::uint64_t>(phase.arrival_rate)));
  if (phase.operations == 0 || phase.seconds > 0 || counted >= phase.operations) return "ok";
  if (late)
    return fmt::format("unfinished: not in {:.3g} s: {} of {}", phase.limit, grouped(counted),
                       grouped(phase.operations));
  return fmt::format("invalid: {} of {} operations were done", counted, phase.operations);
}

}  // namespace

// All keys of this load are there when it begins. A load that ends at its limit is filled up, so an earlier one of the
// same kind of keys has set all of its own, and nobody has erased any since. Only `keys` are preloaded.
bool overwrites_a_load(const Workload& workload, const Phase& phase) {
  if (!phase.fill) return false;
  const std::uint64_t keys = touched_keys(workload, phase);
  bool there = workload.preload && !phase.counters;
  for (const Phase& earlier : workload.phases) {
    if (&earlier == &phase) break;
    if (earlier.mix.erase > 0) there = false;
    if (earlier.fill && earlier.counters == phase.counters && touched_keys(workload, earlier) >= keys) there = true;
  }
  return there;
}

Work work_of(const Workload& workload, const Phase& phase) {
  return {.keys = touched_keys(workload, phase),
          .key_bytes = mean_key_bytes(phase.counters ? workload.counters : workload.keys),
          .value_bytes = mean_bytes(phase.values),
          .seconds = phase.seconds,
          .warm_up_s = warm_up_seconds(phase),
          .arrival_rate = phase.arrival_rate,
          .overwrites = overwrites_a_load(workload, phase)};
}

void take_window(const ControlPage& page, unsigned workers, const TickClock& clock, const Phase& phase,
                 CellRecord& record) {
  std::int64_t first_start = INT64_MAX, last_start = INT64_MIN, first_end = INT64_MAX, last_end = INT64_MIN;
  Histogram reads, writes;
  std::uint64_t one_in = 1;
  for (unsigned worker = 0; worker < workers; ++worker) {
    const PhaseReport& report = page.workers[worker].report;
    first_start = std::min(first_start, report.start_ns);
    last_start = std::max(last_start, report.start_ns);
    first_end = std::min(first_end, report.end_ns);
    last_end = std::max(last_end, report.end_ns);
    reads.merge(report.reads);
    writes.merge(report.writes);
    one_in = std::max(one_in, report.one_in);
    record.ops += report.ops;
    record.rusage += report.usage;
  }
  for (unsigned worker = 0; worker < workers; ++worker) {
    const PhaseReport& report = page.workers[worker].report;
    record.workers.push_back({.ops = report.ops,
                              .start_s = static_cast<double>(report.start_ns - first_start) * kNsToSeconds,
                              .end_s = static_cast<double>(report.end_ns - first_start) * kNsToSeconds,
                              .usage = report.usage});
  }
  record.elapsed_s = static_cast<double>(last_end - first_start) * kNsToSeconds;
  const double together_s = static_cast<double>(first_end - last_start) * kNsToSeconds;
  record.overlap = record.elapsed_s > 0 ? std::clamp(together_s / record.elapsed_s, 0.0, 1.0) : 0;
  record.clock_tick_ns = clock.step_ns;
  Histogram all = reads;
  all.merge(writes);
  record.latency_ns = latency_summary(all, one_in);
  if (reads.total() > 0 && writes.total() > 0) {
    record.read_latency_ns = latency_summary(reads, one_in);
    record.write_latency_ns = latency_summary(writes, one_in);
  }
  record.status = judge(page, workers, phase, record);
}

bool misses_are_wrong(const Contract& contract, const Workload& workload, std::size_t index,
                      const std::vector<std::vector<std::uint64_t>>& executed) {
  const Phase& phase = workload.phases[index];
  for (std::size_t earlier = 0; earlier <= index; ++earlier)
    if (workload.phases[earlier].mix.erase > 0 && phase.mix.get > 0) return false;
  if (!contract.stores || workload.preload) return contract.stores;
  std::uint64_t stored = 0;
  for (std::size_t earlier = 0; earlier < index; ++earlier) {
    const Phase& before = workload.phases[earlier];
    const bool only_sets = before.mix.set == before.mix.sum() && !before.counters;
    if (only_sets && before.share == Share::own && before.distribution.kind == DistributionKind::sequential &&
        (before.fill || sum_of(executed[earlier]) >= before.operations))
      stored = std::max(stored, std::min(before.operations, touched_keys(workload, before)));
  }
  return stored >= touched_keys(workload, phase);
}

MemoryMeter::MemoryMeter(const Engine& engine, const std::vector<pid_t>& workers) : engine_(engine) {
  for (const pid_t pid : workers) attached_bytes_ += memory_of(pid).anonymous_bytes;
  Memory empty;
  measure(workers, empty);
  empty_bytes_ = empty.engine_bytes;
}

void MemoryMeter::measure(const std::vector<pid_t>& workers, Memory& memory) const {
  std::uint64_t workers_anonymous = 0, servers_anonymous = 0;
  for (const pid_t pid : workers) {
    const ProcessMemory held = memory_of(pid);
    memory.pss_bytes += held.pss_bytes;
    workers_anonymous += held.anonymous_bytes;
  }
  for (const pid_t pid : engine_.server_pids()) {
    const ProcessMemory held = memory_of(pid);
    memory.pss_bytes += held.pss_bytes;
    servers_anonymous += held.anonymous_bytes;
  }
  const StorageBytes storage = engine_.storage_bytes();
  memory.storage_bytes = storage.in_use;
  memory.storage_length_bytes = storage.length;
  const std::uint64_t growth = workers_anonymous > attached_bytes_ ? workers_anonymous - attached_bytes_ : 0;
  memory.engine_bytes = growth + servers_anonymous + storage.in_use;
  memory.empty_bytes = empty_bytes_;
  if (memory.items > 0 && memory.engine_bytes > empty_bytes_)
    memory.bytes_per_item = static_cast<double>(memory.engine_bytes - empty_bytes_) / static_cast<double>(memory.items);
}

}  // namespace dictbench
