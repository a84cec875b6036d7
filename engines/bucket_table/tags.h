// Tags and overflow counts in the words of a Group. Pure functions of the words.
//
// Slots 0 to 7 are the bytes of `low`, 8 to 13 those of `high` below its upper 16 bits.
#pragma once

#include <bit>
#include <cstdint>

#include "engines/bucket_table/layout.h"

namespace dictbench::bucket_table {

inline constexpr std::uint64_t kEachByte = 0x0101010101010101;
inline constexpr std::uint64_t kHighTags = 0x0000808080808080;  // the upper bit of each tag in `high`
inline constexpr unsigned kOverflowShift = 48;
inline constexpr std::uint64_t kOneOverflow = std::uint64_t{1} << kOverflowShift;

// The upper bit of each byte that is zero; exact, no borrow goes from byte to byte.
inline std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  constexpr std::uint64_t kLower = 0x7f7f7f7f7f7f7f7f;
  return ~(((word & kLower) + kLower) | word | kLower);
}

struct GroupWords {
  std::uint64_t low, high;

  static GroupWords load(const Group& group) noexcept {
    // `high` last: its overflow count must not be older than the tags.
    const std::uint64_t low = group.low.load(std::memory_order_acquire);
    return {low, group.high.load(std::memory_order_acquire)};
  }

  std::uint64_t overflow() const noexcept { return high >> kOverflowShift; }
  std::uint64_t tag(unsigned slot) const noexcept {
    return (slot < 8 ? low >> (8 * slot) : high >> (8 * (slot - 8))) & 0xff;
  }
};

// The slots whose tags equal `tag`, one after another.
class Matches {
 public:
  Matches(const GroupWords& words, std::uint64_t tag) noexcept
      : low_(zero_bytes(words.low ^ tag * kEachByte)), high_(zero_bytes(words.high ^ tag * kEachByte) & kHighTags) {}

  bool any() const noexcept { return (low_ | high_) != 0; }
  unsigned next() noexcept {
    if (low_ != 0) {
      const auto slot = static_cast<unsigned>(std::countr_zero(low_)) / 8;
      low_ &= low_ - 1;
      return slot;
    }
    const auto slot = 8 + static_cast<unsigned>(std::countr_zero(high_)) / 8;
    high_ &= high_ - 1;
    return slot;
  }
  unsigned count() const noexcept { return static_cast<unsigned>(std::popcount(low_) + std::popcount(high_)); }

 private:
  std::uint64_t low_, high_;
};

// With the stripe's lock held: one store each, so that a reader sees all of it or nothing.
inline void set_tag(Group& group, unsigned slot, std::uint64_t tag) noexcept {
  std::atomic<std::uint64_t>& word = slot < 8 ? group.low : group.high;
  const unsigned shift = 8 * (slot < 8 ? slot : slot - 8);
  const std::uint64_t others = word.load(std::memory_order_relaxed) & ~(std::uint64_t{0xff} << shift);
  word.store(others | tag << shift, std::memory_order_release);
}

inline void set_overflow(Group& group, std::uint64_t count) noexcept {
  const std::uint64_t tags = group.high.load(std::memory_order_relaxed) & (kOneOverflow - 1);
  group.high.store(tags | count << kOverflowShift, std::memory_order_release);
}

inline std::uint64_t overflow_of(const Group& group) noexcept {
  return group.high.load(std::memory_order_relaxed) >> kOverflowShift;
}

}  // namespace dictbench::bucket_table
