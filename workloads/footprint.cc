// How large a dict gets under a workload: the kinds of all operations are replayed, their keys are not.
#include <algorithm>

#include "workloads/key_text.h"
#include "workloads/operation_generator.h"
#include "workloads/workload.h"

namespace dictbench {
namespace {

constexpr double kCounterBytes = 20;  // the longest decimal text of an int64

double mean_size(const ValueSpec& values) {
  double sum = 0, weights = 0;
  for (const SizeChoice& choice : values.sizes) {
    sum += static_cast<double>(choice.bytes) * choice.weight;
    weights += choice.weight;
  }
  return weights > 0 ? sum / weights : 0;
}

// The keys 0..count-1 by the size that their values have now: keys below `end` (and not below the end
// before) have `bytes` each.
class BaseKeys {
 public:
  void set(std::uint64_t keys, double bytes) {
    std::erase_if(runs_, [&](const Run& run) { return run.end <= keys; });
    runs_.insert(runs_.begin(), {keys, bytes});
  }

  std::uint64_t count() const { return runs_.empty() ? 0 : runs_.back().end; }

  double bytes() const {
    double sum = 0;
    std::uint64_t begin = 0;
    for (const Run& run : runs_) {
      sum += static_cast<double>(run.end - begin) * run.bytes;
      begin = run.end;
    }
    return sum;
  }

 private:
  struct Run {
    std::uint64_t end;
    double bytes;
  };
  std::vector<Run> runs_;
};

// Of one process: keys inserted less keys erased, now and at most during the phase last replayed.
struct Balance {
  std::int64_t now = 0, most = 0;

  void replay(const Workload& workload, std::size_t index, unsigned worker, unsigned processes) {
    const Phase& phase = workload.phases[index];
    most = now;
    if (!has_own_keys(phase.mix)) return;
    KindSequence kinds = kinds_of_phase(workload, index, worker);
    for (std::uint64_t left = operation_share(phase, worker, processes); left > 0; --left) {
      const OperationKind kind = kinds.next();
      if (kind == OperationKind::insert) most = std::max(most, ++now);
      if (kind == OperationKind::erase) --now;
    }
  }
};

}  // namespace

Footprint footprint(const Workload& workload, unsigned processes) {
  check_processes(workload, processes);
  BaseKeys base;
  if (workload.preload) base.set(workload.keys.count, mean_size(workload.values));
  std::vector<Balance> balances(processes);
  Footprint result{base.count(), 0, 0};
  double most_bytes = base.bytes(), items_then = static_cast<double>(base.count());
  std::uint64_t key_numbers = workload.keys.count, counters = 0;
  for (std::size_t index = 0; index < workload.phases.size(); ++index) {
    const Phase& phase = workload.phases[index];
    const double size = phase.mix.add > 0 ? kCounterBytes : mean_size(phase.values);
    if (phase.counters) {
      const std::uint64_t touched = touched_keys(workload, phase);
      counters = std::max(counters, phase.operations == 0 ? touched : std::min(touched, phase.operations));
      continue;
    }
    if (sets_keys(phase.mix)) {
      const std::uint64_t touched = touched_keys(workload, phase);
      base.set(phase.operations == 0 ? touched : std::min(touched, phase.operations), size);
      for (Balance& balance : balances) balance.now = std::max<std::int64_t>(balance.now, 0);  // erased keys come back
    }
    std::int64_t balance = 0;
    for (unsigned worker = 0; worker < processes; ++worker) {
      balances[worker].replay(workload, index, worker, processes);
      balance += balances[worker].most;
    }
    // More erased than were there: none is left.
    const double items = std::max(static_cast<double>(base.count()) + static_cast<double>(balance), 0.0);
    const double bytes = std::max(base.bytes() + static_cast<double>(balance) * size, 0.0);
    result.items = std::max(result.items, static_cast<std::uint64_t>(items));
    if (bytes > most_bytes) {
      most_bytes = bytes;
      items_then = items;
    }
  }
  for (unsigned worker = 0; worker < processes; ++worker) {
    const OwnKeys own = own_keys_before(workload, workload.phases.size(), worker, processes);
    if (own.inserted() > 0) key_numbers = std::max(key_numbers, own.inserted_key(own.inserted() - 1) + 1);
  }
  result.items += counters;
  result.key_bytes = KeyTexts(workload.keys).longest(key_numbers);
  if (counters > 0)
    result.key_bytes = std::max<std::uint64_t>(result.key_bytes, KeyTexts(workload.counters).longest(counters));
  most_bytes += static_cast<double>(counters) * kCounterBytes;
  items_then += static_cast<double>(counters);
  result.value_bytes = items_then > 0 ? static_cast<std::uint64_t>(most_bytes / items_then + 0.999)
                                      : static_cast<std::uint64_t>(mean_size(workload.values));
  return result;
}

}  // namespace dictbench
