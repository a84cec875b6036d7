#include "harness/verify/walk_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "workloads/random.h"

namespace dictbench {
namespace {

constexpr std::size_t kComparedValues = 256;

std::uint64_t hash_of(std::string_view key) { return mix64(std::hash<std::string_view>{}(key)); }

}  // namespace

std::string check_walk(Dict& dict, const Expectation& expected, bool ordered) {
  std::uint64_t wanted = 0;  // wraps round
  for (std::uint64_t number = 0; number < expected.keys(); ++number)
    if (expected.present(number)) wanted += hash_of(expected.key(number));

  const std::uint64_t items = expected.items();
  const std::uint64_t compared = std::max<std::uint64_t>(1, items / kComparedValues);
  std::vector<std::pair<std::string, std::string>> some;
  std::uint64_t visited = 0, sum = 0;
  std::string last, wrong;
  dict.for_each([&](std::string_view key, std::string_view value) {
    const std::uint64_t hash = hash_of(key);
    sum += hash;
    if (hash % compared == 0 && some.size() < kComparedValues) some.emplace_back(key, value);
    if (ordered && visited > 0 && key <= last)
      wrong = fmt::format("for_each() visits key '{}' after key '{}'", key, last);
    if (ordered) last = key;
    return ++visited <= 2 * items && wrong.empty();  // a walk that never ends is ended
  });
  if (!wrong.empty()) return wrong;
  if (visited != items) return fmt::format("for_each() visits {} keys instead of {}", visited, items);
  if (sum != wanted) return "for_each() leaves a key out and visits another one twice, or one that is not there";
  Value found;
  for (const auto& [key, value] : some)
    if (!dict.get(key, found) || found.view() != value)
      return fmt::format("for_each() shows another value of key '{}' than get() finds", key);
  return {};
}

}  // namespace dictbench
