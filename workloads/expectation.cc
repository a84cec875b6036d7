#include "workloads/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "workloads/key_text.h"
#include "workloads/operation_generator.h"

namespace dictbench {
namespace {

constexpr std::uint16_t kNobody = 0;  // no phase wrote the key
constexpr std::uint16_t kPreload = 1;
constexpr std::uint16_t kFirstPhase = 2;

bool reads_only(const Mix& mix) { return mix.get + mix.get_absent + mix.scan >= mix.sum(); }

// The operations that a phase really did, of one worker.
class Replay {
 public:
  Replay(const Workload& workload, const Phase& phase, unsigned worker, unsigned processes, std::uint64_t executed)
      : executed_(executed) {
    const std::uint64_t stream = OperationStream::operations(workload, phase, worker, processes);
    OperationGenerator generator(workload, phase, worker, processes);
    steps_.reserve(std::min(stream, executed));
    while (steps_.size() < std::min(stream, executed)) steps_.push_back(generator.next());
  }

  // visit(step, index of its last execution, how often it was executed), in the order of the indices.
  template <typename Visit>
  void each(Visit visit) const {
    const std::uint64_t size = steps_.size();
    for (std::uint64_t index = executed_ - size; index < executed_; ++index) {
      const std::uint64_t place = index % size;
      visit(steps_[place], index, (executed_ - place + size - 1) / size);
    }
  }

 private:
  std::vector<OperationGenerator::Step> steps_;
  std::uint64_t executed_;
};

}  // namespace

struct Expectation::State {
  State(const Workload& work, unsigned count) : workload(work), processes(count), texts(work) {}

  void write(std::uint64_t key, std::uint16_t by_phase, unsigned worker, std::uint64_t sequence);
  void replay(std::size_t phase, unsigned worker, std::uint64_t first_sequence, std::uint64_t executed);
  // Counters with numbers of their own lie behind all other keys.
  std::uint64_t place_of(std::uint64_t number) const {
    return number >= kFirstCounter ? plain + (number - kFirstCounter) : number;
  }
  std::uint64_t number_at(std::uint64_t place) const { return place < plain ? place : kFirstCounter + (place - plain); }
  bool counts(std::uint64_t place) const { return all_count || place >= plain; }

  std::string check_counter(std::uint64_t number, std::string_view value) const;
  std::string check_stamp(std::uint64_t number, Stamp stamp) const;

  const Workload workload;
  const unsigned processes;
  const WorkloadKeys texts;
  std::vector<ValueChecker> checkers;     // of the preload and the phases
  std::uint64_t plain = 0;                // keys that are no counters of their own
  bool all_count = false;                 // the plain keys are counters
  std::vector<bool> present;              // of each key
  std::vector<std::uint16_t> written_in;  // of each key: kNobody, kPreload or kFirstPhase + phase
  std::vector<std::uint64_t> last;        // of each key and worker: 1 + sequence of its last write in that phase, or 0
  std::vector<std::int64_t> sums;         // of each key, where there are counters
  std::uint64_t items = 0;
};

void Expectation::State::write(std::uint64_t key, std::uint16_t by_phase, unsigned worker, std::uint64_t sequence) {
  std::uint64_t* const by_worker = &last[key * processes];
  if (written_in[key] != by_phase) {
    std::fill(by_worker, by_worker + processes, 0);
    written_in[key] = by_phase;
  }
  by_worker[worker] = sequence + 1;
  present[key] = true;
}

void Expectation::State::replay(std::size_t index, unsigned worker, std::uint64_t first_sequence,
                                std::uint64_t executed) {
  const Phase& phase = workload.phases[index];
  if (reads_only(phase.mix)) return;
  const auto by_phase = static_cast<std::uint16_t>(kFirstPhase + index);
  const Replay replay(workload, phase, worker, processes, executed);
  replay.each([&](const OperationGenerator::Step& step, std::uint64_t at, std::uint64_t times) {
    switch (step.kind) {
      case OperationKind::get:
      case OperationKind::get_absent:
      case OperationKind::scan: return;
      case OperationKind::erase: present[step.key_number] = false; return;
      case OperationKind::add:
        sums[place_of(step.key_number)] += phase.delta * static_cast<std::int64_t>(times);
        present[place_of(step.key_number)] = true;
        return;
      case OperationKind::set:
      case OperationKind::insert:
      case OperationKind::read_modify_write: write(step.key_number, by_phase, worker, first_sequence + at); return;
    }
  });
}

Expectation::Expectation(const Workload& workload, unsigned processes,
                         const std::vector<std::vector<std::uint64_t>>& executed)
    : state_(std::make_unique<State>(workload, processes)) {
  check_processes(workload, processes);
  const auto has_all = [&](const auto& counts) { return counts.size() == processes; };
  if (executed.size() != workload.phases.size() || !std::all_of(executed.begin(), executed.end(), has_all))
    throw std::invalid_argument(
        fmt::format("expectation of workload {}: operations of {} phases and {} processes are needed", workload.name,
                    workload.phases.size(), processes));
  State& state = *state_;
  std::uint64_t keys = workload.keys.count;
  // Keys of a phase before the last have their places even where it did not insert them: later ones count on.
  std::vector<std::vector<std::uint64_t>> limits(executed.size(), std::vector<std::uint64_t>(processes, UINT64_MAX));
  if (!limits.empty()) limits.back() = executed.back();
  for (unsigned worker = 0; worker < processes; ++worker) {
    const OwnKeys own = own_keys_before(workload, workload.phases.size(), worker, processes, limits);
    if (own.inserted() > 0) keys = std::max(keys, own.inserted_key(own.inserted() - 1) + 1);
  }
  state.plain = keys;
  keys += workload.counters.count;
  bool adds = false;
  for (const Phase& phase : workload.phases) {
    adds |= phase.mix.add > 0;
    state.all_count |= phase.mix.add > 0 && !phase.counters;
  }
  state.present.resize(keys, false);
  state.written_in.resize(keys, kNobody);
  state.last.resize(keys * processes, 0);
  if (adds) state.sums.resize(keys, 0);

  state.checkers.emplace_back(workload, preload_phase(workload));
  if (workload.preload) {
    std::fill_n(state.present.begin(), workload.keys.count, true);
    std::fill_n(state.written_in.begin(), workload.keys.count, kPreload);
  }
  std::vector<std::uint64_t> sequence(processes, 0);
  for (std::size_t index = 0; index < workload.phases.size(); ++index) {
    state.checkers.emplace_back(workload, workload.phases[index]);
    for (unsigned worker = 0; worker < processes; ++worker) {
      state.replay(index, worker, sequence[worker], executed[index][worker]);
      sequence[worker] += executed[index][worker];
    }
  }
  state.items = static_cast<std::uint64_t>(std::count(state.present.begin(), state.present.end(), true));
}

Expectation::~Expectation() = default;

std::uint64_t Expectation::items() const noexcept { return state_->items; }
std::uint64_t Expectation::keys() const noexcept { return state_->present.size(); }
std::string Expectation::key(std::uint64_t number) const { return state_->texts.text(state_->number_at(number)); }
bool Expectation::present(std::uint64_t number) const { return state_->present[number]; }

std::string Expectation::check(std::uint64_t number, std::string_view value) const {
  const State& state = *state_;
  if (!state.present[number]) return "is there though it must not be";
  if (state.counts(number)) return state.check_counter(number, value);
  const ValueChecker& checker = state.checkers[state.written_in[number] - kPreload];
  std::string wrong = checker.check(key(number), number, value);
  if (!wrong.empty()) return wrong;
  const std::optional<Stamp> stamp = checker.stamp(value);
  return stamp ? state.check_stamp(number, *stamp) : std::string();
}

std::string Expectation::State::check_counter(std::uint64_t number, std::string_view value) const {
  const std::string right = fmt::format("{}", sums[number]);
  if (value == right) return {};
  constexpr std::size_t kShown = 32;
  return fmt::format("counts '{}' instead of {}", value.substr(0, kShown), right);
}

std::string Expectation::State::check_stamp(std::uint64_t number, Stamp stamp) const {
  if (written_in[number] == kPreload)
    return stamp.writer == kPreloadWriter ? std::string()
                                          : fmt::format("holds a write of process {} that it never did", stamp.writer);
  const std::uint64_t* const by_worker = &last[number * processes];
  if (stamp.writer < processes && by_worker[stamp.writer] == stamp.sequence + 1) return {};
  const auto found =
      std::find_if(by_worker, by_worker + processes, [](std::uint64_t sequence) { return sequence != 0; });
  const std::string held = stamp.writer == kPreloadWriter
                               ? "the preload's value"
                               : fmt::format("operation {} of process {}", stamp.sequence, stamp.writer);
  const bool several = std::count(by_worker, by_worker + processes, 0) + 1 < static_cast<std::ptrdiff_t>(processes);
  return fmt::format("holds {} instead of operation {} of process {}{}", held, *found - 1, found - by_worker,
                     several ? " or the last write of another process" : "");
}

}  // namespace dictbench
