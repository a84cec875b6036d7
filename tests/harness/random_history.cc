#include "random_history.h"

#include <algorithm>
#include <map>
#include <optional>

namespace dictbench {
namespace {

using State = std::optional<std::int64_t>;

// What the operation does to the key when used by one process alone.
State apply(Operation& operation, State state) {
  operation.outcome = state ? Outcome::found : Outcome::missing;
  switch (operation.kind) {
    case OperationKind::get: operation.result = state.value_or(0); return state;
    case OperationKind::set: operation.outcome = Outcome::none; return operation.argument;
    case OperationKind::erase: return std::nullopt;
    case OperationKind::add:
      operation.outcome = Outcome::found;
      operation.result = state.value_or(0) + operation.argument;
      return operation.result;
  }
  return state;
}

bool try_all(const std::vector<Operation>& operations, std::vector<bool>& placed, State state) {
  bool all_done = true;
  for (std::size_t i = 0; i < operations.size(); ++i) all_done = all_done && (placed[i] || operations[i].open());
  if (all_done) return true;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (placed[i]) continue;
    const Operation& operation = operations[i];
    bool first = true;  // no other one must come before it
    for (std::size_t j = 0; j < operations.size(); ++j) {
      if (placed[j] || i == j || operations[j].open()) continue;
      const bool before_by_time = operations[j].end_ns < operation.begin_ns;
      const bool before_by_process = !operation.open() && operations[j].process == operation.process &&
                                     operations[j].begin_ns < operation.begin_ns;
      if (before_by_time || before_by_process) first = false;
    }
    if (!first) continue;
    Operation done = operation;
    const State next = apply(done, state);
    const bool any_answer = operation.open() || operation.outcome == Outcome::forgotten;
    if (!any_answer && (done.outcome != operation.outcome ||
                        (operation.outcome == Outcome::found && operation.kind != OperationKind::erase &&
                         done.result != operation.result)))
      continue;
    placed[i] = true;
    if (try_all(operations, placed, next)) return true;
    placed[i] = false;
  }
  return false;
}

}  // namespace

std::vector<Operation> legal_history(Random& random, const RandomHistoryOptions& options) {
  const std::uint64_t count = 1 + random.below(options.most_operations);
  struct Placed {
    Operation operation;
    std::int64_t takes_effect;
  };
  std::vector<Placed> all;
  std::map<std::uint32_t, std::int64_t> free_from;
  for (std::uint64_t i = 0; i < count; ++i) {
    Placed placed{};
    Operation& operation = placed.operation;
    operation.process = static_cast<std::uint32_t>(random.below(options.processes));
    operation.kind = static_cast<OperationKind>(random.below(options.adds ? 4 : 3));
    operation.argument = static_cast<std::int64_t>(1 + random.below(3));
    std::int64_t& free = free_from[operation.process];
    operation.begin_ns = free + 1 + static_cast<std::int64_t>(random.below(6));
    placed.takes_effect = operation.begin_ns + static_cast<std::int64_t>(random.below(6));
    operation.end_ns = placed.takes_effect + static_cast<std::int64_t>(random.below(6));
    free = operation.end_ns;
    if (options.processes_overlap_themselves && operation.kind == OperationKind::set && random.below(2) == 0)
      free = placed.takes_effect;
    all.push_back(placed);
  }
  std::ranges::stable_sort(all, {}, &Placed::takes_effect);
  State state;
  std::vector<Operation> operations;
  for (Placed& placed : all) {
    const bool killed = random.below(options.killed_one_in) == 0;
    const bool never_done = killed && random.below(2) == 0;
    if (!never_done) state = apply(placed.operation, state);
    if (killed) {
      placed.operation.end_ns = Operation::kOpen;
      placed.operation.outcome = Outcome::none;
      placed.operation.result = 0;
    }
    operations.push_back(placed.operation);
  }
  return operations;
}

std::vector<Operation> changed_history(Random& random, const RandomHistoryOptions& options) {
  std::vector<Operation> operations = legal_history(random, options);
  Operation& operation = operations[random.below(operations.size())];
  switch (random.below(3)) {
    case 0:
      if (!operation.open() && (operation.kind == OperationKind::get || operation.kind == OperationKind::erase))
        operation.outcome = operation.outcome == Outcome::found ? Outcome::missing : Outcome::found;
      break;
    case 1: operation.argument = static_cast<std::int64_t>(1 + random.below(3)); break;
    default: operation.result = static_cast<std::int64_t>(random.below(5)); break;
  }
  return operations;
}

bool legal_by_trying_all(const std::vector<Operation>& operations) {
  std::vector<bool> placed(operations.size(), false);
  return try_all(operations, placed, std::nullopt);
}

}  // namespace dictbench
