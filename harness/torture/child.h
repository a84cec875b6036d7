// Child processes of a fault: each is reaped, dies with its parent, and can be run with a time limit so that
// a signal, a hang or an exception in it becomes a line of text.
//
// A child is forked and ends by _exit: no destructor or exit handler of what it inherited runs. Used by the main
// thread of a process without other threads. Throws std::system_error where the system refuses a process or memory.
#pragma once

#include <sys/mman.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>

#include "engines/shm/process_identity.h"

namespace dictbench::torture {

using std::chrono::milliseconds;

// A T in memory that the processes forked after it was made share. It outlives a SIGKILL of any of them.
template <typename T>
class SharedPage {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  SharedPage() {
    void* const memory = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "cannot share memory");
    shared_ = new (memory) T();
  }
  ~SharedPage() { munmap(shared_, sizeof(T)); }
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;

  T* operator->() const noexcept { return shared_; }
  T& operator*() const noexcept { return *shared_; }

 private:
  T* shared_;
};

// Text that one process writes once and another reads; longer text is cut off.
class SharedText {
 public:
  void put(const std::string& text) noexcept;
  std::optional<std::string> get() const;  // nothing: not yet written

 private:
  static constexpr std::size_t kRoom = 32 << 10;
  std::array<char, kRoom> text_{};
  std::atomic<std::size_t> size_ = 0;
  std::atomic<bool> written_ = false;
};

// How a child ended.
struct ChildEnd {
  std::string text;     // what its body returned
  std::string trouble;  // empty, or "threw ...", "killed by signal 7 (Bus error)", "no end after 5000 ms"
  bool late = false;    // it has not ended within its limit, and was killed

  bool ok() const noexcept { return trouble.empty(); }
};

class Child {
 public:
  // Starts `body` in a forked child.
  explicit Child(const std::function<std::string()>& body);
  ~Child();  // SIGKILL, and reaped
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const noexcept { return pid_; }
  const ProcessIdentity& identity() const noexcept { return identity_; }

  // Waits, kills it when the limit passes or the run is interrupted, and reaps it.
  ChildEnd finish(milliseconds limit);

  // SIGKILL; returns when it is dead but not yet reaped.
  void make_zombie();

  // SIGKILL, and reaped.
  void kill();

 private:
  struct Report {
    SharedText text;
    SharedText exception;
  };

  SharedPage<Report> report_;
  pid_t pid_ = 0;
  ProcessIdentity identity_;
};

// `body` in a child with a time limit.
ChildEnd in_child(const std::function<std::string()>& body, milliseconds limit);

// Looks every millisecond until the condition holds; false when the limit passed first.
template <typename Condition>
bool becomes_true(const Condition& condition, milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    const timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
    nanosleep(&pause, nullptr);
  }
  return true;
}

}  // namespace dictbench::torture
