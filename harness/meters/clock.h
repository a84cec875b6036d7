// Time stamps for the timed loop: the processor's time-stamp counter, calibrated against
// CLOCK_MONOTONIC, because two clock_gettime calls cost 64 ns and two rdtsc reads 36 ns on the machine
// of docs/method.md, and a dict operation may take less than either.
//
// Where the counter is not constant and non-stop (or the processor has none) ticks are CLOCK_MONOTONIC
// nanoseconds. The counter is the same on all cores, so ticks of different processes compare.
#pragma once

#include <time.h>

#include <cstdint>
#include <span>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace dictbench {

std::int64_t monotonic_ns() noexcept;

// Trivially copyable: the driver calibrates once and hands it to workers through the control page.
struct TickClock {
  double ns_per_tick = 1;
  bool time_stamp_counter = false;
  double step_ns = 1;  // smallest difference that two readings can have: the counter may count in steps of many ticks

  // Takes about 20 ms. Any process, before the clock is needed.
  static TickClock calibrate();

  // Cheap, but the processor may execute it before earlier loads have their data: good for deadlines.
  std::uint64_t now() const noexcept {
#if defined(__x86_64__)
    if (time_stamp_counter) [[likely]]
      return __rdtsc();
#endif
    return static_cast<std::uint64_t>(monotonic_ns());
  }

  // Waits until all earlier loads have their data and lets nothing later begin before: an operation
  // between two of these is charged for its cache misses. Without the fences a get of some 400 ns was
  // sampled as 21 ns, because its misses were still under way at the second reading.
  std::uint64_t now_in_order() const noexcept {
#if defined(__x86_64__)
    if (time_stamp_counter) [[likely]] {
      _mm_lfence();
      const std::uint64_t ticks = __rdtsc();
      _mm_lfence();
      return ticks;
    }
#endif
    return now();
  }

  // What a latency contains of the clock itself: the median of two readings in order with nothing between them.
  double stamp_ns() const;

  double to_ns(std::uint64_t ticks) const noexcept { return static_cast<double>(ticks) * ns_per_tick; }
  std::uint64_t from_ns(double ns) const noexcept { return static_cast<std::uint64_t>(ns / ns_per_tick); }
};

// The step in which a clock counts, in ticks, from its readings one after the other: the largest that all their
// differences are multiples of, give or take the tick that rounding costs. A virtual machine's counter may advance by
// 10 ns at a time, which is 24.45 of its ticks, so that differences of 24 and of 25 are the same step. Steps below 4
// ticks are told as the greatest common divisor. 0 when the clock never moved.
double step_of(std::span<const std::uint64_t> readings);

}  // namespace dictbench
