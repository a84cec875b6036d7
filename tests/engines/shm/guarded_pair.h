// Data under a RobustRwLock that shows whether the lock excluded, and work on it.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "engines/shm/robust_rwlock.h"

namespace dictbench {

// What the lock protects: `first` and `second` are equal except while a writer is at work.
struct GuardedPair {
  RobustRwLock lock;
  std::atomic<bool> in_change = false;
  std::uint64_t first = 0, second = 0;
  std::atomic<std::uint64_t> torn = 0;  // a reader or writer saw them differ
  std::atomic<std::uint64_t> told = 0;  // a death was told
  std::atomic<std::uint64_t> reads = 0, writes = 0;
  std::atomic<unsigned> holding = 0;
  std::atomic<bool> stop = false;
};

inline void read_once(GuardedPair& shared, RwLockHandle& handle) {
  const SharedGuard guard(handle);
  if (guard.previous() == PreviousOwner::died) ++shared.told;
  if (!shared.in_change && shared.first != shared.second) ++shared.torn;
  ++shared.reads;
}

inline void write_once(GuardedPair& shared, RwLockHandle& handle) {
  const ExclusiveGuard guard(handle);
  if (guard.previous() == PreviousOwner::died) ++shared.told;
  if (shared.in_change) shared.second = shared.first;  // a killed writer's change is completed
  if (shared.first != shared.second) ++shared.torn;
  shared.in_change = true;
  ++shared.first;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // two stores, between which a kill may come
  ++shared.second;
  shared.in_change = false;
  ++shared.writes;
}

// Three operations in four are reads.
inline void work(GuardedPair& shared, unsigned rounds, RwLockHandle::Readers readers) {
  RwLockHandle handle(shared.lock, readers);
  for (unsigned i = 0; i < rounds && !shared.stop; ++i)
    i % 4 == 0 ? write_once(shared, handle) : read_once(shared, handle);
}

[[noreturn]] inline void hold_forever(GuardedPair& shared) {
  ++shared.holding;
  while (true) pause();
}

}  // namespace dictbench
