// `server-kill`: SIGKILL of the server under load. `server-stop`: SIGSTOP beyond the clients' timeout, then SIGCONT.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <optional>

#include "engines/shm/process_identity.h"
#include "harness/meters/clock.h"
#include "harness/torture/campaign.h"
#include "harness/torture/faults/process_faults.h"
#include "workloads/random.h"

namespace dictbench::torture {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr const char* kTimeout = "200";  // milliseconds
constexpr milliseconds kStop{300};

void signal_servers(Arena& arena, int signal_number) {
  for (const pid_t server : arena.engine().server_pids()) ::kill(server, signal_number);
}

bool servers_are_dead(const std::vector<ProcessIdentity>& servers) {
  return std::ranges::all_of(servers, [](const auto& one) { return liveness(one) == Liveness::dead; });
}

// How attaching ends now: the error's name.
std::string attach_says(Arena& arena) {
  try {
    arena.engine().attach();
  } catch (const Error& error) {
    return std::string(to_string(error.code()));
  }
  return "nothing";
}

}  // namespace

TortureRecord inflict_server_kill(const Subject& subject, const Options& options) {
  Random random(mix64(options.seed, std::uint64_t{4}));
  double slowest_s = 0;
  const auto inject = [&](Arena& arena) {
    arena.let_run(microseconds(200 + random.below(9'800)));
    std::vector<ProcessIdentity> servers;
    for (const pid_t server : arena.engine().server_pids()) servers.push_back(ProcessIdentity::of(server).value());
    const std::int64_t killed_ns = monotonic_ns();
    signal_servers(arena, SIGKILL);
    if (!arena.await([&] { return servers_are_dead(servers); }, options.patience))
      throw InvariantBroken("the server does not die");
    const Arena::Marks dead = arena.marks();
    const auto all_refused = [&] {
      for (unsigned slot = 0; slot < arena.processes(); ++slot)
        if (arena.ledger().slots[slot].state.load() != SlotState::refused) return false;
      return true;
    };
    if (!arena.await(all_refused, options.patience))
      throw InvariantBroken(fmt::format("a client got no clear error within {} s after its server died",
                                        options.patience.count() / 1000));
    slowest_s = std::max(slowest_s, static_cast<double>(monotonic_ns() - killed_ns) / 1e9);
    // One answer may have been under way to each.
    const Arena::Marks end = arena.marks();
    for (unsigned slot = 0; slot < arena.processes(); ++slot)
      if (end[slot] > dead[slot] + 1)
        throw InvariantBroken(fmt::format("worker {} got {} operations acknowledged after its server had died", slot,
                                          end[slot] - dead[slot]));
    if (const std::string code = attach_says(arena); code != to_string(ErrorCode::unavailable))
      throw InvariantBroken(fmt::format("attaching to a dead server says {}, not unavailable", code));
  };
  const auto describe = [&](const TortureRecord& record, const Findings&) {
    return fmt::format("{} dead servers: every client got a clear error within {}, attaching says unavailable",
                       record.tried, duration_text(slowest_s));
  };
  Rules rules = rules_for(subject, options);
  rules.ends_with_server = true;
  const Plan plan{.tries = slow_tries(options), .spends_arena = true};
  TortureRecord record = run_campaign(subject, options, plan, rules, inject, describe);
  record.facts.emplace_back("slowest_clear_error_s", fmt::format("{:.4f}", slowest_s));
  return record;
}

TortureRecord inflict_server_stop(const Subject& original, const Options& options) {
  const Subject subject = original.with("timeout", kTimeout).value();
  Random random(mix64(options.seed, std::uint64_t{5}));
  const auto inject = [&](Arena& arena) {
    arena.let_run(microseconds(200 + random.below(9'800)));
    std::vector<std::uint64_t> before;
    const auto timeouts = [&](unsigned slot) {
      return arena.ledger().slots[slot].errors[static_cast<unsigned>(ErrorCode::timeout)].load();
    };
    for (unsigned slot = 0; slot < arena.processes(); ++slot) before.push_back(timeouts(slot));
    signal_servers(arena, SIGSTOP);
    try {
      const auto all_timed_out = [&] {
        for (unsigned slot = 0; slot < arena.processes(); ++slot)
          if (timeouts(slot) == before[slot]) return false;
        return true;
      };
      arena.let_run(kStop);
      if (!arena.await(all_timed_out, options.patience))
        throw InvariantBroken(fmt::format("a client got no timeout within {} s while its server was stopped",
                                          options.patience.count() / 1000));
    } catch (...) {
      signal_servers(arena, SIGCONT);
      throw;
    }
    const Arena::Marks continued = arena.marks();
    signal_servers(arena, SIGCONT);
    arena.await_progress(continued, "the server went on");
  };
  const auto describe = [](const TortureRecord& record, const Findings& findings) {
    return fmt::format("{} stops of the server: {} timeouts, every client attached again and went on, nothing lost",
                       record.tried, findings.timeouts);
  };
  const Plan plan{.tries = slow_tries(options)};
  return run_campaign(subject, options, plan, rules_for(subject, options), inject, describe);
}

}  // namespace dictbench::torture
