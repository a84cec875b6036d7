// What tests with real processes need: a child that is always reaped, and memory to talk to it.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <fstream>
#include <new>
#include <string>

namespace dictbench {

// Runs `body` in a forked child, which then ends without destructors or exit handlers: with 0, with 2 when it
// threw. Killed and reaped by the destructor at the latest, and killed with the test when that runs out of time.
class ChildProcess {
 public:
  template <typename Body>
  explicit ChildProcess(const Body& body) : pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int status = 0;
    try {
      body();
    } catch (...) {
      status = 2;
    }
    _exit(status);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() {
    if (pid_ > 0) kill();
  }

  pid_t pid() const { return pid_; }

  // SIGKILL, and reaped.
  void kill() {
    ::kill(pid_, SIGKILL);
    wait();
  }

  // The wait status.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_;
};

// Waits until the child is killed by SIGKILL or, with `stopped`, stopped. False when it ends otherwise, or neither
// happens within a minute, which a loaded machine may need. A killed child is left for its ChildProcess to reap.
inline bool await_signal(const ChildProcess& child, bool stopped) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT);
    if (info.si_pid == child.pid())
      return stopped ? info.si_code == CLD_STOPPED : info.si_code == CLD_KILLED && info.si_status == SIGKILL;
    usleep(200);
  }
  return false;
}

// The state of a process as /proc tells it: R, S, T, Z; ? where there is none.
inline char state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  std::getline(file, line);
  const auto bracket = line.rfind(')');  // the end of the command, which may hold blanks
  return bracket == std::string::npos || bracket + 2 >= line.size() ? '?' : line[bracket + 2];
}

// A T that parent and children share.
template <typename T>
class SharedMemory {
 public:
  SharedMemory()
      : object_(new (mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) T()) {}
  ~SharedMemory() { munmap(object_, sizeof(T)); }
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }

 private:
  T* object_;
};

// Waits until the condition holds; false after a minute.
template <typename Condition>
bool await(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    sched_yield();
  }
  return true;
}

}  // namespace dictbench
