// `stop`: SIGSTOP of a random worker for longer than any timeout, then SIGCONT. `hang`: SIGSTOP, then SIGKILL.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "harness/torture/campaign.h"
#include "harness/torture/faults/process_faults.h"
#include "workloads/random.h"

namespace dictbench::torture {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr const char* kTimeout = "300";  // milliseconds
constexpr milliseconds kStop{400};
constexpr milliseconds kHeldUp{250};  // less than the timeout, more than a few time slices
constexpr milliseconds kHang{30};
constexpr microseconds kLatestMoment{10'000};

void wait_for_moment(Arena& arena, Random& random) { arena.let_run(microseconds(random.below(kLatestMoment.count()))); }

}  // namespace

TortureRecord inflict_stop(const Subject& original, const Options& options) {
  // A stop must be longer than the longest wait of an engine that gives up waiting.
  const Subject subject = original.with("timeout", kTimeout).value_or(original);
  Random random(mix64(options.seed, std::uint64_t{2}));
  std::uint64_t held_up = 0;
  const auto inject = [&](Arena& arena) {
    const auto victim = static_cast<unsigned>(random.below(arena.processes()));
    wait_for_moment(arena, random);
    arena.stop(victim);
    const Arena::Marks stopped = arena.marks();
    const auto end = std::chrono::steady_clock::now() + kStop;
    // On a busy machine a promise is broken only after much longer than where others are known to wait.
    const bool promised = subject.contract.survives_stopped_process;
    if (!arena.others_go_on(stopped, victim, promised ? options.patience : kHeldUp)) {
      if (promised) throw InvariantBroken(fmt::format("worker {} was stopped, and it held the others up", victim));
      ++held_up;
    }
    arena.let_run(end - std::chrono::steady_clock::now());
    const Arena::Marks continued = arena.marks();
    arena.resume(victim);
    arena.await_progress(continued, fmt::format("worker {} was stopped and went on", victim));
  };
  const auto describe = [&](const TortureRecord& record, const Findings& findings) {
    const std::string timeouts = findings.timeouts == 0 ? "" : fmt::format(", {} calls timed out", findings.timeouts);
    if (held_up == 0)
      return fmt::format("{} stops of {} ms, nobody else was held up{}", record.tried, kStop.count(), timeouts);
    return fmt::format("{} stops of {} ms, {} held others up{}; all went on", record.tried, kStop.count(), held_up,
                       timeouts);
  };
  const Plan plan{.tries = std::max<std::uint64_t>(3, options.tries / 20)};
  TortureRecord record = run_campaign(subject, options, plan, rules_for(subject, options), inject, describe);
  record.facts.emplace_back("held_others_up", std::to_string(held_up));
  return record;
}

TortureRecord inflict_hang(const Subject& subject, const Options& options) {
  Random random(mix64(options.seed, std::uint64_t{3}));
  const auto inject = [&](Arena& arena) {
    const auto victim = static_cast<unsigned>(random.below(arena.processes()));
    wait_for_moment(arena, random);
    arena.stop(victim);
    arena.let_run(kHang);
    arena.kill(victim);
    const Arena::Marks killed = arena.marks();
    arena.start(victim);
    arena.await_progress(killed, fmt::format("worker {} hung and was killed", victim));
  };
  const auto describe = [](const TortureRecord& record, const Findings& findings) {
    return fmt::format(
        "{} workers hung for {} ms until they were killed, {} survived{}", record.tried, kHang.count(), record.survived,
        findings.lost_dicts == 0 ? "" : ", the others lost the dict (corrupt), as the contract lets them");
  };
  const Plan plan{.tries = slow_tries(options), .may_be_lost = !subject.contract.survives_killed_writer};
  return run_campaign(subject, options, plan, rules_for(subject, options), inject, describe);
}

}  // namespace dictbench::torture
