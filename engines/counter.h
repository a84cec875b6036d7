// Counters as Dict::add() keeps them: the stored value is the decimal text of an int64, so that get()
// reads it and a server's own atomic command can change it.
//
// For engines that add by read, add and write under their own lock or transaction. Pure functions, any
// thread; nothing here allocates unless it throws.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dictbench {

// The number that `text` spells. Throws Error(unsupported) when it is not the whole text of a decimal
// int64 ("", "x", "1 ", "+1", beyond the range).
std::int64_t counter_value(std::string_view text);

// value + delta. Throws Error(too_large) when the sum leaves the range of int64.
std::int64_t checked_add(std::int64_t value, std::int64_t delta);

// The decimal text of a number, held in place.
class CounterText {
 public:
  explicit CounterText(std::int64_t value);

  // Lives as long as the CounterText.
  std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  static constexpr std::size_t kLongest = 20;  // "-9223372036854775808"
  std::array<char, kLongest> text_;
  std::size_t size_;
};

}  // namespace dictbench
