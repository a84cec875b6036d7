#include "harness/torture/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "harness/driver/worker_group.h"
#include "harness/torture/inventory.h"

namespace dictbench::torture {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// The first kills warm up: tables grow to their size, free lists and logs to theirs.
constexpr std::uint64_t kWarmUp = 10;

// Fewer kills than these tell a leak from the load's own ups and downs badly.
constexpr std::uint64_t kKillsToJudgeGrowth = 50;

class Campaign {
 public:
  Campaign(const Subject& subject, const Options& options, const Plan& plan, const Rules& rules, const Inject& inject)
      : subject_(subject), options_(options), plan_(plan), rules_(rules), inject_(inject) {}

  void run() {
    const Inventory before = Inventory::take();
    try {
      while (more()) try_once();
      if (arena_) end_arena();
    } catch (...) {
      drop_arena();
      throw;
    }
    if (std::string left = Inventory::take().more_than(before); !left.empty()) throw InvariantBroken(left);
    if (grown_over_ > 0) record.bytes_left_per_kill = std::max(0.0, grown_ / static_cast<double>(grown_over_));
  }

  TortureRecord record;
  Findings findings;

 private:
  bool more() const {
    if (options_.duration) return record.tried == 0 || Clock::now() - begun_ < *options_.duration;
    return record.tried < plan_.tries;
  }

  void try_once() {
    try {
      if (!arena_) {
        arena_ = std::make_unique<Arena>(subject_, options_, rules_, plan_.may_be_lost);
        tries_in_arena_ = 0;
        baseline_.reset();
        plan_.start(*arena_);
      }
      ++record.tried;
      inject_(*arena_);
      if (plan_.spends_arena && !rules_.ends_with_server) arena_->quiesce();
    } catch (const DictLost&) {
      ++findings.lost_dicts;
      drop_arena();
      return;
    }
    if (!rules_.ends_with_server) ++record.survived;
    if (plan_.spends_arena) return drop_arena();
    if (++tries_in_arena_ == std::min(kWarmUp, std::max<std::uint64_t>(1, plan_.tries / 2))) take_baseline();
  }

  void take_baseline() {
    try {
      arena_->quiesce();
      baseline_ = arena_->footprint();
      arena_->start_all();
    } catch (const DictLost&) {
      throw InvariantBroken("the dict was lost when nobody was killed");
    }
  }

  // A killed worker may have left the dict lost without anybody having looked since.
  void end_arena() {
    try {
      arena_->quiesce();
    } catch (const DictLost&) {
      ++findings.lost_dicts;
      if (record.survived > 0) --record.survived;
      return drop_arena();
    }
    if (baseline_) judge_growth();
    drop_arena();
  }

  void judge_growth() {
    // A server notices a little later that its clients are gone.
    Footprint now = arena_->footprint();
    arena_->await(
        [&] {
          now = arena_->footprint();
          return grown_held(now).empty();
        },
        milliseconds(2000));
    if (const std::string held = grown_held(now); !held.empty()) throw InvariantBroken(held);
    const std::uint64_t kills = tries_in_arena_ - std::min(tries_in_arena_, kWarmUp);
    const double growth = static_cast<double>(now.bytes) - static_cast<double>(baseline_->bytes);
    grown_ += growth;
    grown_over_ += kills;
    // Values are random, so the load itself goes up and down by some hundred kB.
    constexpr double kAllowed = 2 << 20;
    if (kills >= kKillsToJudgeGrowth && growth > kAllowed + static_cast<double>(baseline_->bytes) / 2)
      throw InvariantBroken(fmt::format("memory grows: {:.0f} kB after {} kills, {:.0f} kB after {}",
                                        static_cast<double>(baseline_->bytes) / 1e3, kWarmUp,
                                        static_cast<double>(now.bytes) / 1e3, tries_in_arena_));
  }

  std::string grown_held(const Footprint& now) const {
    for (const auto& [what, count] : now.held) {
      const auto before = std::ranges::find(baseline_->held, what, &std::pair<std::string, std::uint64_t>::first);
      if (before == baseline_->held.end() || count <= before->second + rules_.processes) continue;
      return fmt::format("{} pile up: {} after {} kills, {} after {}", what, before->second, kWarmUp, count,
                         tries_in_arena_);
    }
    return {};
  }

  void drop_arena() {
    if (!arena_) return;
    record.operations += arena_->operations();
    record.lost += arena_->ledger().lost.load();
    record.longest_stall_s = std::max(record.longest_stall_s, arena_->longest_stall_s());
    findings.timeouts += arena_->errors(ErrorCode::timeout);
    findings.disconnects += arena_->errors(ErrorCode::disconnected);
    arena_.reset();
  }

  const Subject& subject_;
  const Options& options_;
  const Plan& plan_;
  const Rules& rules_;
  const Inject& inject_;
  std::unique_ptr<Arena> arena_;
  std::uint64_t tries_in_arena_ = 0;
  std::optional<Footprint> baseline_;
  double grown_ = 0;
  std::uint64_t grown_over_ = 0;
  Clock::time_point begun_ = Clock::now();
};

}  // namespace

Rules rules_for(const Subject& subject, const Options& options) {
  return {.contract = subject.contract,
          .processes = std::min(options.processes, kMostSlots),
          .seed = options.seed,
          .ends_with_server = false};
}

TortureRecord run_campaign(const Subject& subject, const Options& options, const Plan& plan, const Rules& rules,
                           const Inject& inject, const Describe& describe) {
  Campaign campaign(subject, options, plan, rules, inject);
  TortureRecord& record = campaign.record;
  record.processes = rules.processes;
  try {
    campaign.run();
    record.status = "ok";
    record.found = describe(record, campaign.findings);
  } catch (const InvariantBroken& broken) {
    record.status = fmt::format("broken: {}", broken.what());
    record.found = fmt::format("at try {}: {}", record.tried, broken.what());
  } catch (const Interrupted& interrupted) {
    record.status = fmt::format("unavailable: {}", interrupted.what());
  } catch (const Error& error) {
    record.status = fmt::format("unavailable: {}: {}", to_string(error.code()), error.what());
  }
  if (campaign.findings.lost_dicts > 0)
    record.facts.emplace_back("dicts_made_anew", std::to_string(campaign.findings.lost_dicts));
  if (campaign.findings.timeouts > 0) record.facts.emplace_back("timeouts", std::to_string(campaign.findings.timeouts));
  if (campaign.findings.disconnects > 0)
    record.facts.emplace_back("disconnects", std::to_string(campaign.findings.disconnects));
  return record;
}

std::uint64_t slow_tries(const Options& options) { return std::max<std::uint64_t>(3, options.tries / 20); }

std::string duration_text(double seconds) {
  return seconds < 1 ? fmt::format("{:.1f} ms", seconds * 1e3) : fmt::format("{:.1f} s", seconds);
}

}  // namespace dictbench::torture
