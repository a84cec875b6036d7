// The atomics that the explored copy of the engine is compiled with, in place of engines/lockfree/atomic.h's own: each
// access is told to the explorer, which may run other fibers first; then it is a plain access. So what is explored is
// sequential consistency: memory orders and fences are ignored, and a weak compare-and-swap never fails for nothing.
#pragma once

#include <atomic>
#include <cstdint>

#include "tests/engines/lockfree/explorer/access.h"
#include "tests/engines/lockfree/explorer/fiber_word.h"

namespace dictbench::lockfree {

template <typename T>
class Atomic {
 public:
  using Order = std::memory_order;
  using Access = explorer::Access;

  constexpr Atomic() noexcept = default;
  constexpr Atomic(T value) noexcept : value_(value) {}  // as std::atomic: braces and copies from T
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(Order = std::memory_order_seq_cst) const noexcept {
    explorer::watch(this, Access::read);
    return value_;
  }
  void store(T value, Order = std::memory_order_seq_cst) noexcept {
    explorer::watch(this, Access::write);
    value_ = value;
  }
  T exchange(T value, Order = std::memory_order_seq_cst) noexcept {
    return update([value](T) { return value; });
  }
  T fetch_add(T value, Order = std::memory_order_seq_cst) noexcept {
    return update([value](T old) { return old + value; });
  }
  T fetch_sub(T value, Order = std::memory_order_seq_cst) noexcept {
    return update([value](T old) { return old - value; });
  }
  T fetch_or(T value, Order = std::memory_order_seq_cst) noexcept {
    return update([value](T old) { return old | value; });
  }
  T fetch_and(T value, Order = std::memory_order_seq_cst) noexcept {
    return update([value](T old) { return old & value; });
  }
  bool compare_exchange_strong(T& expected, T wanted, Order = std::memory_order_seq_cst) noexcept {
    explorer::watch(this, Access::update);
    const bool same = value_ == expected;
    if (same)
      value_ = wanted;
    else
      expected = value_;
    return same;
  }
  bool compare_exchange_weak(T& expected, T wanted, Order order = std::memory_order_seq_cst) noexcept {
    return compare_exchange_strong(expected, wanted, order);
  }

 private:
  template <class Change>
  T update(const Change& change) noexcept {
    explorer::watch(this, Access::update);
    const T old = value_;
    value_ = change(old);
    return old;
  }

  T value_;
};

inline constexpr bool kWordAccess = true;

inline std::uint64_t load_word(const std::uint64_t* word) noexcept {
  explorer::watch(word, explorer::Access::read);
  return *word;
}
inline void store_word(std::uint64_t* word, std::uint64_t bits) noexcept {
  explorer::watch(word, explorer::Access::write);
  *word = bits;
}
inline bool replace_word(std::uint64_t* word, std::uint64_t expected, std::uint64_t bits) noexcept {
  explorer::watch(word, explorer::Access::update);
  if (*word != expected) return false;
  *word = bits;
  return true;
}

inline void acquire_fence() noexcept {}
inline void release_fence() noexcept {}

}  // namespace dictbench::lockfree
