// The worker processes of one cell, seen from the driver: start, lead through the steps, reap.
//
// Workers are forked from the driver, or (StartMode::spawn) execute this program anew and find the control
// page by an inherited file descriptor; both die with the driver (PR_SET_PDEATHSIG). Destroying the
// group kills and reaps whoever still lives. Used by the driver's main thread only.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "harness/driver/control_page.h"

namespace dictbench {

enum class StartMode { fork, spawn };

// How one worker ended.
struct WorkerEnd {
  std::uint64_t max_rss_bytes = 0;  // from wait4
};

class WorkerGroup {
 public:
  // `body` is the forked worker's whole life and returns its exit status. For spawned workers the
  // command `arguments` is executed with "--control-fd N --worker I" appended instead.
  WorkerGroup(ControlMapping& control, unsigned processes, StartMode mode,
              const std::function<int(unsigned worker)>& body, const std::vector<std::string>& arguments);
  ~WorkerGroup();
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;

  // Releases a step and waits until all have reached it. Empty, or why that cannot be: a worker's own
  // error, its death, or `timeout` passed. After a failure all workers have been killed and reaped.
  std::string step(std::uint32_t step, std::chrono::seconds timeout);

  // After the last step: reaps everyone. One entry a worker.
  std::vector<WorkerEnd> finish();

  const std::vector<pid_t>& pids() const noexcept { return pids_; }

 private:
  void start_forked(unsigned worker, const std::function<int(unsigned)>& body);
  void start_spawned(unsigned worker, const std::vector<std::string>& arguments);
  std::string failure();  // of any worker; reaps the dead
  std::string reap(unsigned worker, bool wait);
  void kill_all();

  ControlMapping& control_;
  std::vector<pid_t> pids_;
  std::vector<bool> gone_;
  std::vector<WorkerEnd> ends_;
};

// A forked child whose whole life is `body`, which returns its exit status: it dies with this process and leaves SIGINT
// to it. Throws std::system_error.
pid_t fork_worker(const std::function<int()>& body);

// True once SIGINT or SIGTERM asked this process to end; set by install_interrupt_handlers().
bool interrupted() noexcept;
void install_interrupt_handlers();

}  // namespace dictbench
