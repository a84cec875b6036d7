#include "engines/stream_log/reader_slots.h"

#include <algorithm>

#include "engines/shm/crash_point.h"

namespace dictbench::stream_log {
namespace {

constexpr std::uint64_t kRevoked = UINT64_MAX;

}  // namespace

Slot* ReaderSlots::claim() {
  const std::uint32_t used = used_.load(std::memory_order_relaxed);
  std::uint32_t i = 0;
  for (; i < used; ++i)
    if (slots_[i].claimed.load(std::memory_order_acquire) == 0 || liveness(slots_[i].owner) == Liveness::dead) break;
  if (i == kSlots) return nullptr;
  Slot& slot = slots_[i];
  // In this order, so that being killed in between leaves a slot that is free.
  slot.claimed.store(0, std::memory_order_relaxed);
  CRASH_POINT("stream-log.claim.cleared");
  slot.pin.store(0, std::memory_order_relaxed);
  slot.owner = ProcessIdentity::self();
  CRASH_POINT("stream-log.claim.named");
  slot.claimed.store(1, std::memory_order_release);
  CRASH_POINT("stream-log.claim.claimed");
  if (i == used) used_.store(used + 1, std::memory_order_release);
  CRASH_POINT("stream-log.claim.counted");
  return &slot;
}

void ReaderSlots::give_back(Slot& slot) {
  CRASH_POINT("stream-log.detach.begun");
  slot.pin.store(0, std::memory_order_relaxed);
  slot.claimed.store(0, std::memory_order_release);
  CRASH_POINT("stream-log.detach.done");
}

bool ReaderSlots::pinned(std::uint64_t generation) {
  bool living = false;
  const std::uint32_t used = used_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i) {
    Slot& slot = slots_[i];
    if (slot.pin.load(std::memory_order_seq_cst) != generation) continue;
    if (slot.claimed.load(std::memory_order_acquire) != 0 && liveness(slot.owner) != Liveness::dead) {
      living = true;
      continue;
    }
    slot.pin.store(0, std::memory_order_relaxed);
    CRASH_POINT("stream-log.restart.reader_forgotten");
    slot.claimed.store(0, std::memory_order_relaxed);
  }
  return living;
}

void ReaderSlots::revoke(std::uint64_t generation) {
  const std::uint32_t used = used_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < used; ++i) {
    std::uint64_t expected = generation;
    slots_[i].pin.compare_exchange_strong(expected, kRevoked, std::memory_order_seq_cst);
  }
}

std::size_t ReaderSlots::claimed() const {
  const auto used = slots_.begin() + used_.load(std::memory_order_acquire);
  return static_cast<std::size_t>(std::count_if(
      slots_.begin(), used, [](const Slot& slot) { return slot.claimed.load(std::memory_order_relaxed) != 0; }));
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
