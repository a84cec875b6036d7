#include "harness/torture/step_trials.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "harness/torture/judge.h"
#include "harness/torture/step_operation.h"
#include "results/choose/evidence.h"

namespace dictbench::torture {
namespace {

using Clock = std::chrono::steady_clock;

// In this order: after a dict has grown, or is full, a new one is made.
constexpr std::array kHurts{Hurt::reuse, Hurt::erase_all, Hurt::restart, Hurt::grow, Hurt::fill};
// What goes on has an answer to be judged, and can do harm: twice as often.
constexpr std::array kActions{Action::kill, Action::go_on, Action::stop, Action::go_on};

constexpr std::size_t kMostInstructions = 1'000'000;  // 25 s of single steps
// Where the other process may be held up, it is no longer waited for when it got no call done for so long of its own
// time. Nobody is accused by that: a slow disk may be what it waits for, so the record tells just what was seen. Only
// who gets nothing done for the whole patience is accused.
constexpr milliseconds kHeldUp{15};
constexpr milliseconds kMostPatience{10'000};  // a body of a fault has 60 s, and a trial twice the patience

// Hurt::fill is the last one.
std::uint64_t hurts(bool with_fill) { return kHurts.size() - (with_fill ? 0 : 1); }

// Where the contract promises that it does not.
class HoldsUp : public Broken {
 public:
  using Broken::Broken;
};

// Which promises a broken trial speaks against. A dict has seen kills when it is used by a process that goes on, so
// those two are not told apart.
std::string speaks_against(const Broken& broken) {
  if (dynamic_cast<const HoldsUp*>(&broken) != nullptr) return std::string(to_string(Guarantee::survives_stop));
  return fmt::format("{} {}", to_string(Guarantee::survives_kill), to_string(Guarantee::linearizable));
}

bool spends_dict(Hurt hurt) { return hurt == Hurt::grow || hurt == Hurt::fill; }

void require_end(SteppedProcess& process, const WaitLimit& limit) {
  const std::string trouble = process.finish(limit);
  require(trouble.empty(), "the operation's process: {}", trouble);
}

// What the stepped process does in all its life.
auto life_in(StepStage& stage) {
  return [&stage](SteppedProcess::Marks& marks) {
    const auto dict = stage.engine().attach();
    make_operation(*dict, stage.page(), marks);
  };
}

// One that does not has ended, or was killed for it hung.
void require_stands(SteppedProcess& process) {
  if (!process.stands()) throw Broken(fmt::format("attaching and warming up: {}", process.finish(milliseconds(0))));
}

// From here on this process runs where it runs now; returns where it might run before.
cpu_set_t bind_to_processor() {
  cpu_set_t before, one;
  CPU_ZERO(&before);
  sched_getaffinity(0, sizeof before, &before);
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(std::max(0, sched_getcpu())), &one);
  sched_setaffinity(0, sizeof one, &one);  // where it is refused, all takes longer
  return before;
}

}  // namespace

StepTrials::StepTrials(const Subject& subject, const std::optional<Subject>& small, const Options& options,
                       Operation operation, std::uint64_t seed, StepTally& tally)
    : subject_(subject),
      small_(small),
      operation_(operation),
      seed_(options.seed),
      patience_(std::min(options.patience, kMostPatience)),
      hurts_(hurts(small.has_value())),
      tally_(tally),
      processors_(bind_to_processor()),
      random_(seed) {}

std::uint64_t StepTrials::kinds(bool with_fill) noexcept { return hurts(with_fill) * kActions.size(); }

void StepTrials::run(std::uint64_t most, Clock::time_point deadline, TortureRecord& record) {
  tally_.planned = most == UINT64_MAX ? 0 : tally_.trials + most;
  try {
    trace_and_try(most, deadline, record);
  } catch (const Error& error) {
    // Of making the dict: that of a trial is judged there.
    if (error.code() == ErrorCode::unavailable || error.code() == ErrorCode::full) throw Unavailable(error.what());
    throw;
  } catch (const std::system_error& error) {  // of the file system too
    throw Unavailable(error.what());
  }
}

void StepTrials::trace_and_try(std::uint64_t most, Clock::time_point deadline, TortureRecord& record) {
  constexpr milliseconds kLeast{100};
  try {
    trace(std::max(kLeast, std::chrono::duration_cast<milliseconds>(deadline - Clock::now()) / 2));
  } catch (const StepTooSlow&) {
    ++tally_.too_slow;
    return stage_.reset();
  } catch (const Broken& broken) {
    record.facts.emplace_back(kSpeaksAgainst, to_string(Guarantee::linearizable));
    throw Broken(fmt::format("{} led through without any harm: {} [engine {}, seed {}]", to_string(operation_),
                             broken.what(), subject_.text, seed_));
  }
  for (std::uint64_t i = 0; i < most && (i == 0 || Clock::now() < deadline); ++i) try_once(i, record);
  try {
    if (stage_) stage_->leave();
  } catch (const StepTooSlow&) {
    // The trials were made, and this says nothing.
  } catch (const Broken& broken) {
    record.facts.emplace_back(kSpeaksAgainst, speaks_against(broken));
    throw;
  }
  stage_.reset();
}

StepStage& StepTrials::stage_for(Hurt hurt) {
  if (hurt == Hurt::fill) stage_.reset();
  if (!stage_) stage_ = std::make_unique<StepStage>(hurt == Hurt::fill ? *small_ : subject_, patience_, processors_);
  return *stage_;
}

void StepTrials::trace(milliseconds limit) {
  StepStage& stage = stage_for(Hurt::reuse);
  const States bystanders = stage.states();
  stage.begin({.operation = operation_, .hurt = Hurt::reuse, .number = 0, .ends_erased = false});
  SteppedProcess process(life_in(stage), stage.limit());
  require_stands(process);
  trace_ = process.trace(kMostInstructions, limit);
  // They would work on while the one that is led stands still, and die with it at a place that nobody chose.
  if (const std::size_t threads = process.started_threads(); threads != 0)
    throw NotApplicable(
        fmt::format("a process of it has {} more thread{}, and only one can be led", threads, threads == 1 ? "" : "s"));
  process.let_go();
  stage.begin_time();
  require_end(process, stage.limit());
  judged_answer(stage, Fate::answered);
  judge_answer(stage.page(), stage.states(), stage.retired().size());  // nobody else was at work
  stage.tidy(bystanders);
  if (trace_.addresses.empty()) throw StepTooSlow("not even one instruction was traced");
  sample_.emplace(trace_, random_.next());
  cover_ = {.instructions = trace_.addresses.size(), .places = sample_->places(), .whole = trace_.whole};
  if (tally_.cover.places_tried == 0) tally_.cover = cover_;
}

void StepTrials::cover(std::size_t instruction) {
  tried_.insert(instruction);
  places_tried_.insert(trace_.addresses[instruction]);
  cover_.tried = tried_.size();
  cover_.places_tried = places_tried_.size();
  if (cover_.places_tried >= tally_.cover.places_tried) tally_.cover = cover_;
}

void StepTrials::try_once(std::uint64_t number, TortureRecord& record) {
  const Hurt hurt = kHurts[number % hurts_];
  const Action action = kActions[number / hurts_ % kActions.size()];
  const std::size_t instruction = sample_->next();
  const bool ends_erased = random_.below(2) == 0;
  ++record.tried;
  ++tally_.trials;
  try {
    StepStage& stage = stage_for(hurt);
    const std::uint64_t work = stage.page().work.load();
    stage.begin({.operation = operation_, .hurt = hurt, .number = 0, .ends_erased = ends_erased});
    suffer(stage, action, instruction);
    record.operations += stage.page().work.load() - work + 1;
    tally_.filled += stage.page().is_full.load() || stage.page().answer.refusal.given ? 1 : 0;
    if (spends_dict(hurt)) {
      stage.leave();
      stage_.reset();
    } else {
      stage.tidy(stage.page().after);
    }
    ++record.survived;
  } catch (const StepLostDict&) {
    ++tally_.lost;
    stage_.reset();
  } catch (const StepTooSlow&) {
    --record.tried;
    --tally_.trials;
    ++tally_.too_slow;
    stage_.reset();
  } catch (const Broken& broken) {
    record.facts.emplace_back(kSpeaksAgainst, speaks_against(broken));
    throw Broken(fmt::format(
        "{} {} at instruction {} of {} ({}), the other process does '{}': {} [engine {}, seed {}, trial {}]",
        to_string(operation_), to_string(action), instruction, trace_.addresses.size(),
        address_text(trace_.addresses[instruction]), to_string(hurt), broken.what(), subject_.text, seed_, number));
  }
}

void StepTrials::suffer(StepStage& stage, Action action, std::size_t instruction) {
  SteppedProcess process(life_in(stage), stage.limit());
  require_stands(process);
  const Came came = process.run_to(trace_, instruction, stage.patience());
  if (came == Came::too_slow) {
    require(process.waited() < patience_ * 9 / 10, "before that, with nobody at work, it gets nothing done for {} s",
            patience_.count() / 1000);
    throw StepTooSlow("it did not come to its instruction in time");
  }
  const bool stands = came == Came::there;
  if (stands) {
    cover(instruction);
  } else {
    ++tally_.elsewhere;
    require_end(process, stage.limit());
  }
  const Fate fate = judged_answer(stage, let_it_happen(stage, process, action, stands));
  const bool killed = fate == Fate::cut_off;
  if (killed && stage.page().trial.writes()) stage.retired().insert(stage.page().trial.key(0));
  stage.command(Command::look, killed);
  stage.read_all(killed);
  judge_trial(stage.page(), stage.states(), fate, stage.retired().size());
}

// The stepped process stands at its instruction or (`stands` is false) has ended. Both processes have done their work,
// or are dead, when it returns.
Fate StepTrials::let_it_happen(StepStage& stage, SteppedProcess& process, Action action, bool stands) {
  Fate fate = Fate::answered;
  const auto release = [&] {
    if (!stands) return;
    stands = false;
    if (action == Action::go_on) {
      process.let_go();
      require_end(process, stage.limit());
    } else {
      process.kill();
      fate = Fate::cut_off;
    }
  };
  if (action == Action::kill) release();
  const milliseconds patience = stage.patience();
  stage.other().ask(Command::hurt);
  if (stands) {
    const bool promised = subject_.contract.survives_stopped_process;
    const bool done = stage.other().answers(promised ? patience : kHeldUp, stage.end());
    if (!done && promised)
      throw HoldsUp(fmt::format("it stands still and holds the other process up, for {} s", patience.count() / 1000));
    tally_.held_up += done ? 0 : 1;
    release();
    if (done) return fate;
  }
  require(stage.other().answers(stage.patience(), stage.end()),
          "it is gone, and the other process gets nothing done for {} s", patience_.count() / 1000);
  return fate;
}

// The operation's fate, with what the engine said to both processes taken into account.
Fate StepTrials::judged_answer(StepStage& stage, Fate fate) const {
  stage.require_no_failure(fate == Fate::cut_off);
  const Refusal& refusal = stage.page().answer.refusal;
  if (fate != Fate::answered || !refusal.given) return fate;
  const bool full = refusal.code == ErrorCode::full;
  if (full && stage.page().trial.writes() && stage.page().may_be_full()) return Fate::refused;
  if (full) throw Unavailable(fmt::format("there is no room: {}", refusal.describe()));
  throw Broken(fmt::format("the operation ends in {}", refusal.describe()));
}

}  // namespace dictbench::torture
