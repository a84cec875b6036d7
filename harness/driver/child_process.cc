#include "harness/driver/child_process.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

namespace dictbench {

pid_t checked_fork() {
  std::fflush(nullptr);  // or buffered output would be printed by parent and child
  const pid_t pid = fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "cannot start a worker");
  return pid;
}

void die_with(pid_t driver) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != driver) _exit(1);  // it died before the line above
  std::signal(SIGINT, SIG_IGN);       // the terminal signals the whole group; the driver ends us in order
  std::signal(SIGTERM, SIG_DFL);
}

pid_t fork_child(const std::function<int()>& body) {
  const pid_t driver = getpid();
  const pid_t pid = checked_fork();
  if (pid == 0) {
    die_with(driver);
    _exit(body());
  }
  return pid;
}

}  // namespace dictbench
