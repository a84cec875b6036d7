#include "tests/engines/conformance/children.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <thread>

#include "tests/engines/conformance/fixture.h"

namespace dictbench::conformance {
namespace {

using Clock = std::chrono::steady_clock;

// Waits for one process to end. glibc has no wait with a time limit; the kernel has one for pidfds.
bool ends_before(pid_t pid, Clock::time_point deadline) {
  const int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) return true;  // gone
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd wait{.fd = handle, .events = POLLIN, .revents = 0};
  const int ready = poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  close(handle);
  return ready == 1;
}

}  // namespace

Children::~Children() {
  while (!running_.empty()) kill(running_.back());
}

pid_t Children::fork(const std::function<void()>& body) {
  std::fflush(nullptr);  // or the child would print it again
  const pid_t parent = getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("cannot fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    int status = 0;
    try {
      body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "child %d: %s\n", getpid(), error.what());
      status = 1;
    }
    _exit(status);  // the parent's objects are the parent's to destroy
  }
  running_.push_back(pid);
  return pid;
}

pid_t Children::spawn(const std::string& role, const std::string& address) {
  std::vector<std::string> words = {"conformance", "--engine", subject().spec_text, "--child", role,
                                    "--address",   address};
  if (!subject().plugin.empty()) words.insert(words.end(), {"--plugin", subject().plugin});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = 0;
  if (posix_spawn(&pid, "/proc/self/exe", nullptr, nullptr, arguments.data(), environ) != 0)
    throw std::runtime_error("cannot start this program anew");
  running_.push_back(pid);
  return pid;
}

void Children::expect_success(std::chrono::milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  while (!running_.empty()) {
    const pid_t pid = running_.back();
    if (!ends_before(pid, end)) {
      ADD_FAILURE() << "child " << pid << " did not end in time";
      kill(pid);
      continue;
    }
    int status = 0;
    waitpid(pid, &status, 0);
    running_.pop_back();
    EXPECT_TRUE(WIFEXITED(status)) << "child " << pid << " was killed by signal " << WTERMSIG(status);
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0) << "child " << pid << " failed";
    }
  }
}

void Children::kill(pid_t pid) {
  std::erase(running_, pid);
  ::kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

bool await(const std::function<bool()>& condition, std::chrono::milliseconds deadline) {
  const auto end = Clock::now() + deadline;
  while (!condition()) {
    if (Clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return true;
}

}  // namespace dictbench::conformance
