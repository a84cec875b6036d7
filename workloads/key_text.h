// The text of key number i: formats taken apart once, digits written by hand, because a formatting
// library takes several times as long and a stream has millions of keys.
// Immutable once made; any thread may use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/workload.h"

namespace dictbench {

inline constexpr std::size_t kMaxKeyBytes = 65535;  // Operation::key_length is 16 bits
inline constexpr std::size_t kMaxKeyGroups = 256;   // Operation::group is 8 bits

// "key{index:013}": prefix "key", width 13, suffix "".
struct KeyFormat {
  std::string prefix, suffix;
  std::size_t width = 0;

  // Throws std::invalid_argument with the reason, without saying where.
  static KeyFormat parse(std::string_view format);

  std::size_t length(std::uint64_t index) const noexcept;

  // Writes length(index) bytes.
  std::size_t write(std::uint64_t index, char* out) const noexcept;
};

class KeyTexts {
 public:
  explicit KeyTexts(const KeySpec& keys);

  std::uint8_t group(std::uint64_t number) const noexcept;

  // Longest key among numbers 0..numbers-1.
  std::size_t longest(std::uint64_t numbers) const noexcept;

  // Room for longest() bytes is enough. Returns the length.
  std::size_t write(std::uint64_t number, std::uint8_t group, char* out) const noexcept {
    // An inserted key's index is its number, which no group's own keys reach.
    return formats_[group].write(number < count_ ? number - first_[group] : number, out);
  }

  std::string text(std::uint64_t number) const;

  const std::vector<KeyFormat>& formats() const noexcept { return formats_; }

 private:
  std::uint64_t count_;
  std::vector<KeyFormat> formats_;
  std::vector<std::uint64_t> first_;  // number of each group's first key, and count_ at the end
};

// All keys of a workload: those that are there, counters, and those that never are.
class WorkloadKeys {
 public:
  explicit WorkloadKeys(const Workload& workload);

  std::uint8_t group(std::uint64_t number) const noexcept {
    if (number >= kFirstAbsent) return keys_.group(number - kFirstAbsent);
    return number >= kFirstCounter ? counters_->group(number - kFirstCounter) : keys_.group(number);
  }

  // Longest key that the phase asks for, of keys whose numbers are below `limit`; counters all count.
  std::size_t longest(const Phase& phase, std::uint64_t limit) const noexcept;

  // Room for longest() bytes is enough. Returns the length.
  std::size_t write(std::uint64_t number, std::uint8_t group, char* out) const noexcept;

  std::string text(std::uint64_t number) const;

 private:
  KeyTexts keys_;
  std::optional<KeyTexts> counters_;
  std::uint64_t counter_count_;
  char absent_;  // first byte of keys that never are: no key begins with it
};

}  // namespace dictbench
