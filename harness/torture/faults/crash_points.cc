// `crash-points`: a worker kills (or stops) itself at each named step of the engine that the load visits, at several
// visits of each.
//
// A reconnaissance counts the visits. Steps that are visited all the time are tried one after the other in one dict;
// those that come seldom (growth, recovery) have a new dict for each try, because they may come at its beginning only.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines/shm/crash_point.h"
#include "harness/torture/campaign.h"
#include "harness/torture/faults/process_faults.h"
#include "workloads/random.h"

namespace dictbench::torture {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kScouts = 3;
constexpr double kSeldom = 20;                // visits of one process in the reconnaissance
constexpr std::uint64_t kTriesOfSeldom = 12;  // of one step: each costs a dict
constexpr std::uint64_t kLeastTries = 3;
constexpr std::uint64_t kOneStopIn = 4;       // tries; the others are kills
constexpr std::uint64_t kLatestVisit = 2000;  // so that it comes within some ten milliseconds
constexpr milliseconds kReach{500};
constexpr milliseconds kReachEach{40};
constexpr unsigned kDeaths = 5;
constexpr milliseconds kStop{20};

struct Tally {
  std::uint64_t tried = 0, reached = 0, lost = 0;
};

struct Try {
  std::string point;
  std::uint64_t nth = 1;
  CrashAction action = CrashAction::kill;
};

// Visits of one worker process, by point.
std::map<std::string, double> reconnoitre(const Subject& subject, const Options& options, bool may_be_lost) {
  const std::vector<std::string> names = crash_point_names();
  if (names.size() > kMostPoints)  // the last ones would never be tried
    throw std::logic_error(fmt::format("{} crash points, and the ledger has room for {}", names.size(), kMostPoints));
  const Rules rules = rules_for(subject, options);
  std::map<std::string, double> visits;
  for (unsigned scout = 0; scout < kScouts; ++scout) {
    Arena arena(subject, options, rules, may_be_lost);
    try {
      arena.start_all();
      arena.let_run(milliseconds(100));
      arena.kill(0);  // recovery has steps as well
      const Arena::Marks killed = arena.marks();
      arena.start(0);
      arena.await_progress(killed, "a worker was killed");
      arena.quiesce();
    } catch (const DictLost&) {
      // What was visited until then counts.
    }
    for (std::size_t i = 0; i < names.size(); ++i)
      visits[names[i]] += static_cast<double>(arena.ledger().point_visits[i].load()) / (kScouts * rules.processes);
  }
  std::erase_if(visits, [](const auto& one) { return one.second == 0; });
  return visits;
}

class CrashPoints {
 public:
  CrashPoints(const Subject& subject, std::uint64_t seed)
      : random_(mix64(seed, std::uint64_t{6})), others_must_go_on_(subject.contract.survives_stopped_process) {}

  void plan(const std::string& point, double visits, std::uint64_t tries) {
    const double latest = std::clamp<double>(visits / 2, 1, kLatestVisit);
    for (std::uint64_t i = 0; i < tries; ++i) {
      // The first visits, while it attaches and fills its keys, then later ones, each power of two alike.
      const double nth =
          i < 2 ? std::min(static_cast<double>(i + 1), latest) : std::exp2(random_.unit() * std::log2(latest));
      tries_.push_back({point, static_cast<std::uint64_t>(nth),
                        i % kOneStopIn == kOneStopIn - 1 ? CrashAction::stop : CrashAction::kill});
    }
  }

  std::uint64_t tries() const { return tries_.size(); }
  const Try& now() const { return tries_[next_ % tries_.size()]; }
  Arming arming() const { return {.point = now().point, .nth = now().nth, .action = now().action}; }

  // In a dict that is in use: a worker is replaced by an armed one.
  void replace_and_suffer(Arena& arena) {
    const auto victim = static_cast<unsigned>(random_.below(arena.processes()));
    arena.end(victim);
    arena.start(victim, arming());
    suffer(arena, victim, 0);
  }

  // The armed worker runs: waits for its end or its stop, and sees that all go on. Some steps are there to recover from
  // a death: up to `deaths` others are killed to make it take them.
  void suffer(Arena& arena, unsigned victim, unsigned deaths) {
    Tally& tally = tallies[now().point];
    const std::string point = now().point;
    ++next_;
    ++tally.tried;
    bool reached = false;
    try {
      const Arena::Death death = reach(arena, victim, deaths);
      reached = death == Arena::Death::killed || death == Arena::Death::stopped;
      tally.reached += reached;
      if (death == Arena::Death::stopped) return stand_still(arena, victim, point);
      const Arena::Marks killed = arena.marks();
      arena.start(victim);
      arena.await_progress(killed, fmt::format("worker {} was killed at {}", victim, point));
    } catch (const DictLost&) {
      if (!reached && arena.was_killed(victim)) {
        reached = true;
        ++tally.reached;
      }
      tally.lost += reached;
      throw;
    } catch (const InvariantBroken& broken) {
      throw InvariantBroken(fmt::format("{} (crash point {})", broken.what(), point));
    }
  }

  std::map<std::string, Tally> tallies;

 private:
  Arena::Death reach(Arena& arena, unsigned victim, unsigned deaths) {
    Arena::Death death = arena.await_death(victim, deaths == 0 ? kReach : kReachEach);
    for (unsigned i = 0; i < deaths && death == Arena::Death::none; ++i) {
      const unsigned other = (victim + 1 + i % (arena.processes() - 1)) % arena.processes();
      arena.kill(other);
      arena.start(other);
      death = arena.await_death(victim, kReachEach);
    }
    if (death != Arena::Death::none) return death;
    arena.dismiss(victim);  // and some steps are taken when it detaches
    death = arena.await_death(victim, kReach);
    if (death == Arena::Death::none) arena.kill(victim);
    return death;
  }

  void stand_still(Arena& arena, unsigned victim, const std::string& point) {
    arena.ledger().slots[victim].hits.fetch_add(1);
    const Arena::Marks stopped = arena.marks();
    if (others_must_go_on_) {
      if (!arena.others_go_on(stopped, victim, milliseconds(1000)))
        throw InvariantBroken(fmt::format("worker {}, stopped for 1 s at {}, held the others up", victim, point));
    } else {
      arena.let_run(kStop);
    }
    const Arena::Marks continued = arena.marks();
    arena.resume(victim);
    arena.await_progress(continued, fmt::format("worker {} was stopped at {} and went on", victim, point));
  }

  Random random_;
  bool others_must_go_on_;
  std::vector<Try> tries_;
  std::size_t next_ = 0;
};

void add_to(TortureRecord& all, const TortureRecord& part) {
  all.processes = part.processes;
  all.tried += part.tried;
  all.survived += part.survived;
  all.operations += part.operations;
  all.lost += part.lost;
  all.longest_stall_s = std::max(all.longest_stall_s, part.longest_stall_s);
  all.bytes_left_per_kill = std::max(all.bytes_left_per_kill, part.bytes_left_per_kill);
  if (all.status.empty() || all.ok()) all.status = part.status;
  if (!part.found.empty()) all.found = part.found;
}

void tell_points(TortureRecord& record, const CrashPoints& points, std::uint64_t visited) {
  std::uint64_t reached = 0, lost = 0, unreached_points = 0;
  for (const auto& [name, tally] : points.tallies) {
    reached += tally.reached;
    lost += tally.lost;
    unreached_points += tally.reached == 0;
    record.facts.emplace_back("point " + name, fmt::format("reached in {} of {} tries, dict lost in {}", tally.reached,
                                                           tally.tried, tally.lost));
  }
  if (record.ok())
    record.found = fmt::format(
        "{} kills and stops at {} steps{}{}, longest stall {}", reached, visited - unreached_points,
        unreached_points == 0 ? "" : fmt::format(" ({} more not reached)", unreached_points),
        lost == 0 ? ", all survived" : fmt::format(", {} lost the dict (corrupt), as the contract lets it", lost),
        duration_text(record.longest_stall_s));
}

}  // namespace

TortureRecord inflict_crash_points(const Subject& subject, const Options& options) {
  const bool may_be_lost = !subject.contract.survives_killed_writer;
  TortureRecord record;
  std::map<std::string, double> visits;
  try {
    visits = reconnoitre(subject, options, may_be_lost);
  } catch (const InvariantBroken& broken) {
    record.status = fmt::format("broken: {}", broken.what());
    record.found = broken.what();
    return record;
  } catch (const Interrupted& interrupted) {
    record.status = fmt::format("unavailable: {}", interrupted.what());
    return record;
  } catch (const Error& error) {
    record.status = fmt::format("unavailable: {}: {}", to_string(error.code()), error.what());
    return record;
  }
  if (visits.empty()) {
    record.status = "not applicable: it visits no crash point";
    return record;
  }

  CrashPoints often(subject, options.seed), seldom(subject, options.seed + 1);
  const std::uint64_t tries = std::max<std::uint64_t>(kLeastTries, options.tries / visits.size());
  for (const auto& [point, count] : visits) {
    if (count >= kSeldom)
      often.plan(point, count, tries);
    else
      seldom.plan(point, count, std::min(tries, kTriesOfSeldom));
  }
  const Rules rules = rules_for(subject, options);
  const auto nothing = [](const TortureRecord&, const Findings&) { return std::string(); };
  Plan plan{.tries = often.tries(), .may_be_lost = may_be_lost};
  if (often.tries() > 0)
    add_to(record, run_campaign(
                       subject, options, plan, rules, [&](Arena& arena) { often.replace_and_suffer(arena); }, nothing));
  plan.tries = seldom.tries();
  plan.spends_arena = true;
  plan.start = [&](Arena& arena) {
    arena.start(0, seldom.arming());
    for (unsigned slot = 1; slot < arena.processes(); ++slot) arena.start(slot);
  };
  if (seldom.tries() > 0 && (record.status.empty() || record.ok()))
    add_to(record,
           run_campaign(
               subject, options, plan, rules, [&](Arena& arena) { seldom.suffer(arena, 0, kDeaths); }, nothing));

  often.tallies.merge(seldom.tallies);
  tell_points(record, often, visits.size());
  std::vector<std::string> not_visited;
  for (const std::string& name : crash_point_names())
    if (!visits.contains(name)) not_visited.push_back(name);
  if (!not_visited.empty())
    record.facts.emplace_back("points_not_visited", fmt::format("{}", fmt::join(not_visited, " ")));
  return record;
}

}  // namespace dictbench::torture
