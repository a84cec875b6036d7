// `step`: a process is led through one operation by ptrace and killed, or stopped and then killed or continued, at an
// instruction, while another process does what hurts.
//
// Other faults come at random moments, or at steps that an engine names. This one comes at any instruction, in the
// program as it is: without `crash-points` beside it, `dictbench torture` runs it in the program that is measured
// (harness/commands/torture.cc). It takes a fixed time by default, which its operations share.
#include "harness/torture/faults/step.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <vector>

#include "engines/shm/crash_point.h"
#include "harness/torture/judge.h"
#include "harness/torture/step_trials.h"

namespace dictbench::torture {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTime{45};  // at most, where no time is given
// With crash points it is not the code that is measured, and a long torture of all faults is under way: a short look.
constexpr std::chrono::seconds kShortTime{5};
constexpr std::chrono::seconds kMostInOneProcess{20};  // judge() gives a body 60 s
constexpr std::uint64_t kStepSeed = 9;

using Tallies = std::array<StepTally, kOperations.size()>;

std::string needs_own_operations(const Subject& subject) {
  if (!subject.contract.stores) return "it stores nothing";
  if (!subject.contract.shared_between_processes) return "its processes share nothing";
  if (subject.contract.needs_server) return "its operations run in a server";
  return subject.contract.consistency == Consistency::linearizable ? "" : "its sets take effect after they return";
}

bool has(const Contract& contract, Operation operation) {
  return (operation != Operation::add || contract.atomic_add) && (operation != Operation::for_each || contract.lists);
}

Clock::duration time_for(const Options& options) {
  if (options.duration) return *options.duration;
  return crash_point_names().empty() ? kTime : kShortTime;
}

// One operation's turn, judged in a process of its own.
TortureRecord take_turn(const Subject& subject, const Options& options, Operation operation, std::uint64_t round,
                        Clock::time_point deadline, StepTally& tally) {
  return judge(subject, options, [&](TortureRecord& record) {
    if (const std::string why = why_no_stepping(); !why.empty()) throw Unavailable(why);
    const std::uint64_t seed = mix64(options.seed, kStepSeed, static_cast<std::uint64_t>(operation), round);
    StepTrials trials(subject, options, operation, seed, tally);
    trials.run(options.duration ? UINT64_MAX : options.tries * trials.kinds(), deadline, record);
  });
}

void add_to(TortureRecord& all, const TortureRecord& part) {
  all.tried += part.tried;
  all.survived += part.survived;
  all.operations += part.operations;
  all.status = part.status;
}

std::string in_words(const StepTally& tally) {
  std::string text = fmt::format("{} trials at {} places of {} instructions{}", tally.trials, tally.places,
                                 tally.instructions, tally.whole ? "" : " (its first ones)");
  const auto add = [&](std::uint64_t count, const char* what) {
    if (count != 0) text += fmt::format(", {} {}", count, what);
  };
  add(tally.elsewhere, "not come by");
  add(tally.held_up, "held the other up");
  add(tally.filled, "with Error(full)");
  add(tally.lost, "lost the dict");
  return text;
}

void tell(TortureRecord& record, const Tallies& tallies) {
  std::uint64_t places = 0, operations = 0, held_up = 0, lost = 0;
  for (const Operation operation : kOperations) {
    const StepTally& tally = tallies[static_cast<std::size_t>(operation)];
    if (tally.trials == 0) continue;
    ++operations;
    places += tally.places;
    held_up += tally.held_up;
    lost += tally.lost;
    record.facts.emplace_back(fmt::format("step {}", to_string(operation)), in_words(tally));
  }
  record.facts.emplace_back("stepped_program", crash_point_names().empty() ? "as measured" : "with crash points");
  if (record.ok())
    record.found =
        fmt::format("{} trials in {} operation{} with {} instructions: wholly or not at all, answers in order{}{}",
                    record.tried, operations, operations == 1 ? "" : "s", places,
                    held_up == 0 ? "" : fmt::format("; {} held the other process up", held_up),
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

TortureRecord step_through(const Subject& subject, const Options& options, std::span<const Operation> operations) {
  std::vector<Operation> turns;
  std::ranges::copy_if(operations, std::back_inserter(turns),
                       [&](Operation operation) { return has(subject.contract, operation); });
  const SharedPage<Tallies> tallies;
  TortureRecord all;
  all.status = "ok";
  const Clock::time_point end = Clock::now() + time_for(options);
  // Each operation has a turn, however short the time; where a time is given, turns go on until it is over.
  for (std::uint64_t round = 0; all.ok() && (round == 0 || (options.duration && Clock::now() < end)); ++round) {
    for (std::size_t i = 0; i < turns.size() && all.ok() && (round == 0 || Clock::now() < end); ++i) {
      const Clock::time_point now = Clock::now();
      const Clock::duration share = std::max(end - now, Clock::duration::zero()) / static_cast<int>(turns.size() - i);
      add_to(all,
             take_turn(subject, options, turns[i], round, now + std::min<Clock::duration>(share, kMostInOneProcess),
                       (*tallies)[static_cast<std::size_t>(turns[i])]));
    }
  }
  all.processes = 2;
  tell(all, *tallies);
  return all;
}

}  // namespace dictbench::torture
