#include "engines/shm/robust_rwlock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "engines/shm/crash_point.h"
#include "engines/shm/spin.h"

namespace dictbench {
namespace {

// Slot::active.
constexpr std::uint32_t kIdle = 0;
constexpr std::uint32_t kReading = 1;
constexpr std::uint32_t kAwaited = 2;  // reading, and a writer sleeps on it

// The first sleep is short because a killed reader is found out at its end; a futex wake ends it
// sooner where the reader lives.
constexpr long kFirstSleepNs = 1'000'000;
constexpr long kLongestSleepNs = 64'000'000;

// Not std::atomic::wait: that one uses futexes private to the process.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, long nanoseconds) {
  const timespec limit{0, nanoseconds};
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT, expected, &limit, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) {
  syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(std::atomic<std::uint32_t>) == 4,
              "a futex is a plain 32-bit word");

}  // namespace

RwLockHandle::RwLockHandle(RobustRwLock& lock, Readers readers) : lock_(lock), owner_(getpid()) {
  if (readers == Readers::share) claim_slot();
}

RwLockHandle::~RwLockHandle() {
  if (slot_ == nullptr || owner_ != getpid()) return;
  CRASH_POINT("rwlock.free.begun");
  slot_->claimed.store(0, std::memory_order_release);
  CRASH_POINT("rwlock.free.done");
}

void RwLockHandle::claim_slot() {
  // The mutex is locked without take_mutex(): that a writer died stays to be told to who locks next.
  const RobustMutexGuard guard(lock_.mutex_);
  const std::uint32_t used = lock_.slots_used_.load(std::memory_order_relaxed);
  std::uint32_t i = 0;
  for (; i < used; ++i) {
    const RobustRwLock::Slot& slot = lock_.slots_[i];
    if (slot.claimed.load(std::memory_order_acquire) == 0 || liveness(slot.owner) == Liveness::dead) break;
  }
  if (i == RobustRwLock::kSlots) return;
  slot_ = &lock_.slots_[i];
  // In this order, so that being killed in between leaves a slot that is free.
  slot_->claimed.store(0, std::memory_order_relaxed);
  CRASH_POINT("rwlock.claim.cleared");
  slot_->active.store(kIdle, std::memory_order_relaxed);
  slot_->owner = ProcessIdentity::self();
  CRASH_POINT("rwlock.claim.named");
  slot_->claimed.store(1, std::memory_order_release);
  CRASH_POINT("rwlock.claim.claimed");
  if (i == used) lock_.slots_used_.store(used + 1, std::memory_order_release);
  CRASH_POINT("rwlock.claim.counted");
}

bool RwLockHandle::try_enter() {
  slot_->active.store(kReading, std::memory_order_seq_cst);
  CRASH_POINT("rwlock.lock_shared.announced");
  if (lock_.writer_.load(std::memory_order_seq_cst) == 0) [[likely]]
    return true;
  leave_slot();
  return false;
}

void RwLockHandle::leave_slot() {
  CRASH_POINT("rwlock.leave.begun");
  // One exchange, so that a writer's step from kReading to kAwaited is never overlooked.
  if (slot_->active.exchange(kIdle, std::memory_order_release) == kAwaited) [[unlikely]] {
    CRASH_POINT("rwlock.leave.before_wake");
    futex_wake(slot_->active);
  }
  CRASH_POINT("rwlock.leave.done");
}

PreviousOwner RwLockHandle::lock_shared() {
  if (depth_++ > 0) return PreviousOwner::unlocked;
  if (slot_ != nullptr && try_enter()) [[likely]]
    return PreviousOwner::unlocked;
  try {
    return lock_shared_slowly();
  } catch (...) {
    --depth_;
    throw;
  }
}

PreviousOwner RwLockHandle::lock_shared_slowly() {
  if (slot_ == nullptr) {
    const PreviousOwner previous = take_mutex();
    mutex_held_ = true;
    CRASH_POINT("rwlock.lock_shared.without_slot");
    return previous;
  }
  for (int spin = 0; spin < kSpinsBeforeSleep; ++spin) {
    spin_pause();
    if (lock_.writer_.load(std::memory_order_relaxed) == 0 && try_enter()) return PreviousOwner::unlocked;
  }
  const PreviousOwner previous = take_mutex();
  CRASH_POINT("rwlock.lock_shared.mutex_taken");
  // Nobody can become a writer while the mutex is ours, so active need not be checked against writer.
  slot_->active.store(kReading, std::memory_order_seq_cst);
  CRASH_POINT("rwlock.lock_shared.entered_slowly");
  lock_.mutex_.unlock();
  return previous;
}

void RwLockHandle::unlock_shared() {
  if (--depth_ > 0) return;
  if (mutex_held_) {
    mutex_held_ = false;
    lock_.mutex_.unlock();
  } else {
    leave_slot();
  }
}

PreviousOwner RwLockHandle::take_mutex() {
  lock_.mutex_.lock();
  if (lock_.writer_.load(std::memory_order_relaxed) == 0) return PreviousOwner::unlocked;
  CRASH_POINT("rwlock.lock_shared.writer_died");
  lock_.writer_.store(0, std::memory_order_release);
  return PreviousOwner::died;
}

PreviousOwner RwLockHandle::lock() {
  lock_.mutex_.lock();
  CRASH_POINT("rwlock.lock.mutex_taken");
  // A dead writer's 1 becomes ours without a gap: killed before it could act on `died`, this writer passes the news on.
  const PreviousOwner previous =
      lock_.writer_.exchange(1, std::memory_order_seq_cst) == 0 ? PreviousOwner::unlocked : PreviousOwner::died;
  CRASH_POINT("rwlock.lock.announced");
  wait_for_readers();
  CRASH_POINT("rwlock.lock.done");
  return previous;
}

void RwLockHandle::wait_for_readers() {
  const std::uint32_t used = lock_.slots_used_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i) {
    RobustRwLock::Slot& slot = lock_.slots_[i];
    long sleep_ns = kFirstSleepNs;
    for (int spin = 0; slot.active.load(std::memory_order_seq_cst) != kIdle; ++spin) {
      if (spin < kSpinsBeforeSleep) {
        spin_pause();
        continue;
      }
      std::uint32_t reading = kReading;
      slot.active.compare_exchange_strong(reading, kAwaited, std::memory_order_seq_cst);
      CRASH_POINT("rwlock.lock.awaiting");
      futex_wait(slot.active, kAwaited, sleep_ns);
      sleep_ns = std::min(2 * sleep_ns, kLongestSleepNs);
      if (slot.active.load(std::memory_order_seq_cst) != kIdle && liveness(slot.owner) == Liveness::dead) {
        slot.active.store(kIdle, std::memory_order_relaxed);
        CRASH_POINT("rwlock.lock.reader_forgotten");
        slot.claimed.store(0, std::memory_order_relaxed);
      }
    }
  }
}

void RwLockHandle::unlock() {
  CRASH_POINT("rwlock.unlock.begun");
  lock_.writer_.store(0, std::memory_order_release);
  CRASH_POINT("rwlock.unlock.announced");
  lock_.mutex_.unlock();
}

std::size_t RobustRwLock::claimed_slots() const {
  const auto used = slots_.begin() + slots_used_.load(std::memory_order_acquire);
  return static_cast<std::size_t>(std::count_if(
      slots_.begin(), used, [](const Slot& slot) { return slot.claimed.load(std::memory_order_relaxed) != 0; }));
}

}  // namespace dictbench
