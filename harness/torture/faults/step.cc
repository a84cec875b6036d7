// `step`: a process is led through one operation by ptrace and killed, or stopped and then killed or continued, at an
// instruction, while another process does what hurts.
//
// Other faults come at random moments, or at steps that an engine names. This one comes at any instruction, in the
// program as it is: without `crash-points` beside it, `dictbench torture` runs it in the program that is measured
// (harness/commands/torture.cc). It takes a fixed time by default, which its operations share.
#include "harness/torture/faults/step.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "engines/shm/crash_point.h"
#include "harness/torture/judge.h"
#include "harness/torture/step_trials.h"
#include "results/choose/evidence.h"

namespace dictbench::torture {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTime{45};  // at most, where no time is given
// With crash points it is not the code that is measured, and a long torture of all faults is under way: a short look.
constexpr std::chrono::seconds kShortTime{5};
// judge() gives a body 60 s, and the last trial with a new dict may take five times the patience. One that takes longer
// says nothing.
constexpr std::chrono::seconds kMostInOneProcess{10};
constexpr std::uint64_t kStepSeed = 9;

using Tallies = std::array<StepTally, kOperations.size()>;

std::string needs_own_operations(const Subject& subject) {
  if (!subject.contract.stores) return "it stores nothing";
  if (!subject.contract.shared_between_processes) return "its processes share nothing";
  if (subject.contract.needs_server) return "its operations run in a server";
  if (subject.contract.consistency != Consistency::linearizable) return "its sets take effect after they return";
  if (subject.contract.largest_key < key_size()) return fmt::format("its keys are shorter than {} bytes", key_size());
  if (subject.contract.largest_value < least_value_size())
    return fmt::format("its values are shorter than {} bytes, so they cannot tell whose they are", least_value_size());
  return "";
}

bool has(const Contract& contract, Operation operation) {
  return (operation != Operation::add || contract.atomic_add) && (operation != Operation::for_each || contract.lists);
}

Clock::duration time_for(const Options& options) {
  if (options.duration) return *options.duration;
  return crash_point_names().empty() ? kTime : kShortTime;
}

// In a process of its own. What breaks outside of a trial, such as what is left over, speaks against none of the
// promises that trials are about.
TortureRecord judge_part(const Subject& subject, const Options& options,
                         const std::function<void(TortureRecord&)>& body) {
  TortureRecord record = judge(subject, options, body, Late::unavailable);
  const bool told = std::ranges::find(record.facts, kSpeaksAgainst, &Facts::value_type::first) != record.facts.end();
  if (record.status.starts_with("broken: ") && !told) record.facts.emplace_back(kSpeaksAgainst, kNoPromise);
  return record;
}

// One operation's turn.
TortureRecord take_turn(const Subject& subject, const std::optional<Subject>& small, const Options& options,
                        Operation operation, std::uint64_t round, Clock::time_point deadline, StepTally& tally) {
  const std::uint64_t wanted = options.tries * StepTrials::kinds(small.has_value());
  const auto body = [&](TortureRecord& record) {
    const std::uint64_t seed = mix64(options.seed, kStepSeed, static_cast<std::uint64_t>(operation), round);
    StepTrials trials(subject, small, options, operation, seed, tally);
    trials.run(options.duration ? UINT64_MAX : wanted - std::min(wanted, tally.trials), deadline, record);
  };
  return judge_part(subject, options, body);
}

bool has_max(const Subject& subject) {
  return std::ranges::find(subject.description.options, "max", &OptionRule::name) != subject.description.options.end();
}

// Before the turns: whether processes can be led here, and the engine that is soon full, where there is one. The record
// is `ok`, or says why there will be no turn.
TortureRecord prepare(const Subject& subject, const Options& options, std::optional<Subject>& small) {
  const SharedPage<std::size_t> size;
  *size = kSmallSizes.size();
  const auto body = [&](TortureRecord&) {
    if (const std::string why = why_no_stepping(); !why.empty()) throw Unavailable(why);
    try {
      *size = find_small_size(subject);
    } catch (const std::system_error& error) {
      throw Unavailable(error.what());
    }
  };
  TortureRecord record = judge_part(subject, options, body);
  if (*size < kSmallSizes.size())
    small.emplace(subject.with("max", kSmallSizes[*size]).value());
  else if (record.ok())
    record.facts.emplace_back("fill_not_done", has_max(subject)
                                                   ? fmt::format("it is not ready in time with max={} to {}",
                                                                 kSmallSizes.front(), kSmallSizes.back())
                                                   : "it has no option max");
  return record;
}

void add_to(TortureRecord& all, const TortureRecord& part) {
  all.tried += part.tried;
  all.survived += part.survived;
  all.operations += part.operations;
  all.status = part.status;
  all.facts.insert(all.facts.end(), part.facts.begin(), part.facts.end());
}

// Whether fewer trials were made than were asked for, or of a part only.
bool is_cut(const StepTally& tally) { return tally.trials < tally.planned || !tally.cover.whole; }

std::string in_words(const StepTally& tally, bool ended) {
  const StepCover& cover = tally.cover;
  const bool early = ended && tally.trials < tally.planned;
  std::string text = fmt::format("{} trials{} at {} of {} addresses, {} of {} instructions{}", tally.trials,
                                 early ? fmt::format(" (not {}: the time was over)", tally.planned) : "",
                                 cover.places_tried, cover.places, cover.tried, cover.instructions,
                                 cover.whole ? "" : " (its first ones: not all could be traced)");
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count != 0) text += fmt::format(", {} {}", count, what);
  };
  add(tally.elsewhere, "not come by");
  add(tally.too_slow, "more given up as too slow");
  add(tally.held_up, "in which the other got nothing done meanwhile");
  add(tally.filled, "with Error(full)");
  add(tally.lost, "lost the dict");
  return text;
}

void tell(TortureRecord& record, const Tallies& tallies) {
  std::uint64_t places = 0, tried = 0, operations = 0, cut = 0, held_up = 0, lost = 0;
  const bool ended = record.ok();
  std::vector<std::string_view> untried;
  for (const Operation operation : kOperations) {
    const StepTally& tally = tallies[static_cast<std::size_t>(operation)];
    if (tally.trials == 0 && tally.too_slow == 0) continue;
    ++operations;
    if (tally.trials == 0) untried.push_back(to_string(operation));
    places += tally.cover.places;
    tried += tally.cover.places_tried;
    cut += is_cut(tally) ? 1 : 0;
    held_up += tally.held_up;
    lost += tally.lost;
    record.facts.emplace_back(fmt::format("step {}", to_string(operation)), in_words(tally, ended));
  }
  record.facts.emplace_back(kSteppedProgram, crash_point_names().empty() ? "as measured" : "with crash points");
  // What an `ok` says it says of all operations.
  if (ended && !untried.empty())
    record.status =
        fmt::format("unavailable: this machine is too slow now for a single trial of {}", fmt::join(untried, ", "));
  if (record.ok())
    record.found =
        fmt::format("{} trials in {} operation{} at {} of {} addresses: wholly or not at all, answers in order{}{}{}",
                    record.tried, operations, operations == 1 ? "" : "s", tried, places,
                    cut == 0 ? "" : fmt::format("; the time was over before all was tried of {}", cut),
                    held_up == 0 ? "" : fmt::format("; in {} the other process got nothing done meanwhile", held_up),
                    lost == 0 ? "" : fmt::format("; {} lost the dict (corrupt), as the contract lets it", lost));
  else if (record.status.starts_with("broken: "))
    record.found = fmt::format("at trial {}: {}", record.tried, record.status.substr(std::string("broken: ").size()));
}

TortureRecord inflict_step(const Subject& subject, const Options& options) {
  return step_through(subject, options, kOperations);
}

}  // namespace

Fault step_fault() {
  return {"step", "an operation stopped or killed at any of its instructions", needs_own_operations, inflict_step};
}

TortureRecord step_through(const Subject& subject, const Options& options, std::span<const Operation> operations,
                           std::optional<Clock::duration> most) {
  std::vector<Operation> turns;
  std::ranges::copy_if(operations, std::back_inserter(turns),
                       [&](Operation operation) { return has(subject.contract, operation); });
  const SharedPage<Tallies> tallies;
  std::optional<Subject> small;
  TortureRecord all = prepare(subject, options, small);
  const Clock::time_point end = Clock::now() + most.value_or(time_for(options));
  // Each operation has a turn, however short the time. Then turns go on until the time is over, where no other time was
  // given for those only that have fewer trials than were asked for.
  bool goes_on = true;
  for (std::uint64_t round = 0; goes_on; ++round) {
    goes_on = false;
    for (std::size_t i = 0; i < turns.size() && all.ok() && (round == 0 || Clock::now() < end); ++i) {
      StepTally& tally = (*tallies)[static_cast<std::size_t>(turns[i])];
      if (round > 0 && !options.duration && tally.trials >= tally.planned) continue;
      const Clock::time_point now = Clock::now();
      const Clock::duration share = std::max(end - now, Clock::duration::zero()) / static_cast<int>(turns.size() - i);
      add_to(all, take_turn(subject, small, options, turns[i], round,
                            now + std::min<Clock::duration>(share, kMostInOneProcess), tally));
      goes_on = true;
    }
  }
  all.processes = 2;
  tell(all, *tallies);
  return all;
}

}  // namespace dictbench::torture
