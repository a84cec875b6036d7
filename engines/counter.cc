#include "engines/counter.h"

#include <fmt/format.h>

#include <charconv>

#include "engines/error.h"

namespace dictbench {

std::int64_t counter_value(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  constexpr std::size_t kShown = 32;  // a value may be a megabyte long or binary; the message is one line
  throw Error(ErrorCode::unsupported,
              fmt::format("add: the stored value {:?} is no decimal integer of 64 bits; add() works on counters only",
                          text.substr(0, kShown)));
}

std::int64_t checked_add(std::int64_t value, std::int64_t delta) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(value, delta, &sum))
    throw Error(ErrorCode::too_large, fmt::format("add: {} + {} leaves the range of a 64-bit counter", value, delta));
  return sum;
}

CounterText::CounterText(std::int64_t value)
    : size_(static_cast<std::size_t>(std::to_chars(text_.data(), text_.data() + text_.size(), value).ptr -
                                     text_.data())) {}

}  // namespace dictbench
