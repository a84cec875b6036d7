#include "harness/driver/operation_loop.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace dictbench {
namespace {

// Executes single operations and remembers what they found.
class SingleExecutor {
 public:
  explicit SingleExecutor(const LoopPlan& plan)
      : plan_(plan),
        writer_(plan.workload, plan.phase, static_cast<std::uint8_t>(plan.worker)),
        checker_(plan.workload, plan.phase) {}

  unsigned group() const noexcept { return 1; }

  // One operation; returns how many keys it did not find.
  unsigned execute(std::size_t index, std::uint64_t sequence) {
    const Operation& operation = plan_.stream[index];
    return operation.kind == OperationKind::get ? !plan_.dict.get(operation.key(), value_)
                                                : execute_other(operation, sequence);
  }

  // The operations [index, end), the first of them with this sequence number. The loop holds nothing but
  // what a get needs: with all kinds inlined its state spilled to the stack, which `null` shows (6.1 against 5.2 ns).
  std::uint64_t run(std::size_t index, std::size_t end, std::uint64_t sequence) {
    if (index >= end) return 0;
    Dict& dict = plan_.dict;
    const std::size_t stride = plan_.stream.stride();
    std::uint64_t misses = 0;
    const Operation* operation = &plan_.stream[index];
    for (std::size_t left = end - index; left > 0; --left, ++sequence) {
      if (operation->kind == OperationKind::get) [[likely]]
        misses += !dict.get(operation->key(), value_);
      else if (operation->kind == OperationKind::get_absent)
        misses += dict.get(operation->key(), value_);
      else
        misses += execute_other(*operation, sequence);
      operation = operation->after(stride);
    }
    return misses;
  }

  // What is wrong with what the last execute() read, of which it found all but `missed`; empty: nothing.
  std::string check(std::size_t index, unsigned missed) const {
    const Operation& operation = plan_.stream[index];
    const bool read = operation.kind == OperationKind::get || operation.kind == OperationKind::read_modify_write;
    if (!read || missed > 0) return {};
    return checker_.check(operation.key(), operation.key_number, value_.view());
  }

 private:
  [[gnu::noinline]] unsigned execute_other(const Operation& operation, std::uint64_t sequence) {
    switch (operation.kind) {
      case OperationKind::get_absent: return plan_.dict.get(operation.key(), value_);
      case OperationKind::set:
      case OperationKind::insert: plan_.dict.set(operation.key(), writer_.make(operation, sequence)); return 0;
      case OperationKind::erase: return !plan_.dict.erase(operation.key());
      case OperationKind::add: plan_.dict.add(operation.key(), plan_.phase.delta); return 0;
      case OperationKind::scan:
        plan_.dict.scan(operation.key(), operation.scan_length(), [](auto, auto) { return true; });
        return 0;
      case OperationKind::get:
      case OperationKind::read_modify_write: break;
    }
    const bool found = plan_.dict.get(operation.key(), value_);
    plan_.dict.set(operation.key(), writer_.make(operation, sequence));
    return !found;
  }

  const LoopPlan& plan_;
  ValueWriter writer_;
  ValueChecker checker_;
  Value value_;
};

// Executes groups of gets or of sets by get_many and set_many.
class BatchExecutor {
 public:
  explicit BatchExecutor(const LoopPlan& plan)
      : plan_(plan),
        writer_(plan.workload, plan.phase, static_cast<std::uint8_t>(plan.worker), plan.batch),
        checker_(plan.workload, plan.phase),
        keys_(plan.batch),
        items_(plan.batch),
        values_(plan.batch),
        found_(std::make_unique<bool[]>(plan.batch)) {}

  unsigned group() const noexcept { return plan_.batch; }

  unsigned execute(std::size_t index, std::uint64_t sequence) {
    length_ = std::min<std::size_t>(plan_.batch, plan_.stream.size() - index);
    if (plan_.stream[index].kind == OperationKind::get) {
      for (std::size_t i = 0; i < length_; ++i) keys_[i] = plan_.stream[index + i].key();
      const std::size_t hits =
          plan_.dict.get_many({keys_.data(), length_}, {values_.data(), length_}, {found_.get(), length_});
      return static_cast<unsigned>(length_ - hits);
    }
    for (std::size_t i = 0; i < length_; ++i) {
      const Operation& operation = plan_.stream[index + i];
      items_[i] = {operation.key(), writer_.make(operation, sequence + i)};
    }
    plan_.dict.set_many({items_.data(), length_});
    return 0;
  }

  std::uint64_t run(std::size_t index, std::size_t end, std::uint64_t sequence) {
    std::uint64_t misses = 0;
    for (; index < end; index += plan_.batch, sequence += plan_.batch) misses += execute(index, sequence);
    return misses;
  }

  std::string check(std::size_t index, unsigned) const {
    if (plan_.stream[index].kind != OperationKind::get) return {};
    for (std::size_t i = 0; i < length_; ++i) {
      const Operation& operation = plan_.stream[index + i];
      if (!found_[i]) continue;
      if (std::string wrong = checker_.check(operation.key(), operation.key_number, values_[i].view()); !wrong.empty())
        return wrong;
    }
    return {};
  }

 private:
  const LoopPlan& plan_;
  ValueWriter writer_;
  ValueChecker checker_;
  std::vector<std::string_view> keys_;
  std::vector<KeyValue> items_;
  std::vector<Value> values_;
  std::unique_ptr<bool[]> found_;
  std::size_t length_ = 0;
};

// Distances between sampled operations: uniform in 1..2*mean-1, because a fixed distance would always
// hit the same operation of a mix that repeats (insert, erase, insert, erase, ...). SplitMix64 (G. Steele).
class SampleGaps {
 public:
  SampleGaps(std::uint64_t mean, std::uint64_t seed) : spread_(2 * mean - 1), state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return 1 + (mixed ^ (mixed >> 31)) % spread_;
  }

 private:
  std::uint64_t spread_;
  std::uint64_t state_;
};

Histogram& latency_of(OperationKind kind, LoopResult& result) {
  const bool reads = kind == OperationKind::get || kind == OperationKind::get_absent || kind == OperationKind::scan;
  return reads ? result.reads : result.writes;
}

// Where a stream that does not go round is left: its end, or the last whole group before `stop_before`.
std::size_t end_of(const LoopPlan& plan, unsigned group) {
  return std::min<std::uint64_t>(plan.stream.size(), plan.stop_before / group * group);
}

template <class Executor>
LoopResult closed_loop(const LoopPlan& plan) {
  Executor executor(plan);
  SampleGaps gaps(plan.one_in, plan.worker + 1);
  LoopResult result{.one_in = plan.one_in};
  const unsigned group = executor.group();
  const bool awaits = plan.writes_done != nullptr;
  const bool cyclic = plan.phase.operations == 0 || awaits;
  const std::size_t size = cyclic ? plan.stream.size() : end_of(plan, group);
  const bool timed = plan.seconds > 0 || awaits;
  constexpr std::int64_t kLookNs = 10'000'000;  // look whether it is time to end about this often at least
  // Between two looks: far more work than the look, far less than the phase.
  std::size_t stretch = timed ? std::min<std::size_t>(size, 16 * plan.one_in * group) : size;

  result.start_ns = monotonic_ns();
  const std::int64_t deadline =
      plan.seconds > 0 ? result.start_ns + static_cast<std::int64_t>(plan.seconds * 1e9) : INT64_MAX;
  std::int64_t looked = result.start_ns;
  std::size_t index = cyclic ? plan.already % size : std::min<std::size_t>(plan.already, size);
  std::uint64_t done = plan.already - index;  // operations of earlier rounds of the stream
  std::size_t sample = index + (gaps.next() - 1) * group;
  while (true) {
    const std::size_t end = std::min(size, index + stretch);
    while (index < end) {
      const std::size_t stop = std::min(end, sample);
      result.misses += executor.run(index, stop, plan.first_sequence + done + index);
      index = stop;
      if (index == end) break;
      const std::uint64_t before = plan.clock.now_in_order();
      const unsigned missed = executor.execute(index, plan.first_sequence + done + index);
      const std::uint64_t after = plan.clock.now_in_order();
      latency_of(plan.stream[index].kind, result).record(static_cast<std::uint64_t>(plan.clock.to_ns(after - before)));
      result.misses += missed;
      if (result.wrong_value.empty()) result.wrong_value = executor.check(index, missed);
      index = std::min(size, index + group);
      sample += gaps.next() * group;
    }
    if (timed) {
      const std::int64_t now = monotonic_ns();
      const bool written = awaits && plan.writes_done->load(std::memory_order_relaxed) >= plan.writes_wanted;
      if (written || now >= deadline) {
        done += index;
        break;
      }
      // Sampling was chosen by gets; a set that flushes to the disk may take a thousand times as long.
      if (now - looked > kLookNs && stretch > group) stretch = std::max<std::size_t>(stretch / group / 2, 1) * group;
      looked = now;
    }
    if (index < size) continue;
    done += size;
    if (!cyclic) break;
    index = 0;
    sample = (gaps.next() - 1) * group;
  }
  result.end_ns = monotonic_ns();
  result.ops = done - plan.already;
  return result;
}

// Sleeps for the long part and spins for the last 60 us, what a sleeping process takes to run again.
void wait_until(std::uint64_t due, const TickClock& clock) {
  constexpr double kSpinNs = 60'000;
  while (true) {
    const std::uint64_t now = clock.now();
    if (now >= due) return;
    const double left = clock.to_ns(due - now);
    if (left <= kSpinNs) continue;
    const timespec sleep{static_cast<time_t>((left - kSpinNs) / 1e9),
                         static_cast<long>(static_cast<std::int64_t>(left - kSpinNs) % 1'000'000'000)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &sleep, nullptr);
  }
}

LoopResult open_loop(const LoopPlan& plan) {
  SingleExecutor executor(plan);
  LoopResult result;
  // The workers' operations interleave: worker w has every n-th arrival, beginning with the w-th.
  const double gap_ns = 1e9 / plan.phase.arrival_rate;
  const double own_gap_ns = gap_ns * plan.processes;
  const bool cyclic = plan.phase.operations == 0;
  const std::uint64_t end = cyclic ? UINT64_MAX : end_of(plan, executor.group());
  const std::uint64_t left = end - std::min<std::uint64_t>(plan.already, end);
  const std::uint64_t count =
      plan.seconds > 0 ? std::min(left, static_cast<std::uint64_t>(plan.seconds * 1e9 / own_gap_ns)) : left;
  result.start_ns = monotonic_ns();
  const std::uint64_t start = plan.clock.now();
  const std::uint64_t leave = start + plan.clock.from_ns(2 * own_gap_ns * static_cast<double>(count));
  std::uint64_t i = 0;
  for (; i < count && !result.late; ++i) {
    const std::size_t index = (plan.already + i) % plan.stream.size();
    const std::uint64_t due = start + plan.clock.from_ns(gap_ns * plan.worker + own_gap_ns * static_cast<double>(i));
    wait_until(due, plan.clock);
    const unsigned missed = executor.execute(index, plan.first_sequence + plan.already + i);
    // In order, as in the closed loop: a stamp taken before the operation's loads have arrived told a tenth of its
    // time.
    const std::uint64_t after = plan.clock.now_in_order();
    result.misses += missed;
    latency_of(plan.stream[index].kind, result).record(static_cast<std::uint64_t>(plan.clock.to_ns(after - due)));
    result.late = after > leave;
    if (result.wrong_value.empty()) result.wrong_value = executor.check(index, missed);
  }
  result.end_ns = monotonic_ns();
  result.ops = i;
  return result;
}

}  // namespace

LoopResult run_operations(const LoopPlan& plan) {
  if (plan.stream.size() == 0) {
    const std::int64_t now = monotonic_ns();
    return {.start_ns = now, .end_ns = now};
  }
  if (plan.phase.arrival_rate > 0) return open_loop(plan);
  if (plan.batch > 1) return closed_loop<BatchExecutor>(plan);
  return closed_loop<SingleExecutor>(plan);
}

std::uint64_t choose_sampling(Dict& dict, const OperationStream& stream, const TickClock& clock, unsigned batch) {
  constexpr std::size_t kGets = 512, kStretch = 16;
  constexpr double kLongestNs = 5e6, kSampleNs = 560, kShare = 0.02;
  constexpr std::uint64_t kMost = 256;
  const std::size_t most = std::min(kGets, stream.size());
  if (most == 0) return 1;
  Value value;
  std::vector<double> gets_ns;  // of each stretch, per get; the median leaves page faults and preemption out
  std::uint64_t before = clock.now();
  const std::uint64_t deadline = before + clock.from_ns(kLongestNs);
  for (std::size_t done = 0; done < most && before < deadline;) {
    const std::size_t count = std::min(kStretch, most - done);
    for (std::size_t i = 0; i < count; ++i) dict.get(stream[done + i].key(), value);
    const std::uint64_t after = clock.now();
    gets_ns.push_back(clock.to_ns(after - before) / static_cast<double>(count));
    before = after;
    done += count;
  }
  const auto middle = gets_ns.begin() + static_cast<std::ptrdiff_t>(gets_ns.size() / 2);
  std::ranges::nth_element(gets_ns, middle);
  const double call_ns = *middle * batch;
  std::uint64_t one_in = 1;
  while (one_in < kMost && kSampleNs / static_cast<double>(one_in) > kShare * call_ns) one_in *= 2;
  return one_in;
}

}  // namespace dictbench
