// One dict of the fault `step` with its other process: what trials in one dict have in common.
//
// The driver's thread. Destroying it kills the other process and destroys the dict; leave() does it in order.
#pragma once

#include <sched.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "harness/torture/fault.h"
#include "harness/torture/own_time.h"
#include "harness/torture/step_check.h"
#include "harness/torture/step_other.h"
#include "harness/torture/step_page.h"

namespace dictbench::torture {

// The dict said `corrupt`, and its contract lets it: a writer was killed.
class StepLostDict : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class StepStage {
 public:
  // Makes the engine, and the other process has set the bystanders. `processors`: where that one may run. Throws
  // Error, Broken, Unavailable, StepTooSlow.
  StepStage(const Subject& subject, milliseconds patience, const cpu_set_t& processors);

  // Gives the operation's keys, which are new, their first states. `trial`: all but its number. Its time begins.
  void begin(Trial trial);

  // The time of a trial begins.
  void begin_time() { begun_ = std::chrono::steady_clock::now(); }

  // How long one process of the trial may get nothing done. All of a trial takes twice as long at most: nothing new is
  // waited for in the second half, so throws StepTooSlow then.
  milliseconds patience() const;
  WaitLimit limit() const { return {patience(), end()}; }
  std::chrono::steady_clock::time_point end() const { return begun_ + 2 * patience_; }

  // Commands the other process and awaits the answer. Throws as require_no_failure() does, Broken when it hangs, and
  // StepTooSlow.
  void command(Command command, bool writer_was_killed = false);

  // What the other process or the reader got from the engine: StepLostDict, Broken, or Unavailable where the machine
  // has no room.
  void require_no_failure(bool writer_was_killed) const;

  // All is read by a new process. Throws likewise.
  void read_all(bool writer_was_killed);

  // The trial is over, and left the tracked keys so: erases its keys and sets the bystanders that are gone.
  void tidy(const States& after);

  // The other process detaches and ends, the dict goes. Throws Broken, StepTooSlow.
  void leave();

  Engine& engine() noexcept { return *engine_; }
  StepPage& page() noexcept { return *page_; }
  OtherProcess& other() noexcept { return *other_; }
  const States& states() const noexcept { return states_; }  // in which the operation finds the tracked keys
  std::set<std::string>& retired() noexcept { return retired_; }

 private:
  void take_states();

  const Contract contract_;
  const milliseconds patience_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();  // of the trial
  SharedPage<StepPage> page_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<OtherProcess> other_;
  States states_;
  std::set<std::string> retired_;
  std::uint64_t trials_ = 0;
};

// The same engine with so small a `max` that it is soon full.
inline constexpr std::array kSmallSizes{"1M", "2M", "4M", "16M"};  // from 64 KiB to some MiB is the least they take

// The first of kSmallSizes with which the engine works, tried in processes of their own; their number where it has no
// such option, or is not ready in time.
std::size_t find_small_size(const Subject& subject);

}  // namespace dictbench::torture
