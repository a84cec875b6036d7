#include "harness/meters/speed.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "harness/meters/clock.h"

namespace dictbench {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;
constexpr std::size_t kChased = 64 * kMegabyte, kHugePage = 2 * kMegabyte;
constexpr std::size_t kLine = 64;  // on a processor with longer lines two neighbours share one: a little too quick
constexpr std::size_t kLines = kChased / kLine;

const char* unfit_build() {
#ifndef __OPTIMIZE__
  return "unavailable: this build is not optimised";
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return "unavailable: this build has a sanitizer in it";
#else
  return nullptr;
#endif
}

// Not from the heap: see the header.
class Pages {
 public:
  explicit Pages(std::size_t bytes) : bytes_(bytes) {
    void* const start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) throw std::bad_alloc();
    start_ = static_cast<std::byte*>(start);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { munmap(start_, bytes_); }

  std::byte* start() const { return start_; }

 private:
  std::byte* start_;
  std::size_t bytes_;
};

// The barrier makes the sum unknown to the compiler, so each addition is done and waits for the one before. It adds a
// register, since some processors do chains of constants at no cost.
[[gnu::always_inline]] inline void add_once(std::uint64_t& sum, std::uint64_t& step) {
  sum += step;
  asm volatile("" : "+r"(sum), "+r"(step));
}

// So many in a row that the loop's own instructions hide behind them, also where a taken branch costs two cycles.
std::int64_t ns_of_additions(int eights) {
  std::uint64_t sum = 1, step = 3;
  const std::int64_t begin = monotonic_ns();
  for (int k = 0; k < eights; ++k) {
    add_once(sum, step);
    add_once(sum, step);
    add_once(sum, step);
    add_once(sum, step);
    add_once(sum, step);
    add_once(sum, step);
    add_once(sum, step);
    add_once(sum, step);
  }
  return std::max<std::int64_t>(1, monotonic_ns() - begin);
}

double measured_mhz() {
  constexpr int kMeasurements = 8, kEights = 400'000;
  constexpr std::int64_t kWarmUpNs = 20'000'000;  // a processor at rest takes some milliseconds to reach its clock rate
  for (const std::int64_t begin = monotonic_ns(); monotonic_ns() - begin < kWarmUpNs;) ns_of_additions(kEights);
  std::int64_t quickest = std::numeric_limits<std::int64_t>::max();
  for (int k = 0; k < kMeasurements; ++k) quickest = std::min(quickest, ns_of_additions(kEights));
  return 1e3 * 8 * kEights / static_cast<double>(quickest);
}

std::uint32_t random_below(std::uint64_t& state, std::uint32_t bound) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<std::uint32_t>((state >> 32) * bound >> 32);
}

// One cycle through all lines: Sattolo's shuffle. successor[k] is the line after line k.
void fill_cycle(std::uint32_t* successor) {
  for (std::uint32_t k = 0; k < kLines; ++k) successor[k] = k;
  std::uint64_t state = 0x9E3779B97F4A7C15u;
  for (std::uint32_t k = kLines - 1; k > 0; --k) std::swap(successor[k], successor[random_below(state, k)]);
}

// How much of [start, start + kChased) lies in huge pages, from the kernel's own account.
std::size_t huge_bytes(const std::byte* start) {
  std::ifstream maps("/proc/self/smaps");
  std::size_t bytes = 0;
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long from = 0, to = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &from, &to) == 2) {
      const auto begin = reinterpret_cast<std::uintptr_t>(start);
      inside = from < begin + kChased && to > begin;
    } else if (inside && line.starts_with("AnonHugePages:")) {
      bytes += std::strtoul(line.c_str() + std::strlen("AnonHugePages:"), nullptr, 10) * 1024;
    }
  }
  return bytes;
}

// Nanoseconds a load. The last line reached is kept, so that no load can be left out.
double chase(const std::byte* lines) {
  constexpr int kMeasurements = 5, kLoads = 20'000;
  const void* at = lines;
  std::int64_t quickest = std::numeric_limits<std::int64_t>::max();
  for (int k = 0; k < kMeasurements; ++k) {
    const std::int64_t begin = monotonic_ns();
    for (int load = 0; load < kLoads; ++load) at = *static_cast<const void* const*>(at);
    asm volatile("" : : "r"(at) : "memory");
    quickest = std::min(quickest, monotonic_ns() - begin);
  }
  return static_cast<double>(quickest) / kLoads;
}

std::string memory_latency(const std::uint32_t* successor, bool huge) {
  const Pages pages(kChased + kHugePage);
  const auto start = reinterpret_cast<std::uintptr_t>(pages.start());
  std::byte* const lines = pages.start() + (kHugePage - start % kHugePage) % kHugePage;
  if (madvise(lines, kChased, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) != 0 && huge)
    return "unavailable: the kernel has no transparent huge pages";
  for (std::size_t k = 0; k < kLines; ++k) {
    const void* const next = lines + kLine * successor[k];
    std::memcpy(lines + kLine * k, &next, sizeof next);
  }
  if (huge && huge_bytes(lines) < kChased / 10 * 9)
    return "unavailable: the kernel did not grant 2 MB pages (/sys/kernel/mm/transparent_hugepage/enabled)";
  return fmt::format("{:.1f}", chase(lines));
}

Facts all(const std::string& text) {
  return {
      {"measured_mhz", text}, {"memory_latency_4k_ns", text}, {"memory_latency_2m_ns", text}, {"clock_stamp_ns", text}};
}

}  // namespace

Facts measured_speed() {
  if (const char* const reason = unfit_build()) return all(reason);
  if (const char* const wanted = std::getenv("DICTBENCH_MEASURE_SPEED"); wanted && std::string_view(wanted) == "no")
    return all("unavailable: DICTBENCH_MEASURE_SPEED=no");
  try {
    const Pages cycle(kLines * sizeof(std::uint32_t));
    auto* const successor = reinterpret_cast<std::uint32_t*>(cycle.start());
    fill_cycle(successor);
    return {{"measured_mhz", fmt::format("{:.0f}", measured_mhz())},
            {"memory_latency_4k_ns", memory_latency(successor, false)},
            {"memory_latency_2m_ns", memory_latency(successor, true)},
            {"clock_stamp_ns", fmt::format("{:.1f}", TickClock::calibrate().stamp_ns())}};
  } catch (const std::bad_alloc&) {
    return all("unavailable: no 72 MB of memory to measure in");
  }
}

}  // namespace dictbench
