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

std::string check_scans(Dict& dict, const Expectation& expected, std::uint64_t seed) {
  constexpr std::uint64_t kScans = 2000, kLongest = 40;
  std::vector<std::string> keys;
  for (std::uint64_t number = 0; number < expected.keys(); ++number)
    if (expected.present(number)) keys.push_back(expected.key(number));
  if (keys.empty()) return {};
  std::ranges::sort(keys);
  Value found;
  for (std::uint64_t scan = 0; scan < kScans; ++scan) {
    // The last one reaches the end.
    std::size_t place = scan + 1 == kScans ? keys.size() - 1 : mix64(seed, scan) % keys.size();
    const std::uint64_t limit = 2 + mix64(seed, scan, kScans) % kLongest;
    // Every other one begins just behind a key, which is then not visited.
    const std::string first = scan % 2 == 0 ? keys[place] : keys[place++] + '!';
    const std::size_t wanted = std::min<std::size_t>(limit, keys.size() - place);
    std::vector<std::pair<std::string, std::string>> visited;
    const std::size_t told = dict.scan(first, limit, [&](std::string_view key, std::string_view value) {
      visited.emplace_back(key, value);
      return visited.size() < 2 * limit;
    });
    if (told != visited.size() || told != wanted)
      return fmt::format("a scan of {} keys from '{}' says {} and visits {} where there are {}", limit, first, told,
                         visited.size(), wanted);
    for (std::size_t i = 0; i < wanted; ++i) {
      if (visited[i].first != keys[place + i])
        return fmt::format("a scan from '{}' visits '{}' where '{}' follows", first, visited[i].first, keys[place + i]);
      if (!dict.get(visited[i].first, found) || found.view() != visited[i].second)
        return fmt::format("a scan shows another value of key '{}' than get() finds", visited[i].first);
    }
  }
  return {};
}

}  // namespace dictbench
