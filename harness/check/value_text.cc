#include "harness/check/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "harness/verify/history.h"
#include "workloads/random.h"

namespace dictbench {
namespace {

// Mostly short; one in eight may be long, so that a copy takes time enough to be torn.
std::size_t length_of(std::uint64_t hash, std::size_t most) {
  constexpr std::size_t kShort = 64, kLeast = 40;
  const std::size_t range = hash % 8 == 0 ? kLongestValueText : kShort;
  return std::min(kLeast + (hash >> 8) % (range - kLeast + 1), most);
}

}  // namespace

void make_value_text(std::int64_t number, std::size_t most, std::string& out) {
  const std::uint64_t hash = mix64(static_cast<std::uint64_t>(number));
  out.clear();
  fmt::format_to(std::back_inserter(out), "{}:{:08x}:", number, static_cast<std::uint32_t>(hash));
  const std::size_t length = std::max(out.size(), length_of(hash, most));
  out.append(length - out.size(), static_cast<char>('a' + hash % 26));
}

std::int64_t number_of_value_text(std::string_view text, std::size_t most) {
  std::int64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return kUnreadable;
  thread_local std::string expected;
  make_value_text(number, most, expected);
  return text == expected ? number : kUnreadable;
}

std::int64_t number_of_counter_text(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : kUnreadable;
}

}  // namespace dictbench
