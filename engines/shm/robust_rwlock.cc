#include "engines/shm/robust_rwlock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "engines/shm/crash_point.h"
#include "engines/shm/owner_word.h"
#include "engines/shm/spin.h"

namespace dictbench {
namespace {

// Slot::active.
constexpr std::uint32_t kIdle = 0;
constexpr std::uint32_t kReading = 1;
constexpr std::uint32_t kAwaited = 2;  // reading, and a writer sleeps on it

// The state of Slot::owner.
constexpr std::uint8_t kClaiming = 1;
constexpr std::uint8_t kReady = 2;

bool same_process(std::uint64_t a, std::uint64_t b) {
  return a >> owner_word::kStateBits == b >> owner_word::kStateBits;
}

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

PreviousOwner in_time(std::optional<PreviousOwner> previous, std::chrono::milliseconds longest) {
  if (!previous) throw lock_timeout(longest);
  return *previous;
}

static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(std::atomic<std::uint32_t>) == 4,
              "a futex is a plain 32-bit word");

}  // namespace

// How long a wait may last, whatever it is for. It counts from the first question on, so that who need not wait does
// not ask the clock.
class RwLockHandle::Patience {
 public:
  explicit Patience(const Longest& longest) : longest_(longest) {}

  bool endless() const { return !longest_; }
  std::chrono::nanoseconds left() {
    const auto now = std::chrono::steady_clock::now();
    if (!end_) end_ = now + *longest_;
    return std::max<std::chrono::nanoseconds>(*end_ - now, std::chrono::nanoseconds::zero());
  }

 private:
  Longest longest_;
  std::optional<std::chrono::steady_clock::time_point> end_;
};

RwLockHandle::RwLockHandle(RobustRwLock& lock, Readers readers) : lock_(lock), owner_(getpid()) {
  if (readers == Readers::share) claim_slot();
}

RwLockHandle::~RwLockHandle() {
  if (slot_ == nullptr || owner_ != getpid()) return;
  CRASH_POINT("rwlock.free.begun");
  slot_->owner.store(owner_word::kNobody, std::memory_order_release);
  CRASH_POINT("rwlock.free.done");
}

// Low slots first, so that writers have few to look at: one that was given back, then one of a dead process, then one
// that nobody has had yet. It asks the kernel about each living process that has one (5 us each), but under no lock.
void RwLockHandle::claim_slot() {
  const ProcessIdentity self = ProcessIdentity::self();
  const std::uint64_t claiming = owner_word::make(self, kClaiming);
  const auto claim = [&](std::uint32_t i, std::uint64_t from) {
    return lock_.slots_[i].owner.compare_exchange_strong(from, claiming, std::memory_order_seq_cst);
  };
  const auto owner_of = [&](std::uint32_t i) { return lock_.slots_[i].owner.load(std::memory_order_acquire); };
  const auto ownerless = [&](std::uint64_t owner) {
    return owner == owner_word::kNobody ||
           (!same_process(owner, claiming) && owner_word::liveness(owner) == Liveness::dead);
  };
  const std::uint32_t used = lock_.slots_used_.load(std::memory_order_acquire);
  std::uint32_t i = 0;
  while (i < used && !(owner_of(i) == owner_word::kNobody && claim(i, owner_word::kNobody))) ++i;
  if (i == used)
    for (i = 0; i < RobustRwLock::kSlots; ++i)
      if (const std::uint64_t owner = owner_of(i); ownerless(owner) && claim(i, owner)) break;
  if (i == RobustRwLock::kSlots) return;
  CRASH_POINT("rwlock.claim.taken");
  RobustRwLock::Slot& slot = lock_.slots_[i];
  if (slot.active.exchange(kIdle, std::memory_order_seq_cst) == kAwaited) futex_wake(slot.active);
  CRASH_POINT("rwlock.claim.idle");
  std::uint32_t counted = lock_.slots_used_.load(std::memory_order_seq_cst);
  while (counted <= i && !lock_.slots_used_.compare_exchange_weak(counted, i + 1, std::memory_order_seq_cst)) {
  }
  CRASH_POINT("rwlock.claim.counted");
  slot.owner.store(owner_word::make(self, kReady), std::memory_order_seq_cst);
  CRASH_POINT("rwlock.claim.claimed");
  slot_ = &slot;
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

PreviousOwner RwLockHandle::lock_shared() { return *enter_shared(std::nullopt); }

std::optional<PreviousOwner> RwLockHandle::lock_shared_for(std::chrono::milliseconds longest) {
  return enter_shared(longest);
}

std::optional<PreviousOwner> RwLockHandle::enter_shared(const Longest& longest) {
  std::optional<PreviousOwner> previous = PreviousOwner::unlocked;
  if (depth_ == 0 && !(slot_ != nullptr && try_enter())) [[unlikely]]
    previous = enter_shared_slowly(Patience(longest));
  if (previous) ++depth_;
  return previous;
}

std::optional<PreviousOwner> RwLockHandle::enter_shared_slowly(Patience patience) {
  if (slot_ == nullptr) {
    const auto previous = take_mutex(patience);
    mutex_held_ = previous.has_value();
    CRASH_POINT("rwlock.lock_shared.without_slot");
    return previous;
  }
  for (int spin = 0; spin < kSpinsBeforeSleep; ++spin) {
    spin_pause();
    if (lock_.writer_.load(std::memory_order_relaxed) == 0 && try_enter()) return PreviousOwner::unlocked;
  }
  const auto previous = take_mutex(patience);
  if (!previous) return std::nullopt;
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

// The mutex's own news, that its holder was killed, say nothing more than `writer` does.
bool RwLockHandle::lock_mutex(Patience& patience) {
  if (lock_.mutex_.lock_soon()) return true;
  Longest left;
  if (!patience.endless()) left = std::chrono::ceil<std::chrono::milliseconds>(patience.left());
  return lock_.mutex_.lock_later(left).has_value();
}

std::optional<PreviousOwner> RwLockHandle::take_mutex(Patience& patience) {
  if (!lock_mutex(patience)) return std::nullopt;
  if (lock_.writer_.load(std::memory_order_relaxed) == 0) return PreviousOwner::unlocked;
  CRASH_POINT("rwlock.lock_shared.writer_died");
  lock_.writer_.store(0, std::memory_order_release);
  return PreviousOwner::died;
}

PreviousOwner RwLockHandle::lock() { return *enter(Patience(std::nullopt)); }

std::optional<PreviousOwner> RwLockHandle::lock_for(std::chrono::milliseconds longest) {
  return enter(Patience(longest));
}

std::optional<PreviousOwner> RwLockHandle::enter(Patience patience) {
  if (!lock_mutex(patience)) return std::nullopt;
  CRASH_POINT("rwlock.lock.mutex_taken");
  // A dead writer's 1 becomes ours without a gap: killed before it could act on `died`, this writer passes the news on.
  const PreviousOwner previous =
      lock_.writer_.exchange(1, std::memory_order_seq_cst) == 0 ? PreviousOwner::unlocked : PreviousOwner::died;
  CRASH_POINT("rwlock.lock.announced");
  if (!wait_for_readers(patience)) {
    // A dead writer's 1 stays, for our caller does not hear of it: the next one does, who comes for the mutex.
    if (previous == PreviousOwner::unlocked) lock_.writer_.store(0, std::memory_order_release);
    CRASH_POINT("rwlock.lock.given_up");
    lock_.mutex_.unlock();
    return std::nullopt;
  }
  CRASH_POINT("rwlock.lock.done");
  return previous;
}

bool RwLockHandle::wait_for_readers(Patience& patience) {
  const std::uint32_t used = lock_.slots_used_.load(std::memory_order_seq_cst);
  for (std::uint32_t i = 0; i < used; ++i)
    if (!wait_for_reader(lock_.slots_[i], patience)) return false;
  return true;
}

// True when nobody is inside by this slot, nor will be before our unlock(); false when patience ends first.
bool RwLockHandle::wait_for_reader(RobustRwLock::Slot& slot, Patience& patience) {
  long sleep_ns = kFirstSleepNs;
  for (int spin = 0; slot.active.load(std::memory_order_seq_cst) != kIdle; ++spin) {
    std::uint64_t owner = slot.owner.load(std::memory_order_seq_cst);
    if (owner_word::state(owner) != kReady) return true;
    if (spin < kSpinsBeforeSleep) {
      spin_pause();
      continue;
    }
    long longest_ns = sleep_ns;
    if (!patience.endless()) {
      const long left_ns = patience.left().count();
      if (left_ns == 0) return false;
      longest_ns = std::min(longest_ns, left_ns);
    }
    std::uint32_t reading = kReading;
    slot.active.compare_exchange_strong(reading, kAwaited, std::memory_order_seq_cst);
    CRASH_POINT("rwlock.lock.awaiting");
    futex_wait(slot.active, kAwaited, longest_ns);
    sleep_ns = std::min(2 * sleep_ns, kLongestSleepNs);
    if (slot.active.load(std::memory_order_seq_cst) != kIdle && owner_word::liveness(owner) == Liveness::dead) {
      slot.owner.compare_exchange_strong(owner, owner_word::kNobody, std::memory_order_seq_cst);
      CRASH_POINT("rwlock.lock.reader_forgotten");
      return true;
    }
  }
  return true;
}

void RwLockHandle::unlock() {
  CRASH_POINT("rwlock.unlock.begun");
  lock_.writer_.store(0, std::memory_order_release);
  CRASH_POINT("rwlock.unlock.announced");
  lock_.mutex_.unlock();
}

std::size_t RobustRwLock::claimed_slots() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      slots_, [](const Slot& slot) { return slot.owner.load(std::memory_order_relaxed) != owner_word::kNobody; }));
}

SharedGuard::SharedGuard(RwLockHandle& handle, std::chrono::milliseconds longest)
    : handle_(handle), previous_(in_time(handle.lock_shared_for(longest), longest)) {}

ExclusiveGuard::ExclusiveGuard(RwLockHandle& handle, std::chrono::milliseconds longest)
    : handle_(handle), previous_(in_time(handle.lock_for(longest), longest)) {}

}  // namespace dictbench
