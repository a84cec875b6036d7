#include "harness/driver/worker_group.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "harness/driver/child_process.h"

namespace dictbench {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

}  // namespace

bool interrupted() noexcept { return interrupt_seen != 0; }

void install_interrupt_handlers() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupt_seen = 1; };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

WorkerGroup::WorkerGroup(ControlMapping& control, unsigned processes, StartMode mode,
                         const std::function<int(unsigned)>& body, const std::vector<std::string>& arguments)
    : control_(control), gone_(processes, true), ends_(processes) {
  pids_.reserve(processes);
  try {
    for (unsigned worker = 0; worker < processes; ++worker) {
      if (mode == StartMode::fork)
        start_forked(worker, body);
      else
        start_spawned(worker, arguments);
      gone_[worker] = false;
    }
  } catch (...) {
    kill_all();
    throw;
  }
}

WorkerGroup::~WorkerGroup() { kill_all(); }

void WorkerGroup::start_forked(unsigned worker, const std::function<int(unsigned)>& body) {
  pids_.push_back(fork_child([&] { return body(worker); }));
}

void WorkerGroup::start_spawned(unsigned worker, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = arguments;
  command.insert(command.end(), {"--control-fd", std::to_string(control_.fd()), "--worker", std::to_string(worker)});
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int fd = control_.fd();
  const pid_t driver = getpid();
  const pid_t pid = checked_fork();
  if (pid == 0) {
    die_with(driver);
    const int inherited = dup(fd);  // the original closes on exec, and two steps keep the number
    if (inherited >= 0 && dup3(inherited, fd, 0) == fd) {
      close(inherited);
      execv("/proc/self/exe", argv.data());
    }
    _exit(127);
  }
  pids_.push_back(pid);
}

std::string WorkerGroup::step(std::uint32_t step, std::chrono::seconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  control_->released.store(step, std::memory_order_release);
  futex_wake_all(control_->released);
  while (true) {
    const std::uint32_t arrivals = control_->arrivals.load(std::memory_order_acquire);
    std::string why = failure();
    bool all = why.empty();
    for (unsigned worker = 0; worker < pids_.size(); ++worker) {
      const bool reached = control_->workers[worker].reached.load(std::memory_order_acquire) >= step;
      if (why.empty() && gone_[worker] && !reached) why = fmt::format("worker {} ended early", worker);
      all = all && reached;
    }
    if (all) return {};
    if (why.empty() && interrupted()) why = "interrupted";
    if (why.empty() && std::chrono::steady_clock::now() >= deadline)
      why = fmt::format("no end after {} s; killed", timeout.count());
    if (!why.empty()) {
      kill_all();
      return why;
    }
    futex_wait(control_->arrivals, arrivals, 100);
  }
}

// A worker that told its reason comes first: the death of another may follow from the same cause.
std::string WorkerGroup::failure() {
  for (unsigned worker = 0; worker < pids_.size(); ++worker)
    if (control_->workers[worker].failed.load(std::memory_order_acquire))
      return fmt::format("worker {}: {}", worker, control_->workers[worker].failure);
  for (unsigned worker = 0; worker < pids_.size(); ++worker)
    if (!gone_[worker])
      if (std::string why = reap(worker, false); !why.empty())
        // It may have told its reason between the two looks.
        return control_->workers[worker].failed.load(std::memory_order_acquire)
                   ? fmt::format("worker {}: {}", worker, control_->workers[worker].failure)
                   : why;
  return {};
}

std::string WorkerGroup::reap(unsigned worker, bool wait) {
  int status = 0;
  rusage usage{};
  pid_t ended = 0;
  do {
    ended = wait4(pids_[worker], &status, wait ? 0 : WNOHANG, &usage);
  } while (ended < 0 && errno == EINTR);
  if (ended != pids_[worker]) return {};
  gone_[worker] = true;
  ends_[worker].max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  if (WIFSIGNALED(status))
    return fmt::format("worker {} was killed by signal {} ({})", worker, WTERMSIG(status), strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return fmt::format("worker {} ended with status {}", worker, WEXITSTATUS(status));
  return {};
}

void WorkerGroup::kill_all() {
  for (unsigned worker = 0; worker < pids_.size(); ++worker)
    if (!gone_[worker]) kill(pids_[worker], SIGKILL);
  for (unsigned worker = 0; worker < pids_.size(); ++worker)
    if (!gone_[worker]) reap(worker, true);
}

std::vector<WorkerEnd> WorkerGroup::finish() {
  for (unsigned worker = 0; worker < pids_.size(); ++worker)
    if (!gone_[worker]) reap(worker, true);
  return ends_;
}

}  // namespace dictbench
