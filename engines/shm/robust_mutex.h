// A mutex for shared memory that outlives its holders: when a process (or thread) is killed while it
// holds the mutex, the kernel hands it to the next who asks, and lock() says so.
//
// A POSIX process-shared robust mutex (pthread_mutexattr_setrobust(3)) with its errors turned into
// Error. Constructed in place in the segment by the segment's creator, used from any process and
// thread that maps it, never destroyed: the memory goes away as a whole. Not recursive. A mapping must
// not be removed while one of its threads holds the mutex.
#pragma once

#include <pthread.h>

#include <chrono>
#include <optional>

#include "engines/error.h"

namespace dictbench {

enum class PreviousOwner {
  unlocked,  // the usual case
  died,      // killed in mid-section: what the mutex protects may be half changed
};

class RobustMutex {
 public:
  // Throws Error(unavailable) when the system has no such mutex.
  RobustMutex();
  RobustMutex(const RobustMutex&) = delete;
  RobustMutex& operator=(const RobustMutex&) = delete;

  // Waits until the mutex is the caller's: spins for a few microseconds, then sleeps. After `died` the mutex itself is
  // in order again; whether what it protects is, the caller must find out. Throws Error(corrupt) when the memory holds
  // no mutex.
  PreviousOwner lock();
  void unlock();

  // As lock(), but gives up after this long, spinning not counted: nothing, and the mutex is not the caller's.
  std::optional<PreviousOwner> lock_for(std::chrono::milliseconds longest);

  // The two halves of lock_for(): only spins; sleeps at once, without a time until the mutex is the caller's.
  std::optional<PreviousOwner> lock_soon();
  std::optional<PreviousOwner> lock_later(const std::optional<std::chrono::milliseconds>& longest);

 private:
  PreviousOwner taken(int error);

  pthread_mutex_t mutex_;
};

// What to say where a dict's lock was not to be had within its option `timeout`.
Error lock_timeout(std::chrono::milliseconds waited);

// Holds the mutex for a scope.
class RobustMutexGuard {
 public:
  explicit RobustMutexGuard(RobustMutex& mutex) : mutex_(mutex), previous_(mutex.lock()) {}
  // Throws lock_timeout() after `longest`.
  RobustMutexGuard(RobustMutex& mutex, std::chrono::milliseconds longest) : mutex_(mutex), previous_() {
    const auto told = mutex.lock_for(longest);
    if (!told) throw lock_timeout(longest);
    previous_ = *told;
  }
  // As long as gets_on() says that the holder has done something since it was last asked, waits as long again.
  template <typename GetsOn>
  RobustMutexGuard(RobustMutex& mutex, std::chrono::milliseconds longest, GetsOn gets_on) : mutex_(mutex), previous_() {
    auto told = mutex.lock_for(longest);
    while (!told) {
      if (!gets_on()) throw lock_timeout(longest);
      told = mutex.lock_for(longest);
    }
    previous_ = *told;
  }
  ~RobustMutexGuard() { mutex_.unlock(); }
  RobustMutexGuard(const RobustMutexGuard&) = delete;
  RobustMutexGuard& operator=(const RobustMutexGuard&) = delete;

  PreviousOwner previous() const noexcept { return previous_; }

 private:
  RobustMutex& mutex_;
  PreviousOwner previous_;
};

}  // namespace dictbench
