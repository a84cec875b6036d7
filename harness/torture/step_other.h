// The other process of a `step` trial: it does what hurts the operation that is led through, and notes each answer.
//
// One a dict, attached from the dict's beginning on, so that it knows the dict as it was. It does one command after the
// other. An engine may have it wait for the process that stands still; so the driver looks whether it gets on.
// The handle belongs to the driver's thread; the process dies with the driver's.
#pragma once

#include <sched.h>

#include <chrono>
#include <memory>

#include "engines/engine.h"
#include "harness/torture/child.h"
#include "harness/torture/own_time.h"
#include "harness/torture/step_page.h"

namespace dictbench::torture {

enum class Command : char {
  prepare = 'p',  // gives the operation's keys their first states
  hurt = 'h',     // Trial::hurt
  look = 'l',     // reads all tracked keys
  tidy = 't',     // erases the operation's keys and sets the bystanders that are gone
  leave = 'q',    // detaches and ends
};

class OtherProcess {
 public:
  // Starts it. It attaches and sets the bystanders as if that had been its first command, whose answer is to be
  // awaited. `processors`: where it may run. Throws Unavailable, std::system_error.
  OtherProcess(Engine& engine, StepPage& page, const cpu_set_t& processors);
  ~OtherProcess();
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  // One command at a time: the answer to the last one must have been awaited.
  void ask(Command command);

  // Waits for the answer to the last command. False when it got no call of the engine done for so long of its own time
  // (harness/torture/own_time.h). What the engine threw stands in the page's `failure`. Throws Broken when the process
  // has ended, StepTooSlow when it gets on and is not done by `end`.
  bool answers(milliseconds longest_pause, std::chrono::steady_clock::time_point end);

  // Ends it in order. Throws Broken when it does not end so, and StepTooSlow.
  void leave(const WaitLimit& limit);

 private:
  StepPage& page_;
  int socket_ = -1;
  std::unique_ptr<Child> child_;
};

}  // namespace dictbench::torture
