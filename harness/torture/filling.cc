#include "harness/torture/filling.h"

#include <vector>

#include "harness/torture/judge.h"

namespace dictbench::torture {
namespace {

// True: it was done. False: full, as it may be. Anything else is broken.
template <typename Write>
bool may_be_full(const char* what, const Write& write) {
  const auto error = error_of(write);
  require(!error || error->code() == ErrorCode::full, "{} in a full dict ends in {}", what, code_of(error));
  return !error;
}

void overwrite(Dict& dict, Expected& expected, std::uint64_t number) {
  const std::string key = key_of(number);
  std::string value = value_of(key, 1);
  if (may_be_full("an overwrite", [&] { dict.set(key, value); })) expected.stored(key, std::move(value));
}

void overwrite_batch(Dict& dict, Expected& expected, std::uint64_t first, std::uint64_t count) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (std::uint64_t i = first; i < first + count; ++i) texts.emplace_back(key_of(i), value_of(key_of(i), 2));
  std::vector<KeyValue> items;
  for (const auto& [key, value] : texts) items.push_back({key, value});
  const bool done = may_be_full("a batch of writes", [&] { dict.set_many(items); });
  for (const auto& [key, value] : texts)
    if (done)
      expected.stored(key, value);
    else
      expected.in_flight(key, value);  // a batch is not atomic
}

void count_up(Dict& dict, Expected& expected) {
  const std::string counter = "torture-counter";
  std::int64_t sum = 0;
  if (may_be_full("an add", [&] { sum = dict.add(counter, 7); })) {
    require(sum == 7, "the first add of 7 gives {}", sum);
    expected.stored(counter, "7");
  } else {
    expected.erased(counter);
  }
}

void check_whole(Dict& dict, Expected& expected, const char* when) {
  expected.check(dict, when);
  require(dict.size() == expected.size(), "{}: size() says {}, there are {}", when, dict.size(), expected.size());
}

}  // namespace

bool fill(Dict& dict, Expected& expected, std::uint64_t first, std::uint64_t most_bytes, std::uint64_t& stored) {
  stored = 0;
  for (std::uint64_t bytes = 0; bytes < most_bytes; ++stored) {
    const std::string key = key_of(first + stored);
    std::string value = value_of(key, 0);
    bytes += key.size() + value.size();
    if (!may_be_full("a write", [&] { dict.set(key, value); })) {
      expected.erased(key);  // never was there, and must not be now
      return true;
    }
    expected.stored(key, std::move(value));
  }
  return false;
}

std::uint64_t use_full(Dict& dict, Expected& expected, std::uint64_t first, std::uint64_t stored,
                       const std::function<void()>& make_room) {
  constexpr std::uint64_t kOverwritten = 200, kBatch = 16;
  check_whole(dict, expected, "full");
  const std::uint64_t overwritten = std::min(stored, kOverwritten);
  for (std::uint64_t i = 0; i < overwritten; ++i) overwrite(dict, expected, first + i);
  check_whole(dict, expected, "after overwrites in a full dict");
  if (stored > kBatch) overwrite_batch(dict, expected, first + stored - kBatch, kBatch);
  count_up(dict, expected);
  check_whole(dict, expected, "after a batch and an add in a full dict");

  make_room();
  const std::uint64_t erased = stored / 2;
  std::vector<std::string> values;
  for (std::uint64_t i = 0; i < erased; ++i) {
    const std::string key = key_of(first + i);
    values.push_back(*expected.value(key));
    bool there = false;
    const auto error = error_of([&] { there = dict.erase(key); });
    require(!error && there, "an erase in a full dict: {}", error ? code_of(error) : "the key is not there");
    expected.erased(key);
  }
  check_whole(dict, expected, "after erasing half of a full dict");
  // Values of the same sizes again: memory is kept by sizes, in memcached for good.
  const std::uint64_t again = erased / 2;
  for (std::uint64_t i = 0; i < again; ++i) {
    const std::string key = key_of(first + i);
    const auto error = error_of([&] { dict.set(key, values[i]); });
    require(!error, "{} of {} keys were erased, and write {} ends in {}", erased, stored, i, code_of(error));
    expected.stored(key, values[i]);
  }
  check_whole(dict, expected, "after writing half of the erased again");
  return stored + overwritten + kBatch + 1 + erased + again;
}

}  // namespace dictbench::torture
