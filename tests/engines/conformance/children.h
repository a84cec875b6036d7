// Processes of a test: forked ones, and unrelated ones that are this program started anew.
//
// No wait is endless: who has not ended in time is killed and the test fails. Children report through
// their exit status and through SharedPage; the parent is the only one that calls GoogleTest.
#pragma once

#include <pthread.h>
#include <sys/mman.h>
#include <sys/types.h>

#include <chrono>
#include <functional>
#include <new>
#include <string>
#include <vector>

namespace dictbench::conformance {

inline constexpr std::chrono::seconds kDeadline{60};

class Children {
 public:
  Children() = default;
  ~Children();  // kills those that are left
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  // Runs `body` in a forked process; what it throws becomes a failure of the test. Returns the pid.
  pid_t fork(const std::function<void()>& body);

  // Starts this program with `--child role --address address`: nothing is inherited from us.
  pid_t spawn(const std::string& role, const std::string& address);

  // Waits for all of them; each must exit with 0.
  void expect_success(std::chrono::milliseconds deadline = kDeadline);

  // SIGKILL, and reaps.
  void kill(pid_t pid);

 private:
  std::vector<pid_t> running_;
};

// Waits until `condition` holds; false when the deadline passes.
bool await(const std::function<bool()>& condition, std::chrono::milliseconds deadline = kDeadline);

// A T in memory that forked children share, made before the fork.
template <typename T>
class SharedPage {
 public:
  SharedPage() {
    void* const memory = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    shared_ = new (memory) T();
  }
  ~SharedPage() { munmap(shared_, sizeof(T)); }
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;

  T* operator->() const { return shared_; }
  T& operator*() const { return *shared_; }

 private:
  T* shared_;
};

// A barrier for processes, to be placed in a SharedPage.
class ProcessBarrier {
 public:
  void init(unsigned parties) {
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&barrier_, &attributes, parties);
    pthread_barrierattr_destroy(&attributes);
  }
  void wait() { pthread_barrier_wait(&barrier_); }

 private:
  pthread_barrier_t barrier_;
};

}  // namespace dictbench::conformance
