#include "engines/shm/robust_mutex.h"

#include <fmt/format.h>
#include <linux/futex.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>

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

// Whether a trylock has a chance. glibc's lock word, the first of the mutex, has the number of the holder's thread in
// its lower bits: 0 when it is free, or its holder has died.
#if defined(__GLIBC__) && !defined(__SANITIZE_THREAD__)
bool looks_free(pthread_mutex_t& mutex) {
  const auto word = static_cast<unsigned>(std::atomic_ref(mutex.__data.__lock).load(std::memory_order_relaxed));
  return (word & FUTEX_TID_MASK) == 0;
}
#else
bool looks_free(pthread_mutex_t&) { return true; }
#endif

// pthread_mutex_trylock() for a few microseconds. It looks before it tries, and more and more rarely: a trylock that
// fails takes the lock's cache line away from the holder all the same, just when he wants to unlock.
int lock_spinning(pthread_mutex_t& mutex) {
  constexpr int kMostPauses = 16;  // 1 us
  int pauses = 1;
  for (int spent = 0; spent < kSpinsBeforeSleep; spent += pauses, pauses = std::min(2 * pauses, kMostPauses)) {
    for (int i = 0; i < pauses; ++i) spin_pause();
    if (!looks_free(mutex)) continue;
    if (const int error = pthread_mutex_trylock(&mutex); error != EBUSY) return error;
  }
  return EBUSY;
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

PreviousOwner RobustMutex::lock() {
  if (const auto previous = lock_soon()) [[likely]]
    return *previous;
  return *lock_later(std::nullopt);
}

std::optional<PreviousOwner> RobustMutex::lock_for(std::chrono::milliseconds longest) {
  if (const auto previous = lock_soon()) [[likely]]
    return previous;
  return lock_later(longest);
}

std::optional<PreviousOwner> RobustMutex::lock_later(const std::optional<std::chrono::milliseconds>& longest) {
  CRASH_POINT("robust-mutex.lock.waiting");
  const int error = lock_sleeping(mutex_, longest ? std::optional(after(monotonic_now(), *longest)) : std::nullopt);
  if (longest && (error == EBUSY || error == ETIMEDOUT)) return std::nullopt;
  return taken(error);
}

std::optional<PreviousOwner> RobustMutex::lock_soon() {
  int error = pthread_mutex_trylock(&mutex_);
  if (error == EBUSY) [[unlikely]]
    error = lock_spinning(mutex_);
  if (error == EBUSY) return std::nullopt;
  return taken(error);
}

// What locking has ended with, where that is no reason to wait.
PreviousOwner RobustMutex::taken(int error) {
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

Error lock_timeout(std::chrono::milliseconds waited) {
  return {ErrorCode::timeout, fmt::format("another process has held the lock of the dict for {} ms; see whether it is "
                                          "stopped, or raise timeout=",
                                          waited.count())};
}

void RobustMutex::unlock() {
  CRASH_POINT("robust-mutex.unlock.begun");
  pthread_mutex_unlock(&mutex_);
  CRASH_POINT("robust-mutex.unlock.done");
}

}  // namespace dictbench
