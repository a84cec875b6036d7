#include "workloads/operation_generator.h"

#include <fmt/format.h>

#include <algorithm>

namespace dictbench {
namespace {

// What a seed is for, so that no two sequences of random numbers are one.
enum class Purpose : std::uint64_t { kinds = 1, keys, scatter };

constexpr std::size_t kTurnClass = 2;  // inserts and erases
constexpr OperationKind kClassKinds[] = {OperationKind::get,       OperationKind::set,
                                         OperationKind::insert,    OperationKind::add,
                                         OperationKind::scan,      OperationKind::read_modify_write,
                                         OperationKind::get_absent};

std::uint64_t seed_for(const Workload& workload, Purpose purpose, std::uint64_t phase, std::uint64_t worker) noexcept {
  return mix64(workload.seed, static_cast<std::uint64_t>(purpose), phase, worker);
}

std::size_t phase_index(const Workload& workload, const Phase& phase) noexcept {
  const auto same_name = [&](const Phase& other) { return other.name == phase.name; };
  const auto found = std::find_if(workload.phases.begin(), workload.phases.end(), same_name);
  return found == workload.phases.end() ? 0 : static_cast<std::size_t>(found - workload.phases.begin());
}

// Whether keys 0..count-1 are there when the first erase comes.
bool keys_set_before_erase(const Workload& workload) noexcept {
  if (workload.preload) return true;
  for (const Phase& phase : workload.phases) {
    if (phase.mix.erase > 0) return false;
    if (sets_keys(phase.mix) && !phase.counters) return true;
  }
  return false;
}

}  // namespace

std::uint64_t touched_keys(const Workload& workload, const Phase& phase) noexcept {
  const std::uint64_t all = phase.counters ? workload.counters.count : workload.keys.count;
  return phase.keys == 0 ? all : std::min(phase.keys, all);
}

bool sets_keys(const Mix& mix) noexcept { return mix.set > 0 || mix.add > 0 || mix.read_modify_write > 0; }
bool has_own_keys(const Mix& mix) noexcept { return mix.insert > 0 || mix.erase > 0; }

Mix mix_of(const Phase& phase, unsigned worker) noexcept {
  Mix mix = phase.mix;
  if (phase.writers == 0) return mix;
  if (reads_on(phase, worker))
    mix.set = mix.insert = mix.erase = mix.add = mix.read_modify_write = 0;
  else
    mix.get = mix.scan = mix.get_absent = 0;
  return mix;
}

bool reads_on(const Phase& phase, unsigned worker) noexcept { return phase.writers > 0 && worker >= phase.writers; }

std::uint64_t operation_share(const Phase& phase, unsigned worker, unsigned processes) noexcept {
  if (reads_on(phase, worker)) return 0;
  if (phase.writers > 0) processes = std::min(processes, phase.writers);
  return part_begin(phase.operations, worker + 1, processes) - part_begin(phase.operations, worker, processes);
}

KindSequence::KindSequence(const Mix& mix, std::uint64_t seed) noexcept : random_(seed) {
  const double turn_weight = mix.insert + mix.erase;
  const double weights[kClasses] = {mix.get,       mix.set, turn_weight, mix.add, mix.scan, mix.read_modify_write,
                                    mix.get_absent};
  double sum = 0;
  for (const double weight : weights) sum += weight;
  double reached = 0;
  for (std::size_t c = 0; c < kClasses; ++c) {
    reached += weights[c];
    limits_[c] = static_cast<std::uint64_t>(reached / sum * 0x1p53);
    if (weights[c] == sum) only_ = c;
  }
  insert_share_ = turn_weight > 0 ? static_cast<std::uint64_t>(mix.insert / turn_weight * 0x1p32) : 0;
  credit_ = (std::uint64_t{1} << 32) - insert_share_;  // so that the first one is an insert, if there are any
}

OperationKind KindSequence::next() noexcept {
  std::size_t chosen = only_;
  if (chosen == kClasses) {
    const std::uint64_t number = random_.next() >> 11;
    chosen = 0;
    while (chosen + 1 < kClasses && number >= limits_[chosen]) ++chosen;
  }
  return chosen == kTurnClass ? turn() : kClassKinds[chosen];
}

OperationKind KindSequence::turn() noexcept {
  constexpr std::uint64_t kOne = std::uint64_t{1} << 32;
  credit_ += insert_share_;
  if (insert_share_ == 0 || credit_ < kOne) return OperationKind::erase;
  credit_ -= kOne;
  return OperationKind::insert;
}

OwnKeys::OwnKeys(const Workload& workload, unsigned worker, unsigned processes)
    : count_(workload.keys.count),
      worker_(worker),
      processes_(processes),
      first_(part_begin(count_, worker, processes)),
      size_(keys_set_before_erase(workload) ? part_begin(count_, worker + 1, processes) - first_ : 0) {}

std::uint64_t OwnKeys::erase() noexcept {
  const std::uint64_t all = size_ + inserted_;
  if (all == 0) return first_;
  const std::uint64_t place = erased_ < all ? erased_++ : all - 1;
  return place < size_ ? first_ + place : inserted_key(place - size_);
}

KindSequence kinds_of_phase(const Workload& workload, std::size_t index, unsigned worker) {
  return {mix_of(workload.phases[index], worker), seed_for(workload, Purpose::kinds, index, worker)};
}

OwnKeys own_keys_before(const Workload& workload, std::size_t before, unsigned worker, unsigned processes,
                        const std::vector<std::vector<std::uint64_t>>& executed) {
  OwnKeys own(workload, worker, processes);
  for (std::size_t index = 0; index < before; ++index) {
    const Phase& phase = workload.phases[index];
    if (!has_own_keys(phase.mix)) continue;
    KindSequence kinds = kinds_of_phase(workload, index, worker);
    std::uint64_t left = operation_share(phase, worker, processes);
    if (!executed.empty()) left = std::min(left, executed[index][worker]);
    for (; left > 0; --left) {
      const OperationKind kind = kinds.next();
      if (kind == OperationKind::insert) own.insert();
      if (kind == OperationKind::erase) own.erase();
    }
  }
  return own;
}

void check_processes(const Workload& workload, unsigned processes) {
  if (processes < 1 || processes > kMaxProcesses)
    throw WorkloadError(
        fmt::format("workload {}: {} processes; allowed are 1 to {}", workload.name, processes, kMaxProcesses));
  for (const Phase& phase : workload.phases) {
    const std::uint64_t keys = touched_keys(workload, phase);
    if ((phase.share == Share::own || phase.mix.erase > 0) && keys < processes)
      throw WorkloadError(fmt::format(
          "workload {}, phase {}: {} processes cannot each own some of {} keys; use fewer processes or a larger scale",
          workload.name, phase.name, processes, keys));
  }
}

OperationGenerator::OperationGenerator(const Workload& workload, const Phase& phase, unsigned worker,
                                       unsigned processes)
    : inserts_(mix_of(phase, worker).insert > 0),
      counters_(phase.counters),
      all_keys_(workload.keys.count),
      kinds_(mix_of(phase, worker), seed_for(workload, Purpose::kinds, phase_index(workload, phase), worker)),
      own_(own_keys_before(workload, phase_index(workload, phase), worker, processes)),
      random_(seed_for(workload, Purpose::keys, phase_index(workload, phase), worker)) {
  const std::uint64_t keys = touched_keys(workload, phase);
  first_ = phase.share == Share::own ? part_begin(keys, worker, processes) : 0;
  count_ = (phase.share == Share::own ? part_begin(keys, worker + 1, processes) : keys) - first_;
  if (count_ > 0)
    distribution_ =
        make_distribution(phase.distribution, count_, own_.inserted(), seed_for(workload, Purpose::scatter, 0, 0));
}

OperationGenerator::Step OperationGenerator::next() {
  const OperationKind kind = kinds_.next();
  if (kind == OperationKind::insert) {
    distribution_->inserted();
    return {own_.insert(), kind};
  }
  if (kind == OperationKind::erase) return {own_.erase(), kind};
  const std::uint64_t number = distribution_->next(random_);
  if (counters_) return {kFirstCounter + first_ + number, kind};
  if (kind == OperationKind::get_absent) return {kFirstAbsent + first_ + number % count_, kind};
  return {number < count_ ? first_ + number : own_.inserted_key(number - count_), kind};
}

std::uint64_t OperationGenerator::key_limit(std::uint64_t steps) const noexcept {
  const std::uint64_t inserted = own_.inserted() + (inserts_ ? steps : 0);
  return inserted == 0 ? all_keys_ : own_.inserted_key(inserted - 1) + 1;
}

}  // namespace dictbench
