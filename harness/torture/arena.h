// One engine under torture with its workers, seen from the driver: start, kill, wait for signs of life, quiesce.
//
// The dict lives as long as the arena; workers come and go. Destroying the arena kills and reaps who is left, stopped
// ones too, and destroys the engine. Used by the driver's main thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "harness/torture/fault.h"
#include "harness/torture/worker.h"

namespace dictbench::torture {

// What a promised invariant says does not hold.
class InvariantBroken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The dict said `corrupt`, and the contract lets it (a killed writer): it has to be made anew.
class DictLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// SIGINT or SIGTERM: everything is to be taken down in order.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

// What must stay flat over the kills. Taken while no worker runs.
struct Footprint {
  std::uint64_t bytes = 0;  // storage in use and the servers' own memory
  std::vector<std::pair<std::string, std::uint64_t>> held;
};

class Arena {
 public:
  using Marks = std::vector<std::uint64_t>;

  // Makes the engine; no worker runs yet. Throws Error.
  Arena(const Subject& subject, const Options& options, const Rules& rules, bool may_be_lost);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Starts the process of a slot that has none.
  void start(unsigned slot, const Arming& arming = {});
  void start_all();

  // SIGKILL; reaps the process and retires what it had in flight.
  void kill(unsigned slot);

  // Asks the process to end in order; end() also waits for that.
  void dismiss(unsigned slot);
  void end(unsigned slot);

  // Waits until the process has died by SIGKILL (reaped as by kill()), is stopped, or has ended in order.
  enum class Death { killed, stopped, ended, none };  // none: `limit` passed
  Death await_death(unsigned slot, std::chrono::milliseconds limit);

  // After DictLost: whether the process is dead by SIGKILL, as it may be without await_death() having seen it.
  bool was_killed(unsigned slot);

  // SIGSTOP and SIGCONT. A stop does not count as a survivor's stall.
  void stop(unsigned slot);
  void resume(unsigned slot);

  // How far everybody is.
  Marks marks() const;

  // Waits until every running worker has done an operation after `since`. Throws InvariantBroken when one has not
  // within the patience, and what look() throws.
  void await_progress(const Marks& since, const std::string& after);

  // Whether every worker but `but` did two operations after `since` before `limit` passed.
  bool others_go_on(const Marks& since, unsigned but, std::chrono::milliseconds limit);

  // Waits until the condition holds, looking after the workers meanwhile. False when `limit` passed.
  bool await(const std::function<bool()>& condition, std::chrono::nanoseconds limit);

  // Leaves the workers to themselves for so long, looking after them as await() does.
  void let_run(std::chrono::nanoseconds time);

  // Throws InvariantBroken, DictLost or Interrupted when there is reason to.
  void look();

  // Ends the workers in order and checks everything that the ledger knows in a process of its own; then the engine's
  // own check. Throws as look() does.
  void quiesce();

  Footprint footprint() const;  // after quiesce()

  Engine& engine() noexcept { return *engine_; }
  Ledger& ledger() noexcept { return *ledger_; }
  unsigned processes() const noexcept { return rules_.processes; }
  std::uint64_t operations() const;
  std::uint64_t errors(ErrorCode code) const;
  double longest_stall_s() const;

 private:
  std::string how_it_ended(unsigned slot, int status) const;
  void reaped(unsigned slot);
  void end_workers();
  void run_auditor();
  std::chrono::milliseconds end_patience() const;
  [[noreturn]] void not_ended(unsigned slot) const;

  const Options& options_;
  Rules rules_;
  bool may_be_lost_;
  LedgerMapping ledger_;
  std::unique_ptr<Engine> engine_;
  std::vector<pid_t> pids_;           // 0: none
  std::optional<unsigned> expected_;  // the slot whose process is about to die or stop: await_death() looks after it
  std::uint64_t lives_ = 0;
};

}  // namespace dictbench::torture
