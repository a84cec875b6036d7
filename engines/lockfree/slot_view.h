// How an operation looks at a slot, and at the item that the slot names, while others change both.
//
// Sight: which table it looks at, and what keeps that table's memory from being used again meanwhile. A writer's table
// is held by its hazard. A reader's is held by nothing; the reader counts the retirements since it began, and a table's
// memory is used again only after kGrace of them (retire.cc).
//
// SlotView: the slot's word as it was first seen. What was read of its block is the item's if unchanged() says so
// afterwards. There are three ways in which it can have become something else:
//  - the slot got another word. A word never comes back (words.h), so comparing it tells;
//  - the table was frozen and replaced, and the key was changed in the new one. The old slot says what it said for
//    ever, so the directory is asked too;
//  - the table's memory has become something else, maybe a table of the same partition at the same place, so that even
//    the directory says what it said. The retirements are counted last for that, behind all other loads.
//
// Used by one operation, on one thread.
#pragma once

#include <cstdint>

#include "engines/lockfree/atomic.h"
#include "engines/lockfree/words.h"

namespace dictbench::lockfree {

// Retirements after which a table's memory is used again. A reader whose operation has seen so many starts anew.
#ifdef DICTBENCH_LOCKFREE_GRACE  // a test forces reuse
inline constexpr std::uint64_t kGrace = DICTBENCH_LOCKFREE_GRACE;
#else
inline constexpr std::uint64_t kGrace = 16;
#endif

class Sight {
 public:
  // A reader's. `epoch` is the clock as it stood before `word` was read from the directory's entry.
  Sight(const Atomic<std::uint64_t>& entry, std::uint64_t word, const Atomic<std::uint64_t>& clock, std::uint64_t epoch)
      : entry_(entry), word_(word), clock_(&clock), epoch_(epoch) {}
  // A writer's, whose hazard names `word`.
  Sight(const Atomic<std::uint64_t>& entry, std::uint64_t word) : entry_(entry), word_(word) {}

  std::uint64_t word() const noexcept { return word_; }

  // Is the table the one that the directory names?
  bool is_current() const noexcept { return entry_.load(std::memory_order_acquire) == word_; }

  // Is all that was read of the table's memory until now the table's? The fence keeps those loads before this one.
  bool in_grace() const noexcept {
    if (clock_ == nullptr) return true;
    acquire_fence();
    return clock_->load(std::memory_order_relaxed) - epoch_ < kGrace;
  }

 private:
  const Atomic<std::uint64_t>& entry_;
  std::uint64_t word_;
  const Atomic<std::uint64_t>* clock_ = nullptr;
  std::uint64_t epoch_ = 0;
};

class SlotView {
 public:
  SlotView(const Sight& sight, const Atomic<std::uint64_t>& slot)
      : SlotView(sight, slot, slot.load(std::memory_order_acquire)) {}
  // As it was seen before.
  SlotView(const Sight& sight, const Atomic<std::uint64_t>& slot, std::uint64_t seen)
      : sight_(sight), slot_(slot), seen_(seen) {}

  std::uint64_t word() const noexcept { return seen_; }
  Block block() const noexcept { return slot::block(seen_); }

  bool unchanged() const noexcept {
    acquire_fence();
    const std::uint64_t now = slot_.load(std::memory_order_acquire);
    if (((now ^ seen_) & ~slot::kFrozen) != 0) return false;
    if (slot::is_frozen(now) && !sight_.is_current()) return false;
    return sight_.in_grace();
  }

 private:
  const Sight& sight_;
  const Atomic<std::uint64_t>& slot_;
  std::uint64_t seen_;
};

}  // namespace dictbench::lockfree
