#include "harness/gate/command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <system_error>

#include "harness/driver/child_process.h"
#include "harness/driver/worker_group.h"

namespace dictbench {
namespace {

using Clock = std::chrono::steady_clock;

// Seconds of processor time that all programs together have had since the machine started, what the hypervisor gave
// to other guests included: proc_stat(5), the line "cpu". 0 where it cannot be read.
double busy_seconds() {
  std::ifstream stream("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, soft = 0, stolen = 0;
  stream >> name >> user >> nice >> system >> idle >> waiting >> interrupts >> soft >> stolen;
  return (user + nice + system + interrupts + soft + stolen) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

[[noreturn]] void become(const Command& command, pid_t parent) {
  die_with(parent);
  setpgid(0, 0);  // a Ctrl-C is ours to pass on, in order
  std::signal(SIGINT, SIG_DFL);
  const int log = open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log >= 0) {
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
  }
  for (const auto& [name, value] : command.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> words;
  for (const std::string& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  constexpr int kNoSuchProgram = 127;  // as the shell says it
  _exit(kNoSuchProgram);
}

// Whether the process ended before `until`; false also when a signal for us arrived.
bool ended_by(int process, Clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd waited{process, POLLIN, 0};
  return poll(&waited, 1, static_cast<int>(std::clamp<long long>(left, 0, 60'000))) > 0;
}

// SIGTERM lets it take its servers and segments away; SIGKILL follows when it does not go.
void end(pid_t pid, int process) {
  constexpr std::chrono::seconds kPatience{10};
  kill(-pid, SIGTERM);
  if (!ended_by(process, Clock::now() + kPatience)) kill(-pid, SIGKILL);
}

}  // namespace

CommandEnd run_command(const Command& command) {
  const double busy_before = busy_seconds();
  const Clock::time_point begin = Clock::now();
  const pid_t parent = getpid();
  const pid_t pid = checked_fork();
  if (pid == 0) become(command, parent);
  setpgid(pid, pid);  // here too: whoever comes first
  const int process = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (process < 0) {
    const int reason = errno;
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    throw std::system_error(reason, std::generic_category(), "cannot wait for a program");
  }
  CommandEnd found;
  bool stopped = false;
  while (!ended_by(process, begin + command.limit)) {
    stopped = interrupted();
    found.too_late = Clock::now() >= begin + command.limit;
    if (stopped || found.too_late) {
      end(pid, process);
      break;
    }
  }
  int status = 0;
  rusage usage{};
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  close(process);
  if (stopped) throw Interrupted();
  found.wall_s = std::chrono::duration<double>(Clock::now() - begin).count();
  found.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  const double own = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  const double machine = found.wall_s * static_cast<double>(std::max(sysconf(_SC_NPROCESSORS_ONLN), 1L));
  found.others = std::clamp((busy_seconds() - busy_before - own) / machine, 0.0, 1.0);
  return found;
}

std::string last_line(const std::filesystem::path& log) {
  std::ifstream stream(log);
  std::string line, last;
  while (std::getline(stream, line))
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  return last;
}

}  // namespace dictbench
