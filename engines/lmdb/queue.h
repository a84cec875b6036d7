// Where processes queue for LMDB's own locks.
//
// LMDB's locks are glibc's robust mutexes, and those can lose a wake-up: unlock wakes one waiter; when that one is
// killed before it runs and meanwhile another has taken the mutex, who knows of no waiters and will wake none, then the
// other sleepers sleep on while work goes on around them. LMDB cannot be told to look again, so nobody waits there:
// whoever is about to take one of its locks takes ours first (engines/shm/robust_mutex.h, which looks again).
//
//   write    held over a write transaction
//   readers  held while a reader slot is claimed, or slots of the dead are freed; never waits for `write`
//
// Both lie in a file of their own beside LMDB's, mapped by every process. A holder's death needs no repair here: LMDB
// finds out by its own locks. Any thread of the process that mapped it.
#pragma once

#include <string>

#include "engines/shm/robust_mutex.h"

namespace dictbench {

class LmdbQueue {
 public:
  // By whoever makes the environment in `folder`. Throws Error(full, unavailable).
  static void make(const std::string& folder);

  // Throws Error: `unavailable` where there is none, `corrupt` where it is none of ours.
  explicit LmdbQueue(const std::string& folder);
  ~LmdbQueue();
  LmdbQueue(const LmdbQueue&) = delete;
  LmdbQueue& operator=(const LmdbQueue&) = delete;

  RobustMutex& write() const noexcept;
  RobustMutex& readers() const noexcept;

 private:
  struct Shared;
  Shared* shared_;
};

}  // namespace dictbench
