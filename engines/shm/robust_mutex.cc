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

constexpr long kSecondNs = 1'000'000'000;

timespec monotonic_now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now;
}

timespec after(timespec moment, std::chrono::nanoseconds wait) {
  moment.tv_sec += wait.count() / kSecondNs;
  moment.tv_nsec += wait.count() % kSecondNs;
  moment.tv_sec += moment.tv_nsec / kSecondNs;
  moment.tv_nsec %= kSecondNs;
  return moment;
}

bool before(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

// Both return what pthread_mutex_lock() would, or EBUSY/ETIMEDOUT after `deadline`; without one they wait for ever.
#ifdef __SANITIZE_THREAD__

// libtsan of GCC 12 to 14 does not know pthread_mutex_clocklock and would miss that the mutex was locked.
int lock_sleeping(pthread_mutex_t& mutex, const std::optional<timespec>& deadline) {
  constexpr timespec kNap{.tv_sec = 0, .tv_nsec = 100'000};
  int error = EBUSY;
  while (error == EBUSY && (!deadline || before(monotonic_now(), *deadline))) {
    nanosleep(&kNap, nullptr);
    error = pthread_mutex_trylock(&mutex);
  }
  return error;
}

#else

// glibc's robust mutex can lose a wake-up: unlock wakes one waiter; when that one is killed before it runs and
// meanwhile another has taken the mutex, who knows of no waiters and will wake none, then the other sleepers sleep on,
// for ever if nobody else has to wait. So nobody sleeps longer than this without looking.
constexpr std::chrono::milliseconds kLongestSleep{50};

int lock_sleeping(pthread_mutex_t& mutex, const std::optional<timespec>& deadline) {
  while (true) {
    timespec end = after(monotonic_now(), kLongestSleep);
    const bool last = deadline && !before(end, *deadline);
    if (last) end = *deadline;
    const int error = pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &end);
    if (error != ETIMEDOUT || last) return error;
  }
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

PreviousOwner RobustMutex::lock() { return *lock_until_told(std::nullopt); }

std::optional<PreviousOwner> RobustMutex::lock_for(std::chrono::milliseconds longest) {
  return lock_until_told(longest);
}

std::optional<PreviousOwner> RobustMutex::lock_until_told(const std::optional<std::chrono::milliseconds>& longest) {
  int error = pthread_mutex_trylock(&mutex_);
  for (int spin = 0; error == EBUSY && spin < kSpinsBeforeSleep; ++spin) {
    spin_pause();
    error = pthread_mutex_trylock(&mutex_);
  }
  if (error == EBUSY) {
    CRASH_POINT("robust-mutex.lock.waiting");
    error = lock_sleeping(mutex_, longest ? std::optional(after(monotonic_now(), *longest)) : std::nullopt);
    if (longest && (error == EBUSY || error == ETIMEDOUT)) return std::nullopt;
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
