// The fault `step` on one operation of one engine: trial after trial, each at an instruction of its own.
//
// In a trial a process comes to its instruction and is killed or stands still, another does what hurts, and the first
// one is killed or goes on (harness/torture/step_page.h). Then all is read and judged. Hurts and actions take turns.
// A dict is used for several trials, until it has grown or become full.
// In the process of a fault's body (harness/torture/judge.h), which it binds to one processor, by its only thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>

#include "harness/torture/step_sample.h"
#include "harness/torture/step_stage.h"
#include "harness/torture/stepper.h"
#include "results/record.h"

namespace dictbench::torture {

// How much of a trace had a trial. Places: different addresses.
struct StepCover {
  std::uint64_t instructions = 0, places = 0;
  std::uint64_t tried = 0, places_tried = 0;  // of them
  bool whole = true;                          // false: a limit ended the trace before the operation did
};

// Sums over all trials of an operation; may lie in shared memory.
struct StepTally {
  StepCover cover;              // of the trace with the most
  std::uint64_t trials = 0;     // that were made
  std::uint64_t planned = 0;    // 0: as many as the time allows
  std::uint64_t too_slow = 0;   // not made: the machine was too slow, which says nothing
  std::uint64_t elsewhere = 0;  // the operation went another way and did not come by its instruction
  std::uint64_t held_up = 0;    // the other process got nothing done while the first one stood still
  std::uint64_t filled = 0;     // trials with an Error(full)
  std::uint64_t lost = 0;       // the dict was lost, as the contract lets it
};

class StepTrials {
 public:
  // `small`: the engine that is soon full; without it there is no Hurt::fill.
  StepTrials(const Subject& subject, const std::optional<Subject>& small, const Options& options, Operation operation,
             std::uint64_t seed, StepTally& tally);

  // Hurts times actions: so many trials make one of each kind.
  static std::uint64_t kinds(bool with_fill) noexcept;

  // Traces the operation, then makes so many trials or as many as the time allows. Counts in the record, and says there
  // what a broken one speaks against (results/choose/evidence.h). Throws Broken, Error, Unavailable, NotApplicable, and
  // what else the engine throws.
  void run(std::uint64_t most, std::chrono::steady_clock::time_point deadline, TortureRecord& record);

 private:
  void trace_and_try(std::uint64_t most, std::chrono::steady_clock::time_point deadline, TortureRecord& record);
  StepStage& stage_for(Hurt hurt);
  void trace(milliseconds limit);
  void cover(std::size_t instruction);
  void try_once(std::uint64_t number, TortureRecord& record);
  void suffer(StepStage& stage, Action action, std::size_t instruction);
  Fate let_it_happen(StepStage& stage, SteppedProcess& process, Action action, bool stands);
  Fate judged_answer(StepStage& stage, Fate fate) const;

  const Subject& subject_;
  const std::optional<Subject>& small_;
  const Operation operation_;
  const std::uint64_t seed_;
  const milliseconds patience_;
  const std::uint64_t hurts_;
  StepTally& tally_;
  cpu_set_t processors_{};  // where this process might run before
  Random random_;
  Trace trace_;
  std::optional<StepSample> sample_;
  StepCover cover_;
  std::set<std::size_t> tried_;            // instructions
  std::set<std::uintptr_t> places_tried_;  // addresses
  std::unique_ptr<StepStage> stage_;
};

}  // namespace dictbench::torture
