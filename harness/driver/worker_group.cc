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

std::string_view to_string(StartMode mode) {
  switch (mode) {
    case StartMode::fork: return "fork";
    case StartMode::spawn: return "spawn";
    case StartMode::threads: return "threads";
  }
  return "unknown";
}

WorkerGroup::WorkerGroup(ControlMapping& control, unsigned workers, StartMode mode,
                         const std::function<int(unsigned)>& body, const std::vector<std::string>& arguments)
    : control_(control), workers_(workers), threads_(mode == StartMode::threads) {
  const unsigned processes = threads_ ? 1 : workers;
  gone_.assign(processes, true);
  ends_.resize(processes);
  pids_.reserve(processes);
  try {
    for (unsigned worker = 0; worker < processes; ++worker) {
      if (mode == StartMode::spawn)
        start_spawned(worker, arguments);
      else
        start_forked(worker, body);
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
    for (unsigned worker = 0; worker < workers_; ++worker) {
      const bool reached = control_->workers[worker].reached.load(std::memory_order_acquire) >= step;
      if (why.empty() && gone_[threads_ ? 0 : worker] && !reached) why = fmt::format("worker {} ended early", worker);
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

std::string WorkerGroup::told() const {
  for (unsigned worker = 0; worker < workers_; ++worker)
    if (control_->workers[worker].failed.load(std::memory_order_acquire))
      return fmt::format("worker {}: {}", worker, control_->workers[worker].failure);
  return {};
}

// A worker that told its reason comes first: the death of another may follow from the same cause.
std::string WorkerGroup::failure() {
  if (std::string why = told(); !why.empty()) return why;
  for (std::size_t process = 0; process < pids_.size(); ++process)
    if (!gone_[process])
      if (std::string died = reap(process, false); !died.empty()) {
        std::string why = told();  // it may have told its reason between the two looks
        return why.empty() ? died : why;
      }
  return {};
}

std::string WorkerGroup::reap(std::size_t process, bool wait) {
  int status = 0;
  rusage usage{};
  pid_t ended = 0;
  do {
    ended = wait4(pids_[process], &status, wait ? 0 : WNOHANG, &usage);
  } while (ended < 0 && errno == EINTR);
  if (ended != pids_[process]) return {};
  gone_[process] = true;
  ends_[process].max_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  const std::string who = threads_ ? "the workers' process" : fmt::format("worker {}", process);
  if (WIFSIGNALED(status))
    return fmt::format("{} was killed by signal {} ({})", who, WTERMSIG(status), strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return fmt::format("{} ended with status {}", who, WEXITSTATUS(status));
  return {};
}

void WorkerGroup::kill_all() {
  for (std::size_t process = 0; process < pids_.size(); ++process)
    if (!gone_[process]) kill(pids_[process], SIGKILL);
  for (std::size_t process = 0; process < pids_.size(); ++process)
    if (!gone_[process]) reap(process, true);
}

std::vector<WorkerEnd> WorkerGroup::finish() {
  for (std::size_t process = 0; process < pids_.size(); ++process)
    if (!gone_[process]) reap(process, true);
  return threads_ ? std::vector<WorkerEnd>(workers_, ends_[0]) : ends_;
}

}  // namespace dictbench
