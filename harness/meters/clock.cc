#include "harness/meters/clock.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dictbench {
namespace {

// The kernel's own judgement, as its clock source "tsc" needs the same two flags.
bool has_steady_counter() {
#if defined(__x86_64__)
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);)
    if (line.starts_with("flags"))
      return line.find(" constant_tsc") != std::string::npos && line.find(" nonstop_tsc") != std::string::npos;
#endif
  return false;
}

}  // namespace

std::int64_t monotonic_ns() noexcept {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

namespace {

constexpr std::size_t kReadings = 4096;  // together less than 1 ms

// Between two readings lie up to 63 multiplications, so that the differences are of many sizes and have no common
// divisor by chance.
double step_ns_of(const TickClock& clock) {
  std::vector<std::uint64_t> readings(kReadings);
  constexpr std::uint64_t kFactor = 0x5851F42D4C957F2D;  // Knuth's, of MMIX
  std::uint64_t state = 1;
  for (std::uint64_t& reading : readings) {
    for (std::uint64_t turns = state >> 58; turns > 0; --turns) {
      state *= kFactor;
      asm volatile("" : "+r"(state));
    }
    state = state * kFactor + 1;
    reading = clock.now();
  }
  return step_of(readings) * clock.ns_per_tick;
}

// The step of which the smallest difference has `count`, if the others agree: each bounds it from both sides.
std::optional<double> step_when(const std::set<std::uint64_t>& differences, double count) {
  const auto smallest = static_cast<double>(*differences.begin());
  double from = (smallest - 1) / count, to = (smallest + 1) / count;
  for (const std::uint64_t ticks : differences) {
    const auto difference = static_cast<double>(ticks);
    const double steps = std::round(difference / ((from + to) / 2));
    from = std::max(from, (difference - 1) / steps);
    to = std::min(to, (difference + 1) / steps);
    if (from > to) return std::nullopt;
  }
  return (from + to) / 2;
}

}  // namespace

double step_of(std::span<const std::uint64_t> readings) {
  constexpr double kLeast = 4;            // below it every difference is within a tick of a multiple
  constexpr std::uint64_t kLongest = 64;  // times the smallest: an interruption tells nothing more
  std::set<std::uint64_t> differences;
  for (std::size_t i = 1; i < readings.size(); ++i)
    if (readings[i] > readings[i - 1]) differences.insert(readings[i] - readings[i - 1]);
  if (differences.empty()) return 0;
  differences.erase(differences.upper_bound(*differences.begin() * kLongest), differences.end());
  const auto divisor = static_cast<double>(std::accumulate(differences.begin(), differences.end(), std::uint64_t{0},
                                                           [](auto a, auto b) { return std::gcd(a, b); }));
  const auto smallest = static_cast<double>(*differences.begin());
  for (double count = 1; smallest / count >= std::max(kLeast, divisor + 1); ++count)
    if (const auto step = step_when(differences, count)) return *step;
  return divisor;
}

double TickClock::stamp_ns() const {
  std::vector<std::uint64_t> differences(kReadings);
  for (std::uint64_t& difference : differences) {
    const std::uint64_t begin = now_in_order();
    difference = now_in_order() - begin;
  }
  const auto middle = differences.begin() + kReadings / 2;
  std::ranges::nth_element(differences, middle);
  return to_ns(*middle);
}

TickClock TickClock::calibrate() {
  TickClock clock;
  if (!has_steady_counter()) {
    clock.step_ns = step_ns_of(clock);
    return clock;
  }
  clock.time_stamp_counter = true;
  // Over 20 ms the error of two readings (about 0.1 us) is 5 in a million.
  constexpr std::int64_t kSpan = 20'000'000;
  const std::int64_t from = monotonic_ns();
  const std::uint64_t first = clock.now();
  std::int64_t to = from;
  while (to - from < kSpan) to = monotonic_ns();
  const std::uint64_t last = clock.now();
  clock.ns_per_tick = static_cast<double>(to - from) / static_cast<double>(last - first);
  clock.step_ns = step_ns_of(clock);
  return clock;
}

}  // namespace dictbench
