// The table of one partition: buckets of one cache line, seven slots and a control word each, and a few overflow
// buckets behind them. It never grows; a larger one takes its place (rebuild.cc).
//
// A key's home bucket follows from its hash; when that is full, one overflow bucket is linked to it by its control
// word. A key stands in at most one slot of the two, because every insert into them goes through the home bucket's
// control word:
//   1. read the control word, complete the insert that it has pending, look for the key in all slots, choose an empty
//   one;
//   2. compare-and-swap the control word to `pending(slot, block)`: that fails when anybody inserted since 1;
//   3. compare-and-swap the slot from empty to the block. Anybody can do that for a killed or stopped process, and the
//      next who inserts here does.
// A pending insert that is complete stays in the control word until the next one. Whoever wants to change the slot
// that it names makes the control word idle first, so that a late helper cannot insert the block a second time.
#pragma once

#include <array>
#include <cstdint>

#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__)
#include <emmintrin.h>
#endif

#include "engines/lockfree/atomic.h"
#include "engines/lockfree/hash.h"
#include "engines/lockfree/words.h"

namespace dictbench::lockfree {

inline constexpr unsigned kSlots = 7;

struct alignas(64) Bucket {
  std::array<Atomic<std::uint64_t>, kSlots> slots;
  Atomic<std::uint64_t> control;
};
static_assert(sizeof(Bucket) == 64);

struct alignas(64) TableHead {
  std::uint64_t generation;  // as every block's first word has it
  std::uint32_t buckets;
  std::uint32_t overflow;  // overflow buckets that there are
  Atomic<std::uint32_t> overflow_used;
  std::uint32_t partition;
  std::uint64_t retired_next;  // block number of the next retired table; valid once the table is out of use
  std::uint64_t retired_epoch;
};
static_assert(sizeof(TableHead) == 64);

// Slots whose tag is `tag`, as bits.
inline unsigned match_scalar(const Bucket& bucket, std::uint16_t tag) noexcept {
  unsigned found = 0;
  for (unsigned i = 0; i < kSlots; ++i)
    found |= unsigned{slot::tag(bucket.slots[i].load(std::memory_order_relaxed)) == tag} << i;
  return found;
}

#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__)
// All eight words at once: of each its upper half, of that the tag, and the eight tags side by side. An aligned load of
// 16 bytes takes each of its halves whole on every x86-64; and what matched is looked at again anyway.
inline unsigned match_vector(const Bucket& bucket, std::uint16_t tag) noexcept {
  const auto* pairs = reinterpret_cast<const float*>(&bucket);
  const auto upper = [&](unsigned first) {
    const __m128 low = _mm_load_ps(pairs + 4 * first), high = _mm_load_ps(pairs + 4 * first + 4);
    return _mm_srai_epi32(_mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1))), 16);
  };
  // Spread out in a 32-bit register: _mm_set1_epi16 may become a store of 2 bytes and a load of 4, and such a load
  // waits until the store has reached the cache.
  const __m128i wanted = _mm_shuffle_epi32(_mm_cvtsi32_si128(static_cast<int>(tag * 0x10001u)), 0);
  const __m128i equal = _mm_cmpeq_epi16(_mm_packs_epi32(upper(0), upper(2)), wanted);
  const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(equal, equal)));
  return found & ((1u << kSlots) - 1);
}
inline unsigned match(const Bucket& bucket, std::uint16_t tag) noexcept { return match_vector(bucket, tag); }
#else
inline unsigned match(const Bucket& bucket, std::uint16_t tag) noexcept { return match_scalar(bucket, tag); }
#endif

// One partition's table, seen from one process.
class Table {
 public:
  Table(char* memory, std::uint32_t buckets)
      : head_(reinterpret_cast<TableHead*>(memory)),
        buckets_(reinterpret_cast<Bucket*>(memory + sizeof(TableHead))),
        count_(buckets) {}

  TableHead& head() const noexcept { return *head_; }
  Bucket& home(Hash hash) const noexcept { return buckets_[bucket_at(hash.position(), count_)]; }
  Bucket& at(std::uint64_t index) const noexcept { return buckets_[index]; }

  // The overflow bucket that a control word links to; links count from 1.
  Bucket* overflow(std::uint64_t control) const noexcept {
    const std::uint32_t link = control::link(control);
    return link == 0 ? nullptr : buckets_ + count_ + link - 1;
  }

  // Of a bucket and its overflow bucket: 7 and up are the latter's.
  Atomic<std::uint64_t>& slot(Bucket& home, std::uint64_t control, unsigned index) const noexcept {
    return index < kSlots ? home.slots[index] : overflow(control)->slots[index - kSlots];
  }

  std::uint32_t buckets() const noexcept { return count_; }
  std::uint64_t bytes() const noexcept {
    return sizeof(TableHead) + (count_ + std::uint64_t{head_->overflow}) * sizeof(Bucket);
  }

  // Home and overflow buckets that may hold something.
  std::uint64_t buckets_in_use() const noexcept;

 private:
  TableHead* head_;
  Bucket* buckets_;
  std::uint32_t count_;
};

}  // namespace dictbench::lockfree
