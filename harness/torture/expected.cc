#include "harness/torture/expected.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "harness/torture/judge.h"

namespace dictbench::torture {
namespace {

std::size_t most_bytes_of_value = SIZE_MAX;

// The beginning, up to the semicolon, tells which value it is.
std::string shown(const std::optional<std::string>& value) {
  constexpr std::size_t kMost = 32;
  return value ? fmt::format("{} bytes '{}'", value->size(), value->substr(0, std::min(kMost, value->find(';'))))
               : "no value";
}

}  // namespace

void set_longest_value(std::size_t bytes) { most_bytes_of_value = bytes; }

std::size_t longest_value() { return most_bytes_of_value; }

std::string key_of(std::uint64_t number) { return fmt::format("torture-{:010}", number); }

std::string value_of(const std::string& key, std::uint64_t version) {
  constexpr std::uint64_t kLeast = 40, kSpread = 1861, kGolden = 0x9e3779b97f4a7c15;
  std::uint64_t state = version * kGolden;
  for (const char c : key) state = (state ^ static_cast<unsigned char>(c)) * kGolden;
  std::string value = fmt::format("{}#{};", key, version);
  const std::size_t size = std::min<std::size_t>(kLeast + (state >> 32) % kSpread, most_bytes_of_value);
  while (value.size() < size) {
    state = (state ^ state >> 29) * kGolden;
    value += static_cast<char>(state >> 56);
  }
  return value;
}

void Expected::check(Dict& dict, const std::string& when) {
  if (const auto error = check_until_error(dict, when))
    throw Broken(fmt::format("{}: a read ends in {}", when, code_of(error)));
}

std::optional<Error> Expected::check_until_error(Dict& dict, const std::string& when) {
  Value out;
  for (auto& [key, state] : keys_) {
    std::optional<std::string> found;
    if (const auto error = error_of([&] {
          if (dict.get(key, out)) found = std::string(out.view());
        }))
      return error;
    if (found == state.now) continue;
    require(state.next.possible && found == state.next.value, "{}: {} has {}, expected is {}", when, key, shown(found),
            shown(state.now));
    state = {.now = found, .next = {}};
  }
  return std::nullopt;
}

std::uint64_t Expected::size() const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(keys_, [](const auto& entry) { return entry.second.now.has_value(); }));
}

}  // namespace dictbench::torture
