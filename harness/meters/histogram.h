// A log-linear histogram of latencies in nanoseconds, as HdrHistogram (G. Tene) lays them out: each
// power of two is cut into 64 equal buckets, so a reported value is at most 1/64 = 1.6 % above the true one.
//
// Fixed size and trivially copyable: each worker fills a private one and copies it into the control
// page when its clock has stopped. Recording is a few instructions and never allocates. Not thread-safe.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace dictbench {

class Histogram {
 public:
  void record(std::uint64_t ns) noexcept {
    ++counts_[bucket(ns)];
    ++total_;
    if (ns > max_) max_ = ns;
  }

  void merge(const Histogram& other) noexcept;

  std::uint64_t total() const noexcept { return total_; }
  std::uint64_t max() const noexcept { return max_; }

  // The smallest bucket limit that at least this share (0..1] of the samples does not pass; never above
  // max(). 0 when empty.
  std::uint64_t percentile(double share) const noexcept;

 private:
  static constexpr unsigned kSubBits = 6;
  static constexpr std::uint64_t kSubBuckets = 1u << kSubBits;
  static constexpr unsigned kLargestBit = 40;  // values of 2^41 ns, half an hour, and more share the last bucket

  static constexpr std::size_t bucket(std::uint64_t ns) noexcept {
    if (ns < kSubBuckets) return ns;
    const unsigned top = static_cast<unsigned>(std::bit_width(ns)) - 1;
    if (top > kLargestBit) return kBuckets - 1;
    const unsigned shift = top - kSubBits;
    return (shift + 1) * kSubBuckets + ((ns >> shift) - kSubBuckets);
  }

  static constexpr std::uint64_t upper_limit(std::size_t index) noexcept {
    if (index < kSubBuckets) return index;
    const unsigned shift = static_cast<unsigned>(index / kSubBuckets) - 1;
    return ((index % kSubBuckets + kSubBuckets + 1) << shift) - 1;
  }

  static constexpr std::size_t kBuckets = (kLargestBit - kSubBits + 2) * kSubBuckets;

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace dictbench
