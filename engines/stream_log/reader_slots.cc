#include "engines/stream_log/reader_slots.h"

#include <algorithm>

#include "engines/shm/crash_point.h"
#include "engines/shm/owner_word.h"
#include "engines/shm/process_identity.h"

namespace dictbench::stream_log {
namespace {

using owner_word::kNobody;

constexpr std::uint8_t kReader = 1;  // the one state of an owner's word

bool is_dead(std::uint64_t owner) { return owner_word::liveness(owner) == Liveness::dead; }

}  // namespace

// False where somebody else was quicker. Killed after raising `used_`: a slot below it is free.
bool ReaderSlots::claim(std::uint32_t number, std::uint64_t from, std::uint64_t to) {
  std::uint32_t used = used_.load(std::memory_order_seq_cst);
  while (used <= number && !used_.compare_exchange_weak(used, number + 1, std::memory_order_seq_cst)) {
  }
  CRASH_POINT("stream-log.claim.counted");
  Slot& slot = slots_[number];
  if (!slot.owner.compare_exchange_strong(from, to, std::memory_order_seq_cst)) return false;
  CRASH_POINT("stream-log.claim.claimed");
  slot.pin.store(0, std::memory_order_seq_cst);  // a dead owner's
  CRASH_POINT("stream-log.claim.cleared");
  return true;
}

Slot* ReaderSlots::claim() {
  const std::uint64_t own = owner_word::make(ProcessIdentity::self(), kReader);
  const std::uint32_t used = used_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i)
    if (slots_[i].owner.load(std::memory_order_acquire) == kNobody && claim(i, kNobody, own)) return &slots_[i];
  // Dead owners' slots before those that were never used: what killed processes had does not pile up.
  std::uint64_t living = own;  // the dicts of one process often lie side by side
  for (std::uint32_t i = 0; i < kSlots; ++i) {
    const std::uint64_t owner = slots_[i].owner.load(std::memory_order_acquire);
    if (owner == living) continue;
    if (owner != kNobody && !is_dead(owner)) {
      living = owner;
      continue;
    }
    if (claim(i, owner, own)) return &slots_[i];
  }
  return nullptr;
}

void ReaderSlots::give_back(Slot& slot) {
  CRASH_POINT("stream-log.detach.begun");
  slot.pin.store(0, std::memory_order_relaxed);
  slot.owner.store(kNobody, std::memory_order_release);
  CRASH_POINT("stream-log.detach.done");
}

// The pin is read before the owner: one that was stored by who has claimed a dead owner's slot meanwhile comes with its
// owner's word. A dead owner's slot is freed from the very word that was judged, so never one that has a new owner; its
// pin is left to whoever claims it, whose pin this could be already.
bool ReaderSlots::pinned(std::uint64_t generation) {
  bool living = false;
  const std::uint32_t used = used_.load(std::memory_order_seq_cst);
  for (std::uint32_t i = 0; i < used; ++i) {
    Slot& slot = slots_[i];
    if (slot.pin.load(std::memory_order_seq_cst) != generation) continue;
    std::uint64_t owner = slot.owner.load(std::memory_order_seq_cst);
    if (owner == kNobody) continue;
    if (!is_dead(owner)) {
      living = true;
    } else if (slot.owner.compare_exchange_strong(owner, kNobody, std::memory_order_seq_cst)) {
      CRASH_POINT("stream-log.restart.reader_forgotten");
    }
  }
  return living;
}

void ReaderSlots::revoke(std::uint64_t generation) {
  const std::uint32_t used = used_.load(std::memory_order_seq_cst);
  for (std::uint32_t i = 0; i < used; ++i) {
    std::uint64_t expected = generation;
    slots_[i].pin.compare_exchange_strong(expected, kRevoked, std::memory_order_seq_cst);
  }
}

std::size_t ReaderSlots::claimed() const {
  const auto used = slots_.begin() + used_.load(std::memory_order_acquire);
  return static_cast<std::size_t>(std::count_if(
      slots_.begin(), used, [](const Slot& slot) { return slot.owner.load(std::memory_order_relaxed) != kNobody; }));
}

Pin::~Pin() {
  if (slot_ != nullptr && generation_ != 0) slot_->pin.store(0, std::memory_order_release);
}

void Pin::set(std::uint64_t generation) noexcept {
  generation_ = generation;
  if (slot_ != nullptr) slot_->pin.store(generation, std::memory_order_seq_cst);
}

bool Pin::move(std::uint64_t generation) noexcept {
  if (slot_ == nullptr) return true;
  std::uint64_t expected = generation_;
  const bool held = slot_->pin.compare_exchange_strong(expected, generation, std::memory_order_seq_cst);
  if (!held) slot_->pin.store(generation, std::memory_order_seq_cst);
  generation_ = generation;
  return held;
}

bool Pin::holds() const noexcept {
  return slot_ == nullptr || slot_->pin.load(std::memory_order_seq_cst) == generation_;
}

}  // namespace dictbench::stream_log
