// `kill`: SIGKILL of a random worker, in most tries 0.2 to 10 ms after the slot's former process was replaced, in
// one of eight while the new process attaches.
#include <fmt/format.h>

#include <optional>

#include "harness/torture/campaign.h"
#include "harness/torture/faults/process_faults.h"
#include "workloads/random.h"

namespace dictbench::torture {
namespace {

using std::chrono::microseconds;

constexpr unsigned kOneInAlone = 4, kOneInAttaching = 8;  // tries

class Killing {
 public:
  explicit Killing(std::uint64_t seed) : random_(mix64(seed, std::uint64_t{1})) {}

  void operator()(Arena& arena) {
    const unsigned victim = attaching_.value_or(static_cast<unsigned>(random_.below(arena.processes())));
    // An attach takes 0.1 ms to 2 ms, fork included.
    const auto moment = attaching_ ? microseconds(random_.below(2'000)) : microseconds(200 + random_.below(9'800));
    attaching_.reset();
    arena.let_run(moment);
    arena.kill(victim);
    const Arena::Marks killed = arena.marks();
    const std::string after = fmt::format("worker {} was killed", victim);
    // Alone, survivors must not need a newcomer to wake them.
    if (random_.below(kOneInAlone) == 0) arena.await_progress(killed, after);
    arena.start(victim);
    if (random_.below(kOneInAttaching) == 0)
      attaching_ = victim;  // the next try finds it as it attaches
    else
      arena.await_progress(killed, after);
  }

  void forget() { attaching_.reset(); }

 private:
  Random random_;
  std::optional<unsigned> attaching_;
};

std::string describe(const TortureRecord& record, const Findings& findings) {
  if (findings.lost_dicts > 0)
    return fmt::format("{} kills, {} survived, {} lost the dict (corrupt), as the contract lets it; longest stall {}",
                       record.tried, record.survived, findings.lost_dicts, duration_text(record.longest_stall_s));
  return fmt::format("{} kills survived, longest stall {}", record.survived, duration_text(record.longest_stall_s));
}

}  // namespace

TortureRecord inflict_kill(const Subject& subject, const Options& options) {
  const Plan plan{.tries = options.tries, .may_be_lost = !subject.contract.survives_killed_writer};
  Killing killing(options.seed);
  const auto inject = [&](Arena& arena) {
    try {
      killing(arena);
    } catch (...) {
      killing.forget();
      throw;
    }
  };
  return run_campaign(subject, options, plan, rules_for(subject, options), inject, describe);
}

}  // namespace dictbench::torture
