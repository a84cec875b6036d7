#include "harness/torture/campaign.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "harness/driver/worker_group.h"
#include "harness/torture/inventory.h"

namespace dictbench::torture {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// The first kills warm up: tables grow to their size, free lists and logs to theirs.
constexpr std::uint64_t kWarmUp = 10;

// In a run by time, between two samples.
constexpr std::uint64_t kPartOfTimed = 100;

// Values are random, so storage goes up and down by some 100 kB: of so many tries, and more than so many bytes in each
// part of them, it is a leak.
constexpr std::uint64_t kTriesToJudgeGrowth = 200;
constexpr double kMostLeftPerKill = 1024;

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
    judge_growth();
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
        sampled_at_ = 0;
        start_arena();
      }
      ++record.tried;
      inject_(*arena_);
      ++tries_in_arena_;
      if (plan_.spends_arena) {
        if (!rules_.ends_with_server) arena_->quiesce();
      } else if (sample_is_due()) {
        sample();
      }
    } catch (const DictLost&) {
      ++findings.lost_dicts;
      drop_arena();
      return;
    }
    if (!rules_.ends_with_server) ++record.survived;
    if (plan_.spends_arena) drop_arena();
  }

  void start_arena() {
    try {
      plan_.start(*arena_);
    } catch (const DictLost& lost) {
      throw InvariantBroken(fmt::format("a new dict is lost when nobody was killed: {}", lost.what()));
    }
  }

  // A leak shows in every part of the tries; the load's own ups and downs, and a file's high-water mark, in some.
  bool sample_is_due() const {
    if (tries_in_arena_ < kWarmUp || (tries_in_arena_ - kWarmUp) % part() != 0) return false;
    return options_.duration || tries_in_arena_ + part() <= plan_.tries;
  }

  std::uint64_t part() const {
    constexpr std::uint64_t kParts = 4;
    if (options_.duration || plan_.tries < kWarmUp + kParts) return kPartOfTimed;
    return (plan_.tries - kWarmUp) / kParts;
  }

  void sample() {
    arena_->quiesce();
    take_sample();
    arena_->start_all();
  }

  void take_sample() {
    Footprint now = arena_->footprint();
    if (sampled_at_ > 0) {
      // A server notices a little later that its clients are gone.
      arena_->await(
          [&] {
            now = arena_->footprint();
            return grown_held(now).empty();
          },
          milliseconds(2000));
      if (const std::string held = grown_held(now); !held.empty()) throw InvariantBroken(held);
      const double kills = static_cast<double>(tries_in_arena_ - sampled_at_);
      if (kills > 0) growth_.push_back((static_cast<double>(now.bytes) - static_cast<double>(last_.bytes)) / kills);
    } else {
      first_ = now;
    }
    last_ = now;
    sampled_at_ = tries_in_arena_;
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
    if (sampled_at_ > 0) take_sample();
    drop_arena();
  }

  void judge_growth() {
    if (growth_.size() < 2) return;
    record.bytes_left_per_kill = std::max(0.0, std::ranges::min(growth_));
    if (record.tried >= kTriesToJudgeGrowth && record.bytes_left_per_kill > kMostLeftPerKill)
      throw InvariantBroken(fmt::format("memory grows by {:.0f} bytes a try", record.bytes_left_per_kill));
  }

  std::string grown_held(const Footprint& now) const {
    for (const auto& [what, count] : now.held) {
      const auto before = std::ranges::find(first_.held, what, &std::pair<std::string, std::uint64_t>::first);
      if (before == first_.held.end() || count <= before->second + rules_.processes) continue;
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
  Footprint first_, last_;        // samples of this arena
  std::uint64_t sampled_at_ = 0;  // tries before the last one; 0: none taken
  std::vector<double> growth_;    // bytes a try, of each part of the tries
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

std::uint64_t slow_tries(const Options& options) { return std::max<std::uint64_t>(3, options.tries / 10); }

std::string duration_text(double seconds) {
  return seconds < 1 ? fmt::format("{:.1f} ms", seconds * 1e3) : fmt::format("{:.1f} s", seconds);
}

}  // namespace dictbench::torture
