#include "engines/shm/robust_mutex.h"

#include <fmt/format.h>
#include <time.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/spin.h"

namespace dictbench {
namespace {

#ifdef __SANITIZE_THREAD__

// libtsan of GCC 12 to 14 does not know pthread_mutex_clocklock and would miss that the mutex was locked.
int lock_sleeping(pthread_mutex_t& mutex) {
  constexpr timespec kNap{.tv_sec = 0, .tv_nsec = 100'000};
  int error = EBUSY;
  while (error == EBUSY) {
    nanosleep(&kNap, nullptr);
    error = pthread_mutex_trylock(&mutex);
  }
  return error;
}

#else

// glibc's robust mutex can lose a wake-up: unlock wakes one waiter; when that one is killed before it runs and
// meanwhile another has taken the mutex, who knows of no waiters and will wake none, then the other sleepers sleep on,
// for ever if nobody else has to wait. So nobody sleeps longer than this without looking.
constexpr long kLongestSleepNs = 50'000'000;

int lock_sleeping(pthread_mutex_t& mutex) {
  constexpr long kSecondNs = 1'000'000'000;
  timespec end{};
  int error = ETIMEDOUT;
  while (error == ETIMEDOUT) {
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += kLongestSleepNs;
    end.tv_sec += end.tv_nsec / kSecondNs;
    end.tv_nsec %= kSecondNs;
    error = pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &end);
  }
  return error;
}

#endif

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
  if (error == EBUSY) {
    CRASH_POINT("robust-mutex.lock.waiting");
    error = lock_sleeping(mutex_);
  }
  if (error == 0) [[likely]] {
    CRASH_POINT("robust-mutex.lock.taken");
    return PreviousOwner::unlocked;
  }
  if (error == EOWNERDEAD) {
    CRASH_POINT("robust-mutex.lock.inherited");
    error = pthread_mutex_consistent(&mutex_);
    if (error == 0) {
      CRASH_POINT("robust-mutex.lock.mended");
      return PreviousOwner::died;
    }
  }
  throw Error(ErrorCode::corrupt,
              fmt::format("a mutex in shared memory cannot be locked: {}; make the dict anew", std::strerror(error)));
}

void RobustMutex::unlock() {
  CRASH_POINT("robust-mutex.unlock.begun");
  pthread_mutex_unlock(&mutex_);
  CRASH_POINT("robust-mutex.unlock.done");
}

}  // namespace dictbench
