#include "engines/shm/robust_mutex.h"

#include <fmt/format.h>
#include <time.h>

#include <cerrno>
#include <cstring>

#include "engines/error.h"
#include "engines/shm/spin.h"

namespace dictbench {
namespace {

// A wake-up may be lost: unlock() frees the mutex and wakes one sleeper; when that one is killed before it has run
// and somebody else took the free mutex meanwhile, without the mark that others sleep, nobody wakes them (the kernel
// makes good for the killed one only where the mutex is still free). So nobody sleeps for longer than this at once.
int lock_in_naps(pthread_mutex_t& mutex) {
  constexpr long kNapNs = 10'000'000;
  constexpr long kSecondNs = 1'000'000'000;
  int error = ETIMEDOUT;
  while (error == ETIMEDOUT) {
    timespec until{};
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += kNapNs;
    if (until.tv_nsec >= kSecondNs) {
      until.tv_nsec -= kSecondNs;
      ++until.tv_sec;
    }
    error = pthread_mutex_timedlock(&mutex, &until);  // ThreadSanitizer of g++ 12 does not know clocklock
  }
  return error;
}

}  // namespace

RobustMutex::RobustMutex() {
  pthread_mutexattr_t attributes;
  int error = pthread_mutexattr_init(&attributes);
  if (error == 0) error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  if (error == 0) error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  if (error == 0) error = pthread_mutex_init(&mutex_, &attributes);
  pthread_mutexattr_destroy(&attributes);
  if (error != 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("this system has no robust process-shared mutexes: {}", std::strerror(error)));
}

PreviousOwner RobustMutex::lock() {
  int error = pthread_mutex_trylock(&mutex_);
  for (int spin = 0; error == EBUSY && spin < kSpinsBeforeSleep; ++spin) {
    spin_pause();
    error = pthread_mutex_trylock(&mutex_);
  }
  if (error == EBUSY) error = lock_in_naps(mutex_);
  if (error == 0) [[likely]]
    return PreviousOwner::unlocked;
  if (error == EOWNERDEAD) {
    error = pthread_mutex_consistent(&mutex_);
    if (error == 0) return PreviousOwner::died;
  }
  throw Error(ErrorCode::corrupt,
              fmt::format("a mutex in shared memory cannot be locked: {}; make the dict anew", std::strerror(error)));
}

void RobustMutex::unlock() { pthread_mutex_unlock(&mutex_); }

}  // namespace dictbench
