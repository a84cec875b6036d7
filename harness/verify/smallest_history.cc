#include "harness/verify/smallest_history.h"

#include <fmt/format.h>

#include <algorithm>

namespace dictbench {
namespace {

bool misses(const Operation& operation) { return operation.outcome == Outcome::missing; }

bool sees_presence(const Operation& operation) {
  return operation.kind == OperationKind::erase && operation.outcome == Outcome::found;
}

// Without the erase the key would hold a value where it must be missing.
bool sees_absence(const Operation& operation) {
  // A sum that is the delta itself may come from a missing key; what an open add makes depends on it, too.
  const bool from_nothing =
      operation.kind == OperationKind::add && (operation.open() || operation.result == operation.argument);
  return misses(operation) || from_nothing;
}

class Shrinking {
 public:
  Shrinking(std::span<const Operation> operations, const Decision& decision, std::chrono::milliseconds patience)
      : deadline_(std::chrono::steady_clock::now() + patience) {
    std::vector<Operation> prefix;
    const std::int64_t end = operations[decision.unexplained].end_ns;
    std::ranges::copy_if(operations, std::back_inserter(prefix),
                         [&](const Operation& operation) { return operation.begin_ns <= end; });
    if (decision.last) {
      std::vector<Operation> recent = after_quiet_moment(operations, *decision.last, end);
      if (accept(std::move(recent))) return;
    }
    if (!accept(std::move(prefix))) operations_.assign(operations.begin(), operations.end());
  }

  void run() {
    for (bool changed = true; changed && !late();) {
      changed = false;
      for (std::size_t size = std::max<std::size_t>(1, operations_.size() / 2); size > 0 && !late(); size /= 2)
        changed = leave_out_chunks(size) || changed;
      changed = forget_answers() || changed;
    }
  }

  std::vector<Operation>& operations() { return operations_; }
  std::size_t unexplained() const { return unexplained_; }

 private:
  static std::vector<Operation> after_quiet_moment(std::span<const Operation> operations, const QuietMoment& quiet,
                                                   std::int64_t end) {
    std::vector<Operation> recent;
    Operation before{.begin_ns = quiet.at_ns, .end_ns = quiet.at_ns, .process = kBeforeHistory};
    before.key = operations.front().key;
    before.kind = quiet.state.present ? OperationKind::set : OperationKind::erase;
    before.argument = quiet.state.value;
    before.outcome = quiet.state.present ? Outcome::none : Outcome::forgotten;
    recent.push_back(before);
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const Operation& operation = operations[i];
      const bool still_open = operation.open() && std::ranges::find(quiet.used_up, i) == quiet.used_up.end();
      if (operation.begin_ns > end || (operation.begin_ns <= quiet.at_ns && !still_open)) continue;
      recent.push_back(operation);
      // Its begin must come after what stands for all before.
      recent.back().begin_ns = std::max(operation.begin_ns, quiet.at_ns + 1);
    }
    return recent;
  }

  bool late() const { return std::chrono::steady_clock::now() > deadline_; }

  // Takes the candidate, without what its own unexplained return makes needless, when it is still illegal.
  bool accept(std::vector<Operation> candidate) {
    const Decision decision = decide_key(candidate, {.deadline = deadline_});
    if (decision.answer != Answer::illegal) return false;
    const Operation unexplained = candidate[decision.unexplained];
    std::size_t removed_before = 0;
    std::vector<Operation> kept;
    for (std::size_t i = 0; i < candidate.size(); ++i) {
      if (candidate[i].begin_ns <= unexplained.end_ns)
        kept.push_back(candidate[i]);
      else if (i < decision.unexplained)
        ++removed_before;
    }
    operations_ = std::move(kept);
    unexplained_ = decision.unexplained - removed_before;
    return true;
  }

  // Chunks keep the number of searches small where the history is long (A. Zeller, R. Hildebrandt: "Simplifying
  // and isolating failure-inducing input", 2002).
  bool leave_out_chunks(std::size_t size) {
    bool changed = false;
    for (std::size_t end = operations_.size(); end > 0 && !late();) {
      end = std::min(end, operations_.size());
      const std::size_t begin = end > size ? end - size : 0;
      std::vector<Operation> candidate = operations_;
      for (std::size_t i = end; i-- > begin;)
        if (candidate[i].process != kBeforeHistory && may_leave_out(candidate, i))
          candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(i));
      if (candidate.size() < operations_.size() && accept(std::move(candidate))) changed = true;
      end = begin;
    }
    return changed;
  }

  bool forget_answers() {
    bool changed = false;
    for (std::size_t i = 0; i < operations_.size() && !late(); ++i) {
      if (!sees_presence(operations_[i])) continue;
      std::vector<Operation> candidate = operations_;
      candidate[i].outcome = Outcome::forgotten;
      changed = accept(std::move(candidate)) || changed;
    }
    return changed;
  }

  std::chrono::steady_clock::time_point deadline_;
  std::vector<Operation> operations_;
  std::size_t unexplained_ = 0;
};

}  // namespace

bool may_leave_out(std::span<const Operation> operations, std::size_t index) {
  const Operation& left_out = operations[index];
  if (left_out.kind == OperationKind::get || misses(left_out)) return true;
  const auto none_other = [&](const auto& sees) {
    for (std::size_t i = 0; i < operations.size(); ++i)
      if (i != index && sees(operations[i])) return false;
    return true;
  };
  switch (left_out.kind) {
    case OperationKind::erase: return none_other(sees_absence);
    case OperationKind::set:
      return none_other([&](const Operation& other) {
        const bool reads_it =
            other.kind == OperationKind::get && other.outcome == Outcome::found && other.result == left_out.argument;
        return reads_it || sees_presence(other) || other.kind == OperationKind::add;
      });
    case OperationKind::add:
      return none_other([](const Operation& other) {
        const bool reads = other.kind == OperationKind::get && other.outcome == Outcome::found;
        return reads || sees_presence(other) || other.kind == OperationKind::add;
      });
    case OperationKind::get: return true;
  }
  return false;
}

SmallestHistory smallest_illegal_history(std::span<const Operation> operations, const Decision& decision,
                                         std::chrono::milliseconds patience) {
  Shrinking shrinking(operations, decision, patience);
  shrinking.run();
  SmallestHistory smallest;
  smallest.operations = std::move(shrinking.operations());
  smallest.unexplained = shrinking.unexplained();
  const auto real = std::ranges::count_if(
      smallest.operations, [](const Operation& operation) { return operation.process != kBeforeHistory; });
  smallest.left_out = operations.size() - static_cast<std::size_t>(real);
  const Operation& unexplained = smallest.operations[smallest.unexplained];
  const auto sets_it = [&](const Operation& operation) {
    return operation.kind == OperationKind::set && operation.argument == unexplained.result;
  };
  if (unexplained.kind != OperationKind::get || unexplained.outcome != Outcome::found) return smallest;
  if (const auto origin = std::ranges::find_if(operations, sets_it);
      origin != operations.end() && std::ranges::none_of(smallest.operations, sets_it))
    smallest.origin = *origin;
  return smallest;
}

std::string to_text(const SmallestHistory& smallest) {
  std::string text = history_table(smallest.operations, smallest.unexplained);
  if (smallest.origin) {
    const double before_us =
        static_cast<double>(smallest.operations[smallest.unexplained].begin_ns - smallest.origin->begin_ns) / 1e3;
    text +=
        fmt::format("  process {} began to {} {:.3f} us before it was read here; it was overwritten or erased since\n",
                    smallest.origin->process, operation_text(*smallest.origin), before_us);
  }
  return text + fmt::format("  the smallest history that shows it; {} operations of this key are left out\n",
                            smallest.left_out);
}

}  // namespace dictbench
