// The atomics of the table, in one place, so that a test can put its own in theirs: the explorer
// (tests/engines/lockfree/explorer) compiles these sources with atomics that hand every access to its scheduler.
#pragma once

#ifdef DICTBENCH_LOCKFREE_ATOMICS
#include DICTBENCH_LOCKFREE_ATOMICS
#else

#include <atomic>
#include <cstdint>

namespace dictbench::lockfree {

template <typename T>
using Atomic = std::atomic<T>;

// Are blocks read and written in atomic words only? Plain bytes are quicker; a reader looks at the slot again
// afterwards.
#ifdef __SANITIZE_THREAD__
inline constexpr bool kWordAccess = true;
#else
inline constexpr bool kWordAccess = false;
#endif

// Words of blocks, which other processes may read while they change.
inline std::uint64_t load_word(const std::uint64_t* word) noexcept { return __atomic_load_n(word, __ATOMIC_RELAXED); }
inline void store_word(std::uint64_t* word, std::uint64_t bits) noexcept {
  __atomic_store_n(word, bits, __ATOMIC_RELAXED);
}

inline bool replace_word(std::uint64_t* word, std::uint64_t expected, std::uint64_t bits) noexcept {
  return __atomic_compare_exchange_n(word, &expected, bits, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

// ThreadSanitizer knows no fences. It reports nothing for want of them, as what they order is atomic itself.
inline void acquire_fence() noexcept {
#ifndef __SANITIZE_THREAD__
  std::atomic_thread_fence(std::memory_order_acquire);
#endif
}
inline void release_fence() noexcept {
#ifndef __SANITIZE_THREAD__
  std::atomic_thread_fence(std::memory_order_release);
#endif
}

}  // namespace dictbench::lockfree

#endif
