// Whose turn it is to write to an LMDB environment, decided before LMDB's own lock is asked.
//
// LMDB's write lock is a robust mutex on which waiting processes sleep without a limit, and a killed one among them
// can cost the others their wake-up (engines/shm/robust_mutex.cc): they sleep for ever on a lock that is free. With
// a mutex of ours in front, whose waiters look up now and then, nobody ever waits for LMDB's.
//
// The mutex lies in a small file beside LMDB's. Made once by the engine, opened by each dict; used by one thread.
#pragma once

#include <string>

#include "engines/shm/robust_mutex.h"

namespace dictbench {

class LmdbWriteTurn {
 public:
  // Both throw Error(unavailable, full), the second also `corrupt`: the file is cut or another's.
  static void create(const std::string& folder);
  explicit LmdbWriteTurn(const std::string& folder);
  ~LmdbWriteTurn();
  LmdbWriteTurn(const LmdbWriteTurn&) = delete;
  LmdbWriteTurn& operator=(const LmdbWriteTurn&) = delete;

  // Held for a scope, around a write transaction. What a dead owner left half done is LMDB's to mend.
  RobustMutex& mutex() const noexcept { return *mutex_; }

 private:
  RobustMutex* mutex_;
  void* mapping_;
};

}  // namespace dictbench
