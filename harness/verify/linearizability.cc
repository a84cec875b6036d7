#include "harness/verify/linearizability.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <utility>

#include "harness/verify/configuration_set.h"

namespace dictbench {
namespace {

constexpr std::uint64_t bit(unsigned number) { return std::uint64_t{1} << number; }

template <typename Each>
void for_each_bit(std::uint64_t bits, const Each& each) {
  for (; bits != 0; bits &= bits - 1) each(static_cast<unsigned>(std::countr_zero(bits)));
}

// A limit was passed.
struct GaveUp {
  std::string why;
};

struct Event {
  std::int64_t at_ns;
  bool returns;  // begins come first: operations that touch may have overlapped
  std::uint32_t operation;

  auto operator<=>(const Event&) const = default;
};

bool is_read(const Operation& operation) {
  return operation.kind == OperationKind::get ||
         (operation.kind == OperationKind::erase && operation.outcome == Outcome::missing);
}

// True when an operation that returned can take effect here with the answer that it gave.
bool fits(const Operation& operation, const KeyState& state) {
  switch (operation.kind) {
    case OperationKind::set: return true;
    case OperationKind::get:
      return operation.outcome == Outcome::missing ? !state.present : state.present && state.value == operation.result;
    case OperationKind::erase:
      return operation.outcome == Outcome::forgotten || state.present == (operation.outcome == Outcome::found);
    case OperationKind::add: {
      std::int64_t sum = 0;
      return !__builtin_add_overflow(state.value, operation.argument, &sum) && sum == operation.result;
    }
  }
  return false;
}

KeyState after(const Operation& operation, const KeyState& state) {
  switch (operation.kind) {
    case OperationKind::get: return state;
    case OperationKind::set: return {true, operation.argument};
    case OperationKind::erase: return {};
    case OperationKind::add: return {true, state.value + operation.argument};
  }
  return state;
}

// The open operations of one key, in order of their begins. Those that cannot be told apart by anything that
// follows are twins, of which the earliest unused one stands for all.
class OpenOperations {
 public:
  // Open gets and erases that missed change nothing and are left out.
  OpenOperations(std::span<const Operation> all, std::vector<std::uint32_t> by_begin) {
    std::erase_if(by_begin, [&](std::uint32_t i) { return all[i].kind == OperationKind::get; });
    if (by_begin.size() > kMostOpen)
      throw GaveUp{
          fmt::format("{} operations of one key never returned, and {} are the most", by_begin.size(), kMostOpen)};
    indexes_ = std::move(by_begin);
    std::set<std::int64_t> read;
    bool adds = false;
    for (const Operation& operation : all) {
      adds = adds || operation.kind == OperationKind::add;
      if (operation.kind == OperationKind::get && operation.outcome == Outcome::found) read.insert(operation.result);
    }
    std::vector<std::pair<OperationKind, std::int64_t>> classes;
    for (const std::uint32_t i : indexes_) {
      // Sets whose values nobody reads differ in nothing.
      const bool seen = adds || all[i].kind != OperationKind::set || read.contains(all[i].argument);
      classes.emplace_back(all[i].kind, all[i].kind == OperationKind::erase ? 0 : seen ? all[i].argument : kUnreadable);
      std::uint64_t twins = 0;
      for (unsigned j = 0; j + 1 < classes.size(); ++j)
        if (classes[j] == classes.back()) twins |= bit(j);
      earlier_twins_.push_back(twins);
      of_kind_[static_cast<std::size_t>(all[i].kind)] |= bit(static_cast<unsigned>(classes.size() - 1));
    }
  }

  std::size_t count() const { return indexes_.size(); }
  std::uint32_t index(unsigned number) const { return indexes_[number]; }

  // Of this kind, begun, not used up, and the first of its twins.
  std::uint64_t candidates(OperationKind kind, std::uint64_t begun, std::uint64_t used) const {
    std::uint64_t found = 0;
    for_each_bit(of_kind_[static_cast<std::size_t>(kind)] & begun & ~used, [&](unsigned number) {
      if ((earlier_twins_[number] & ~used) == 0) found |= bit(number);
    });
    return found;
  }

 private:
  std::vector<std::uint32_t> indexes_;
  std::vector<std::uint64_t> earlier_twins_;
  std::array<std::uint64_t, 4> of_kind_{};
};

class Sweep {
 public:
  Sweep(std::span<const Operation> operations, const SearchLimits& limits)
      : operations_(operations), limits_(limits), open_(operations, open_by_begin(operations)) {
    slot_of_.resize(operations.size(), 0);
    configurations_.add({});
  }

  Decision run() {
    for (const Event& event : events()) {
      if (!event.returns) {
        begin(event.operation);
      } else if (!end(event.operation)) {
        return {.answer = Answer::illegal, .why = {}, .unexplained = event.operation, .last = std::move(quiet_)};
      } else if (pending_ == 0) {
        note_quiet(event.at_ns);
      }
    }
    return {};
  }

 private:
  static std::vector<std::uint32_t> open_by_begin(std::span<const Operation> operations) {
    std::vector<std::uint32_t> indexes;
    for (std::uint32_t i = 0; i < operations.size(); ++i)
      if (operations[i].open()) indexes.push_back(i);
    std::ranges::stable_sort(indexes, {}, [&](std::uint32_t i) { return operations[i].begin_ns; });
    return indexes;
  }

  std::vector<Event> events() const {
    std::vector<Event> all;
    all.reserve(2 * operations_.size());
    for (std::uint32_t i = 0; i < operations_.size(); ++i) {
      const Operation& operation = operations_[i];
      if (operation.open()) continue;
      all.push_back({operation.begin_ns, false, i});
      all.push_back({operation.end_ns, true, i});
    }
    for (unsigned number = 0; number < open_.count(); ++number)
      all.push_back({operations_[open_.index(number)].begin_ns, false, open_.index(number)});
    std::ranges::sort(all);
    return all;
  }

  const Operation& in_slot(unsigned slot) const { return operations_[slots_[slot]]; }

  void begin(std::uint32_t index) {
    const Operation& operation = operations_[index];
    if (operation.open()) {
      open_begun_ = (open_begun_ << 1) | 1;
      return;
    }
    if (pending_ == ~std::uint64_t{0})
      throw GaveUp{fmt::format("more than {} operations of one key overlap", kMostOverlapping)};
    const auto slot = static_cast<unsigned>(std::countr_one(pending_));
    follows_[slot] = 0;
    for_each_bit(pending_, [&](unsigned other) {
      if (in_slot(other).process == operation.process) follows_[slot] |= bit(other);
    });
    slots_[slot] = index;
    slot_of_[index] = static_cast<std::uint8_t>(slot);
    pending_ |= bit(slot);
    if (!is_read(operation)) return;
    reads_ |= bit(slot);
    configurations_.transform([&](Configuration& configuration) { settle(configuration); });
  }

  // False: no configuration explains it.
  bool end(std::uint32_t index) {
    const unsigned slot = slot_of_[index];
    next_.clear();
    visited_.clear();
    for (const Configuration& configuration : configurations_)
      if (configuration.done & bit(slot))
        take(configuration, slot);
      else
        search(configuration, slot);
    pending_ &= ~bit(slot);
    reads_ &= ~bit(slot);
    for_each_bit(pending_, [&](unsigned other) { follows_[other] &= ~bit(slot); });
    std::swap(configurations_, next_);
    return !configurations_.empty();
  }

  void take(Configuration configuration, unsigned slot) {
    configuration.done &= ~bit(slot);
    next_.add(configuration);
    check_limits();
  }

  // All ways to let pending operations take effect up to the one in `slot`.
  void search(const Configuration& from, unsigned slot) {
    stack_.assign(1, from);
    while (!stack_.empty()) {
      const Configuration configuration = stack_.back();
      stack_.pop_back();
      for_each_bit(pending_ & ~configuration.done, [&](unsigned candidate) {
        if (follows_[candidate] & ~configuration.done) return;
        explain(configuration, in_slot(candidate), [&](Configuration reached) {
          reached.state = after(in_slot(candidate), reached.state);
          reached.done |= bit(candidate);
          settle(reached);
          if (reached.done & bit(slot))
            take(reached, slot);
          else if (visited_.add(reached))
            stack_.push_back(reached);
          check_limits();
        });
      });
    }
  }

  // Lets every pending read that fits take effect.
  void settle(Configuration& configuration) const {
    for (bool changed = true; changed;) {
      changed = false;
      for_each_bit(reads_ & ~configuration.done, [&](unsigned slot) {
        if ((follows_[slot] & ~configuration.done) || !fits(in_slot(slot), configuration.state)) return;
        configuration.done |= bit(slot);
        changed = true;
      });
    }
  }

  // Calls `reached` with every least way to make `operation` fit: as it is, or by open operations: a set or an
  // erase, which makes all before it needless, and then adds, whose order does not matter.
  template <typename Reached>
  void explain(const Configuration& from, const Operation& operation, const Reached& reached) {
    if (fits(operation, from.state)) return reached(from);
    if (open_begun_ == 0) return;
    const bool wants_value = operation.outcome != Outcome::missing;
    if (wants_value) add_up(from, operation, 0, reached);
    const auto begin_with = [&](OperationKind kind) {
      for_each_bit(open_.candidates(kind, open_begun_, from.used), [&](unsigned number) {
        Configuration changed = from;
        changed.used |= bit(number);
        changed.state = after(operations_[open_.index(number)], from.state);
        if (fits(operation, changed.state)) return reached(changed);
        if (wants_value) add_up(changed, operation, 0, reached);
      });
    };
    if (wants_value) begin_with(OperationKind::set);
    if (from.state.present) begin_with(OperationKind::erase);
  }

  template <typename Reached>
  void add_up(const Configuration& from, const Operation& operation, unsigned first, const Reached& reached) {
    check_limits();
    for_each_bit(open_.candidates(OperationKind::add, open_begun_, from.used), [&](unsigned number) {
      if (number < first) return;
      const Operation& open = operations_[open_.index(number)];
      std::int64_t sum = 0;
      if (__builtin_add_overflow(from.state.value, open.argument, &sum)) return;
      Configuration added = from;
      added.used |= bit(number);
      added.state = {true, sum};
      if (fits(operation, added.state)) return reached(added);
      add_up(added, operation, number + 1, reached);
    });
  }

  void check_limits() {
    if (next_.size() + visited_.size() > limits_.most_configurations)
      throw GaveUp{fmt::format("more than {} configurations at one moment", limits_.most_configurations)};
    constexpr std::uint64_t kStepsPerLook = 4096;
    if (++steps_ % kStepsPerLook == 0 && std::chrono::steady_clock::now() > limits_.deadline)
      throw GaveUp{"the time is up"};
  }

  void note_quiet(std::int64_t at_ns) {
    const Configuration& first = *configurations_.begin();
    for (const Configuration& other : configurations_)
      if (other.state != first.state || other.used != first.used) return;
    quiet_.emplace();
    quiet_->at_ns = at_ns;
    quiet_->state = first.state;
    for_each_bit(first.used, [&](unsigned number) { quiet_->used_up.push_back(open_.index(number)); });
  }

  std::span<const Operation> operations_;
  const SearchLimits& limits_;
  OpenOperations open_;
  std::uint64_t open_begun_ = 0;                         // the first so many, as they are in order of their begins
  std::uint64_t pending_ = 0;                            // slots in use
  std::uint64_t reads_ = 0;                              // of them, those that change nothing
  std::array<std::uint32_t, kMostOverlapping> slots_;    // index of the operation
  std::array<std::uint64_t, kMostOverlapping> follows_;  // pending operations of the same process that began before
  std::vector<std::uint8_t> slot_of_;                    // by index
  ConfigurationSet configurations_, next_, visited_;
  std::vector<Configuration> stack_;
  std::optional<QuietMoment> quiet_;
  std::uint64_t steps_ = 0;
};

}  // namespace

Decision decide_key(std::span<const Operation> operations, const SearchLimits& limits) {
  try {
    return Sweep(operations, limits).run();
  } catch (const GaveUp& gave_up) {
    return {.answer = Answer::unknown, .why = gave_up.why, .unexplained = 0, .last = std::nullopt};
  }
}

}  // namespace dictbench
