// The bytes of `tagged` values and the choice of values' lengths, as ValueWriter and ValueChecker share
// them. The layout is described in value_content.h. Pure functions and immutable data: any thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/random.h"
#include "workloads/workload.h"

namespace dictbench {

static_assert(std::endian::native == std::endian::little, "stamps are written as little-endian words");

// Who wrote a value and with which of its operations (counted from 0 over all phases of one process: the
// operations that it really did).
struct Stamp {
  std::uint8_t writer = 0;
  std::uint64_t sequence = 0;  // below 2^40

  bool operator==(const Stamp&) const = default;
};

inline constexpr std::size_t kStampBytes = 10;
inline constexpr std::size_t kTwoStampBytes = 2 * kStampBytes;  // shorter values have no stamp at their end
inline constexpr std::size_t kStamps = 16;                      // at most so many, and the one at the end

// From one stamp to the next in a phase whose longest value has `most` bytes. A power of two.
constexpr std::size_t stamp_distance(std::size_t most) noexcept {
  constexpr std::size_t kLeast = 256;
  return std::max(kLeast, std::bit_ceil((most + kStamps - 1) / kStamps));
}

// Filler is a fixed pattern per writer and variant, so that it need not be written anew: a writer's buffers
// have one variant each, which byte 10 names. Short values, whose filler could not vouch for that byte, have variant 0.
inline constexpr std::size_t kVariedBytes = 64;
constexpr bool varied(std::size_t least) noexcept { return least >= kVariedBytes; }

// A stamp, the variant and 5 bytes of filler, as one vector, so that compilers store it with one instruction.
using StampBytes = std::uint64_t __attribute__((vector_size(16)));

constexpr std::uint64_t stamp_mix(std::uint8_t writer, std::uint64_t sequence) noexcept {
  const std::uint64_t product = (sequence << 8 | writer) * 0x9e3779b97f4a7c15;
  return product ^ product >> 29;
}

inline StampBytes stamp_bytes(std::uint32_t tag, std::uint8_t writer, std::uint64_t sequence,
                              std::uint8_t variant) noexcept {
  const std::uint64_t mixed = stamp_mix(writer, sequence);
  const std::uint64_t low = (tag ^ mixed >> 32) | static_cast<std::uint64_t>(writer) << 32 | sequence << 40;
  const std::uint64_t high = (sequence >> 24 & 0xffff) | static_cast<std::uint64_t>(variant) << 16 | mixed << 24;
  return StampBytes{low, high};
}

// What the first bytes of a value say; `value` has at least kStampBytes.
struct TaggedStamp {
  Stamp stamp;
  std::uint32_t tag;
};
TaggedStamp read_stamp(const char* value) noexcept;

// Eight bytes of filler, those from byte 8 * index on.
constexpr std::uint64_t pattern_word(std::uint8_t writer, std::uint8_t variant, std::uint64_t index) noexcept {
  return mix64(std::uint64_t{writer} << 56 | std::uint64_t{variant} << 48 | index);
}

// The length of each value.
class SizeChooser {
 public:
  SizeChooser(const ValueSpec& values, std::uint64_t seed);

  std::size_t least() const noexcept { return least_; }
  std::size_t most() const noexcept { return most_; }
  bool fixed() const noexcept { return least_ == most_; }
  bool possible(std::size_t bytes) const noexcept;

  std::size_t choose(std::uint8_t writer, std::uint64_t sequence) const noexcept;

  std::string text() const;  // for a person: "10", "10 or 100", "one of 64 lengths from 10 to 1000"

 private:
  struct Choice {
    std::uint64_t limit;  // chosen by hashes below it (and not below the one before), in units of 2^-53
    std::size_t bytes;
  };
  std::vector<Choice> choices_;
  std::uint64_t seed_;
  std::size_t least_, most_;
};

// Empty when `value`, of a length that is right for its stamp, is what this tag and stamp promise; else
// "torn at byte N". `sizes` are those of its phase.
std::string compare_tagged(std::uint32_t tag, Stamp stamp, const SizeChooser& sizes, std::string_view value);

}  // namespace dictbench
