#include "results/choose/evidence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "results/host_name.h"
#include "results/number_format.h"

namespace dictbench {
namespace {

// Its trials kill, stop and let go on, a sample of each. So they are no number of kills or stops that a promise was
// tested with: they count where one was broken only.
constexpr const char* kStep = "step";

// What one record says about a promise.
struct Finding {
  std::string host, what;  // "kill"
  bool broken = false;
  std::string reason;  // "3 writes lost"
  std::uint64_t tried = 0;
  std::uint64_t trials_until_broken = 0;  // under kStep: the most that a break took
};

std::string host_of(const RecordFile& records, const std::string& run_id) {
  const RunRecord* run = records.run(run_id);
  return run == nullptr ? "unknown host" : host_name(run->host);
}

std::vector<std::string_view> faults_of(Guarantee promise) {
  switch (promise) {
    case Guarantee::survives_kill: return {"kill", "crash-points", "hang", kStep};
    case Guarantee::survives_stop: return {"stop", kStep};
    case Guarantee::durable: return {"durable"};
    case Guarantee::linearizable: return {kStep};
    default: return {};
  }
}

bool speaks_against(const TortureRecord& torture, Guarantee promise) {
  if (torture.ok()) return false;
  if (torture.fault != kStep) return true;
  const auto told = known_fact(torture.facts, kSpeaksAgainst);
  return !told || told->find(to_string(promise)) != std::string::npos;
}

// "a write was lost" of "broken: a write was lost".
std::string after_colon(const std::string& status) {
  const std::size_t colon = status.find(": ");
  return colon == std::string::npos ? status : status.substr(colon + 2);
}

bool decided(const std::string& status) { return status == "ok" || status.starts_with("broken"); }

std::vector<Finding> findings(const RecordFile& records, const std::string& spec, Guarantee promise) {
  // By host, fault and, under kStep, program: what broke in one is not taken back by another.
  std::map<std::tuple<std::string, std::string, std::string>, Finding> last;
  for (const std::string_view fault : faults_of(promise)) {
    for (const TortureRecord& torture : records.tortures) {
      if (torture.engine != spec || torture.fault != fault || !decided(torture.status)) continue;
      const bool broken = speaks_against(torture, promise), steps = torture.fault == kStep;
      if (!torture.ok() && !broken) continue;  // what broke there is another promise
      const std::string host = host_of(records, torture.run_id);
      Finding& finding = last[{host, torture.fault, known_fact(torture.facts, kSteppedProgram).value_or("")}];
      // A smaller sample does not take back what a larger one has found.
      if (steps && !broken && torture.tried < finding.trials_until_broken) continue;
      finding = {.host = host,
                 .what = torture.fault,
                 .broken = broken,
                 .reason = after_colon(torture.status),
                 .tried = steps ? 0 : torture.tried,
                 .trials_until_broken = broken ? std::max(torture.tried, finding.trials_until_broken) : 0};
    }
  }
  if (promise == Guarantee::linearizable) {
    for (const CheckRecord& check : records.checks) {
      const bool illegal = check.verdict.starts_with("illegal");
      if (check.engine != spec || check.promise != "linearizable" || !(check.verdict == "ok" || illegal)) continue;
      const std::string host = host_of(records, check.run_id);
      last[{host, "check", ""}] = {.host = host,
                                   .what = "check",
                                   .broken = illegal,
                                   .reason = after_colon(check.verdict),
                                   .tried = check.operations};
    }
  }
  std::vector<Finding> all;
  for (auto& [key, finding] : last) all.push_back(std::move(finding));
  return all;
}

std::string unit_of(Guarantee promise, std::uint64_t count) {
  switch (promise) {
    case Guarantee::survives_kill: return count == 1 ? "kill" : "kills";
    case Guarantee::survives_stop: return count == 1 ? "stop" : "stops";
    case Guarantee::durable: return count == 1 ? "write" : "writes";
    default: return count == 1 ? "operation" : "operations";
  }
}

bool testable(Guarantee promise) { return !faults_of(promise).empty(); }

}  // namespace

PromiseFound find_promise(const RecordFile& records, const std::string& host, const EnginePromises& engine,
                          Guarantee promise) {
  using Verdict = PromiseFound::Verdict;
  if (!engine.declared.contains(promise)) return {Verdict::not_promised, lacks(engine, promise)};
  if (!testable(promise)) return {Verdict::declared, "declared"};
  std::uint64_t here = 0, elsewhere = 0;
  std::set<std::string> others;
  for (const Finding& finding : findings(records, engine.spec, promise)) {
    if (finding.broken) {
      const std::string where = finding.host == host ? "" : " on " + finding.host;
      const std::string how = finding.what == "check" ? "its history is illegal" : "broken under " + finding.what;
      return {Verdict::broken,
              fmt::format("{} promised, but {}{}: {}", to_string(promise), how, where, finding.reason)};
    }
    if (finding.host == host) {
      here += finding.tried;
    } else {
      elsewhere += finding.tried;
      others.insert(finding.host);
    }
  }
  if (here > 0) return {Verdict::tested, fmt::format("tested: {} {}", grouped(here), unit_of(promise, here))};
  if (elsewhere > 0)
    return {Verdict::tested, fmt::format("tested on {}: {} {}", fmt::join(others, ", "), grouped(elsewhere),
                                         unit_of(promise, elsewhere))};
  return {Verdict::untested, "declared, not tested"};
}

std::string lost_data(const RecordFile& records, const std::string& spec) {
  std::map<std::pair<std::string, std::string>, const TortureRecord*> last;  // by host and fault
  for (const TortureRecord& torture : records.tortures)
    if (torture.engine == spec) last[{host_of(records, torture.run_id), torture.fault}] = &torture;
  for (const auto& [key, torture] : last)
    if (!torture->ok() && torture->lost > 0)
      return fmt::format("lost {} acknowledged {} under {}", grouped(torture->lost),
                         torture->lost == 1 ? "write" : "writes", torture->fault);
  return "";
}

std::string lacks(const EnginePromises& engine, Guarantee promise) {
  switch (promise) {
    case Guarantee::shared:
      return engine.shared_by_threads ? "shared by threads of one process only" : "not shared between processes";
    case Guarantee::survives_kill: return "does not survive a killed writer";
    case Guarantee::survives_stop: return "a stopped process holds others up";
    case Guarantee::durable: return "not durable across a restart";
    case Guarantee::linearizable: return "not linearizable";
    case Guarantee::ordered: return "not ordered";
    case Guarantee::atomic_add: return "no atomic add";
    case Guarantee::no_server: return "needs a server";
    case Guarantee::listing: return "its keys cannot be listed";
    case Guarantee::binary_keys: return "takes no keys with blanks or control characters";
  }
  return "";
}

}  // namespace dictbench
