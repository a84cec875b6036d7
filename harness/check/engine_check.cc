#include "harness/check/engine_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engines/registry.h"
#include "harness/check/round.h"

namespace dictbench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMostOperationsARound = 2'000'000;
constexpr std::uint64_t kKillsARoundAndKey = 2;  // each may leave an operation open, and the search has a limit there
constexpr std::chrono::seconds kShrinkingPatience{5};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Decides histories one after the other, within one allowance of time for all.
class Decider {
 public:
  Decider(Promise promise, std::chrono::seconds limit) : promise_(promise), left_(limit) {}

  // False: illegal, and the rest needs no look.
  bool decide(std::vector<Operation> operations) {
    const Clock::time_point start = Clock::now();
    const bool legal = decide_all(histories_to_decide(std::move(operations), promise_), start + left_);
    left_ = std::max<Clock::duration>(left_ - (Clock::now() - start), Clock::duration::zero());
    return legal;
  }

  const std::string& illegal() const { return illegal_; }
  const std::string& unknown() const { return unknown_; }
  std::optional<SmallestHistory>& smallest() { return smallest_; }

 private:
  bool decide_all(const std::vector<std::vector<Operation>>& histories, Clock::time_point deadline) {
    for (const std::vector<Operation>& history : histories) {
      const Decision decision = decide_key(history, {.deadline = deadline});
      if (decision.answer == Answer::unknown && unknown_.empty())
        unknown_ = fmt::format("key {}: {}", history.front().key, decision.why);
      if (decision.answer != Answer::illegal) continue;
      smallest_ = smallest_illegal_history(history, decision, kShrinkingPatience);
      const Operation& unexplained = smallest_->operations[smallest_->unexplained];
      illegal_ = fmt::format("key {}: no order of the operations explains process {}'s {} -> {}", unexplained.key,
                             unexplained.process, operation_text(unexplained), outcome_text(unexplained));
      return false;
    }
    return true;
  }

  Promise promise_;
  Clock::duration left_;
  std::string illegal_, unknown_;
  std::optional<SmallestHistory> smallest_;
};

std::uint64_t count_open(const std::vector<Operation>& operations) {
  return static_cast<std::uint64_t>(std::ranges::count_if(operations, &Operation::open));
}

class EngineCheck {
 public:
  EngineCheck(const std::string& text, const CheckOptions& options)
      : options_(options),
        spec_(parse_engine_spec(text)),
        description_(find_engine(spec_.name())),
        contract_(description_.contract(spec_)),
        promise_(promise_of(contract_)),
        decider_(promise_, options.limit) {
    record_.engine = spec_.text();
    record_.promise = to_string(promise_);
    record_.processes = options.processes;
  }

  CheckResult run(HistoryWriter* writer, const CheckProgress& progress) {
    const Clock::time_point start = Clock::now();
    record_.verdict = verdict(writer, progress);
    record_.elapsed_s = seconds_since(start);
    return {std::move(record_), std::move(decider_.smallest())};
  }

 private:
  std::string verdict(HistoryWriter* writer, const CheckProgress& progress) {
    if (promise_ == Promise::none) return "not applicable: it promises no order of operations";
    if (description_.missing != nullptr)
      if (const auto reason = description_.missing(spec_)) return "unavailable: " + *reason;
    try {
      std::string failed;
      while (failed.empty() && !enough()) {
        if (engine_ == nullptr) engine_ = create();
        Round round = record_round(next_round());
        failed = take(round, writer);
        if (round.corrupt) engine_.reset();
        progress(record_.operations);
      }
      if (!decider_.illegal().empty()) return "illegal: " + decider_.illegal();
      if (!mismatch_.empty()) return "illegal: " + mismatch_;
      if (!failed.empty()) return "unknown: " + failed;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::unavailable) return fmt::format("unavailable: {}", error.what());
      return fmt::format("unknown: {}: {}", to_string(error.code()), error.what());
    }
    return decider_.unknown().empty() ? "ok" : "unknown: " + decider_.unknown();
  }

  std::unique_ptr<Engine> create() const { return description_.create(spec_, {.key_bytes = 16, .value_bytes = 256}); }

  bool enough() const { return record_.operations >= options_.operations && record_.kills >= options_.kills; }

  // Kills are spread over the operations; where a round that ended early has left some, more operations follow.
  RoundPlan next_round() {
    constexpr std::uint64_t kLeastBetweenKills = 2000;  // so that the quickest engine's round outlives its kills
    std::uint64_t operations =
        std::min(options_.operations - std::min(options_.operations, record_.operations), kMostOperationsARound);
    const std::uint64_t kills =
        std::min(options_.kills - std::min(options_.kills, record_.kills), kKillsARoundAndKey * options_.keys);
    if (kills > 0)
      operations =
          std::min(kMostOperationsARound, kills * std::max(options_.operations / options_.kills, kLeastBetweenKills));
    RoundPlan plan;
    plan.recording.contract = contract_;
    plan.recording.seed = options_.seed;
    plan.recording.first_key = next_key_;
    plan.recording.keys = options_.keys;
    plan.recording.share = std::max<std::uint64_t>(1, (operations + options_.processes - 1) / options_.processes);
    plan.recording.attach = [this] { return engine_->attach(); };
    plan.processes = options_.processes;
    plan.kills = kills;
    plan.first_process = next_process_;
    return plan;
  }

  // Empty, or why there is no going on. Sets mismatch_, and decider_'s findings.
  std::string take(Round& round, HistoryWriter* writer) {
    next_key_ += options_.keys;
    next_process_ = round.next_process;
    record_.keys += options_.keys;
    record_.kills += round.kills;
    record_.operations += round.operations.size();
    record_.open += count_open(round.operations);
    mismatch_ = round.mismatch;
    if (writer != nullptr) writer->append(round.operations);
    const bool nothing = round.operations.empty();
    if (!decider_.decide(std::move(round.operations))) return decider_.illegal();
    if (!round.mismatch.empty()) return round.mismatch;
    if (nothing && round.failed.empty()) return "no operation was recorded";
    return round.failed;
  }

  const CheckOptions& options_;
  Spec spec_;
  const EngineDescription& description_;
  Contract contract_;
  Promise promise_;
  Decider decider_;
  std::unique_ptr<Engine> engine_;
  CheckRecord record_;
  std::string mismatch_;
  std::uint32_t next_key_ = 0;
  std::uint32_t next_process_ = 0;
};

}  // namespace

CheckResult check_engine(const std::string& spec, const CheckOptions& options, HistoryWriter* writer,
                         const CheckProgress& progress) {
  return EngineCheck(spec, options).run(writer, progress);
}

CheckResult check_history(const HistoryFile& history, std::chrono::seconds limit) {
  const Clock::time_point start = Clock::now();
  CheckResult result;
  CheckRecord& record = result.record;
  std::set<std::uint32_t> keys, processes;
  for (const Operation& operation : history.operations) {
    keys.insert(operation.key);
    processes.insert(operation.process);
  }
  record.engine = history.engine;
  record.promise = to_string(history.promise);
  record.processes = static_cast<unsigned>(processes.size());
  record.keys = keys.size();
  record.operations = history.operations.size();
  record.open = count_open(history.operations);
  Decider decider(history.promise, limit);
  if (history.promise == Promise::none)
    record.verdict = "not applicable: it promises no order of operations";
  else if (!decider.decide(history.operations))
    record.verdict = "illegal: " + decider.illegal();
  else
    record.verdict = decider.unknown().empty() ? "ok" : "unknown: " + decider.unknown();
  record.elapsed_s = seconds_since(start);
  result.smallest = std::move(decider.smallest());
  return result;
}

}  // namespace dictbench
