// The worker processes of one cell, seen from the driver: start, lead through the steps, reap.
//
// Workers are forked from the driver, or (StartMode::spawn) execute this program anew and find the control
// page by an inherited file descriptor, or (StartMode::threads) are threads of one forked process; all die with the
// driver (PR_SET_PDEATHSIG). Destroying the group kills and reaps whoever still lives. Used by the driver's main thread
// only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/driver/control_page.h"

namespace dictbench {

enum class StartMode { fork, spawn, threads };
std::string_view to_string(StartMode mode);

// How one worker ended.
struct WorkerEnd {
  std::uint64_t max_rss_bytes = 0;  // from wait4
};

class WorkerGroup {
 public:
  // `body` is the forked worker's whole life and returns its exit status; for threads it is called once, for worker 0,
  // and leads them all. For spawned workers the command `arguments` is executed with "--control-fd N --worker I"
  // appended instead.
  WorkerGroup(ControlMapping& control, unsigned workers, StartMode mode,
              const std::function<int(unsigned worker)>& body, const std::vector<std::string>& arguments);
  ~WorkerGroup();
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;

  // Releases a step and waits until all have reached it. Empty, or why that cannot be: a worker's own
  // error, its death, or `timeout` passed. After a failure all workers have been killed and reaped.
  std::string step(std::uint32_t step, std::chrono::seconds timeout);

  // After the last step: reaps everyone. One entry a worker; threads tell their process's figures.
  std::vector<WorkerEnd> finish();

  // One a worker, or one for all threads.
  const std::vector<pid_t>& pids() const noexcept { return pids_; }

 private:
  void start_forked(unsigned worker, const std::function<int(unsigned)>& body);
  void start_spawned(unsigned worker, const std::vector<std::string>& arguments);
  std::string told() const;  // a worker's own reason for not going on, or empty
  std::string failure();     // of any worker; reaps the dead
  std::string reap(std::size_t process, bool wait);
  void kill_all();

  ControlMapping& control_;
  const unsigned workers_;
  const bool threads_;
  std::vector<pid_t> pids_;
  std::vector<bool> gone_;       // a process an entry
  std::vector<WorkerEnd> ends_;  // likewise
};

// True once SIGINT or SIGTERM asked this process to end; set by install_interrupt_handlers().
bool interrupted() noexcept;
void install_interrupt_handlers();

}  // namespace dictbench
