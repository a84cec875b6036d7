#include "engines/server/private_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <thread>

#include "engines/error.h"
#include "engines/server/endpoint.h"
#include "engines/shm/leftovers.h"
#include "engines/shm/process_identity.h"

namespace dictbench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* kLog = "server.log";
// redis looks at its signals every 100 ms, memcached every second; neither has anything to save.
constexpr milliseconds kTermPatience{200};

// Everything that is not ours to hand on is closed by exec. Async-signal-safe.
void close_others_on_exec() {
  constexpr unsigned kFirst = 3;
  if (close_range(kFirst, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
  const long limit = sysconf(_SC_OPEN_MAX);  // kernel before 5.11
  for (int fd = kFirst; fd < limit; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

// The child's side of start(): only async-signal-safe calls. Returns (with errno) when it failed.
void become_server(char* const* argv, const char* log, pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return;
  if (getppid() != parent) _exit(1);  // the owner died before the kernel knew what to do then
  setpgid(0, 0);
  for (int signal_number = 1; signal_number < SIGRTMIN; ++signal_number) signal(signal_number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = open("/dev/null", O_RDONLY);
  const int output = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (input < 0 || output < 0) return;
  if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0) return;
  close_others_on_exec();
  execv(argv[0], argv);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("killed by signal {}", WTERMSIG(status));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

PrivateServer::~PrivateServer() { stop(); }

std::string PrivateServer::socket_path() const {
  std::string path = (directory() / "socket").string();
  require_socket_path(path);
  return path;
}

void PrivateServer::start(const std::vector<std::string>& argv) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const std::string log = (directory() / kLog).string();
  int failure[2];  // closed by a successful exec; otherwise carries its errno
  if (pipe2(failure, O_CLOEXEC) != 0)
    throw Error(ErrorCode::unavailable, fmt::format("cannot start {}: {}", argv.front(), std::strerror(errno)));

  owner_ = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    // dup2 must not land on the pipe: only when one of 0, 1, 2 was closed in the driver.
    const int report = fcntl(failure[1], F_DUPFD_CLOEXEC, 3);
    become_server(arguments.data(), log.c_str(), owner_);
    const int error = errno;
    if (write(report, &error, sizeof error) != sizeof error) _exit(126);
    _exit(127);
  }
  int error = pid_ < 0 ? errno : 0;
  close(failure[1]);
  if (pid_ > 0) {
    // At once: from here on a later run can end the server, should this process and PDEATHSIG fail.
    if (const auto identity = ProcessIdentity::of(pid_))
      std::ofstream(directory() / kServerIdentityFile) << identity->text() << '\n';
    while (read(failure[0], &error, sizeof error) < 0 && errno == EINTR) {
    }
  }
  close(failure[0]);
  if (error == 0) return;
  if (pid_ > 0)
    stop();
  else
    pid_ = 0;
  throw Error(ErrorCode::unavailable, fmt::format("cannot start {}: {}", argv.front(), std::strerror(error)));
}

bool PrivateServer::exited(int& status) {
  const pid_t ended = waitpid(pid_, &status, WNOHANG);
  // ECHILD: somebody else reaped it. It is gone either way.
  if (ended != pid_ && !(ended < 0 && errno == ECHILD)) return false;
  pid_ = 0;
  return true;
}

void PrivateServer::wait_until(const std::function<bool()>& ready, milliseconds patience) {
  constexpr std::size_t kLogLines = 5;
  const auto deadline = Clock::now() + patience;
  for (milliseconds pause{1};; pause = std::min(2 * pause, milliseconds(16))) {
    int status = 0;
    if (pid_ == 0 || exited(status))
      throw Error(ErrorCode::unavailable, fmt::format("the server ended before it was ready ({}): {}",
                                                      how_it_ended(status), log_tail(kLogLines)));
    if (ready()) return;
    if (Clock::now() >= deadline) {
      stop();
      throw Error(ErrorCode::unavailable,
                  fmt::format("the server was not ready after {} ms: {}", patience.count(), log_tail(kLogLines)));
    }
    std::this_thread::sleep_for(pause);
  }
}

void PrivateServer::stop() noexcept {
  if (pid_ == 0 || getpid() != owner_) return;
  int status = 0;
  kill(pid_, SIGTERM);
  kill(pid_, SIGCONT);  // a stopped process gets no SIGTERM
  const auto deadline = Clock::now() + kTermPatience;
  while (!exited(status) && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(2));
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

std::string PrivateServer::log_tail(std::size_t lines) const {
  std::ifstream log(directory() / kLog);
  std::deque<std::string> last;
  for (std::string line; std::getline(log, line);) {
    if (line.empty()) continue;
    last.push_back(line);
    if (last.size() > lines) last.pop_front();
  }
  return last.empty() ? "it printed nothing" : fmt::format("{}", fmt::join(last, " | "));
}

}  // namespace dictbench
