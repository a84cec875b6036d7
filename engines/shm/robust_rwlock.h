// A reader-writer lock for shared memory that recovers when a reader or a writer is killed.
//
// A "big-reader" lock (Linux's brlock; Hsieh and Weihl, "Scalable Reader-Writer Locks for Parallel
// Systems", 1992): every reader has a cache line of its own to say that it reads, so readers do not
// disturb one another; a writer looks at all of them. What is added here is death:
//
//   mutex    a RobustMutex, held by the writer (and by a reader without a slot, while it reads). Its
//            holder's death is told to the next who locks it.
//   writer   1 while a writer waits for the readers or writes. Changed by the mutex's holder only, so who
//            gets the mutex and finds 1 knows that the writer before was killed. A writer who is told so and is
//            killed in turn, or gives up, leaves the 1 to the next.
//   slots    one line a reader {active, owner}. `owner` is an owner_word: 0, claiming or ready. `active` is changed by
//            the owner (and by a writer from reading to awaited) and means something only while the owner is ready.
//
// A slot is claimed under no lock, so that nobody who comes waits for a stopped writer. Its owner word goes from 0, or
// from the word of a dead owner, to `claiming` by one compare-and-swap; then `active` is reset, for the dead may have
// left it at reading, and the word becomes `ready`. Killed before that, the claimer leaves a word that the next
// claimer takes over.
//
// Why reader and writer never are inside together (Dekker's argument): the reader stores active = 1, then
// loads writer; the writer stores writer = 1, then loads active. All four are seq_cst, so they have one
// order, and in it one of the two loads comes after the other's store: the reader sees the writer and
// steps back, or the writer sees the reader and waits. What a reader read happens before the
// writer's changes: it ends with a release exchange of active, which the writer's load acquires. What a
// writer wrote happens before the next reader's reads: it ends with a release store of writer = 0, which the
// reader's load acquires, or by unlocking the mutex that a slow reader locks.
//
// The same argument holds for each other word that a reader changes before it loads writer, and the writer loads after
// it has stored writer = 1 (all seq_cst): who is not seen there yet will see the writer.
//   - slots_used, raised to behind the slot before that is ready: no reader is inside in a slot from slots_used on.
//   - owner: whatever `active` says, no reader is inside in a slot that is nobody's or being claimed.
//   - owner once more: where it names a dead process, or did so when the writer looked, nobody is inside, whoever has
//     claimed the slot since. So the writer, who frees it by a compare-and-swap from that word, need not care whether
//     he succeeds, and never frees a slot that was just claimed. He leaves `active` to the next claimer: a store of his
//     own might come after that one's `active = 1`, and the writer after him would miss that reader.
// A writer that sleeps on a dead reader's `active` is woken by the claimer that resets it.
//
// Waiting: a reader that meets a writer spins for a few microseconds (some short changes), then
// sleeps on the mutex. A writer that meets a reader spins likewise, then sleeps on the slot's futex, woken by
// the reader, and looks for the owner's death every few milliseconds.
//
// A stopped (SIGSTOP) holder stops the others, as with any lock; lock_for() and lock_shared_for() give up. All
// processes are of one domain (Segment::open() sees to that): who cannot be judged (Liveness::unknown) counts as alive.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "engines/shm/robust_mutex.h"

namespace dictbench {

// The shared part. Constructed in place by the segment's creator, used through RwLockHandle only.
class RobustRwLock {
 public:
  static constexpr std::size_t kSlots = 128;  // readers beyond these take the mutex: right, but slower

  RobustRwLock() = default;
  RobustRwLock(const RobustRwLock&) = delete;
  RobustRwLock& operator=(const RobustRwLock&) = delete;

  // Slots that readers hold now, those of killed ones included until another claims them. Any thread, without a lock.
  std::size_t claimed_slots() const;

 private:
  friend class RwLockHandle;

  // 128 bytes: the prefetcher of x86 fetches lines in pairs.
  struct alignas(128) Slot {
    std::atomic<std::uint32_t> active = 0;  // kIdle, kReading, kAwaited; also the futex
    std::atomic<std::uint64_t> owner = 0;   // owner_word
  };

  alignas(128) RobustMutex mutex_;
  alignas(128) std::atomic<std::uint32_t> writer_ = 0;
  std::atomic<std::uint32_t> slots_used_ = 0;  // no slot from here on is ready; only grows
  std::array<Slot, kSlots> slots_;
};

// One thread's access to the lock: one a Dict. Made after the fork; a copy inherited over a fork
// must not be used, and its destructor leaves the parent's slot alone.
//
// A thread must not wait for one handle while it holds another of the same lock.
class RwLockHandle {
 public:
  enum class Readers {
    share,    // claims a slot
    exclude,  // claims none: every lock is exclusive, a plain robust mutex
  };

  // Waits for nobody. Throws Error(unavailable) when there is no file descriptor left to find out who we are.
  explicit RwLockHandle(RobustRwLock& lock, Readers readers = Readers::share);
  ~RwLockHandle();
  RwLockHandle(const RwLockHandle&) = delete;
  RwLockHandle& operator=(const RwLockHandle&) = delete;

  // Both tell once, to the first who gets the lock thereafter, that a writer was killed in mid-write. A reader that is
  // told and then killed takes the news with it: what nobody may miss is marked in the data too.
  // Error(corrupt) when the memory holds no lock. A handle that holds the lock shared may lock it shared
  // again (a get from inside a for_each), and must unlock as often; it must not lock it exclusively.
  PreviousOwner lock_shared();
  void unlock_shared();
  PreviousOwner lock();
  void unlock();

  // The same, but give up after this long, a few microseconds of spinning not counted: nothing, and nothing is held.
  std::optional<PreviousOwner> lock_shared_for(std::chrono::milliseconds longest);
  std::optional<PreviousOwner> lock_for(std::chrono::milliseconds longest);

  // False when all slots were taken by living readers or Readers::exclude was asked for.
  bool has_slot() const noexcept { return slot_ != nullptr; }

 private:
  using Longest = std::optional<std::chrono::milliseconds>;
  class Patience;

  void claim_slot();
  bool try_enter();
  void leave_slot();
  std::optional<PreviousOwner> enter_shared(const Longest& longest);
  std::optional<PreviousOwner> enter_shared_slowly(Patience patience);
  std::optional<PreviousOwner> enter(Patience patience);
  bool lock_mutex(Patience& patience);
  std::optional<PreviousOwner> take_mutex(Patience& patience);
  bool wait_for_reader(RobustRwLock::Slot& slot, Patience& patience);
  bool wait_for_readers(Patience& patience);

  RobustRwLock& lock_;
  RobustRwLock::Slot* slot_ = nullptr;
  pid_t owner_;
  unsigned depth_ = 0;       // nested shared locks
  bool mutex_held_ = false;  // reading by the mutex, for want of a slot
};

// For a scope. With a time, they throw lock_timeout() after it.
class SharedGuard {
 public:
  explicit SharedGuard(RwLockHandle& handle) : handle_(handle), previous_(handle.lock_shared()) {}
  SharedGuard(RwLockHandle& handle, std::chrono::milliseconds longest);
  ~SharedGuard() { handle_.unlock_shared(); }
  SharedGuard(const SharedGuard&) = delete;
  SharedGuard& operator=(const SharedGuard&) = delete;

  PreviousOwner previous() const noexcept { return previous_; }

 private:
  RwLockHandle& handle_;
  PreviousOwner previous_;
};

class ExclusiveGuard {
 public:
  explicit ExclusiveGuard(RwLockHandle& handle) : handle_(handle), previous_(handle.lock()) {}
  ExclusiveGuard(RwLockHandle& handle, std::chrono::milliseconds longest);
  ~ExclusiveGuard() { handle_.unlock(); }
  ExclusiveGuard(const ExclusiveGuard&) = delete;
  ExclusiveGuard& operator=(const ExclusiveGuard&) = delete;

  PreviousOwner previous() const noexcept { return previous_; }

 private:
  RwLockHandle& handle_;
  PreviousOwner previous_;
};

}  // namespace dictbench
