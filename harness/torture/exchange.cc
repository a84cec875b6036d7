#include "harness/torture/exchange.h"

#include <charconv>
#include <memory>

#include "harness/torture/judge.h"

namespace dictbench::torture {
namespace {

const std::string kCounter = "torture-counter";

struct Batch {
  std::vector<std::string> keys;
  std::vector<std::string_view> views;
  std::vector<Value> values;
  std::unique_ptr<bool[]> found;

  explicit Batch(std::uint64_t count) : values(count), found(new bool[count]()) {
    for (std::uint64_t i = 0; i < count; ++i) keys.push_back(key_of(i));
    for (const std::string& key : keys) views.emplace_back(key);
  }

  void get(Dict& dict) { dict.get_many(views, values, {found.get(), keys.size()}); }
};

void set_some(Dict& dict, Expected& expected, std::uint64_t version, std::uint64_t count) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (std::uint64_t i = 0; i < count; ++i) texts.emplace_back(key_of(i), value_of(key_of(i), version));
  std::vector<KeyValue> items;
  for (const auto& [key, value] : texts) {
    expected.in_flight(key, value);
    items.push_back({key, value});
  }
  dict.set_many(items);
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

void store_all(Dict& dict, Expected& expected) {
  for (std::uint64_t i = 0; i < kExchangeKeys; ++i) {
    dict.set(key_of(i), value_of(key_of(i), 0));
    expected.stored(key_of(i), value_of(key_of(i), 0));
  }
  dict.add(kCounter, 1);
  expected.stored(kCounter, "1");
}

const std::vector<Exchange>& exchanges() {
  static const std::vector<Exchange> all = {
      {"get",
       [](Dict& dict, Expected& expected, std::uint64_t) {
         Value out;
         const bool found = dict.get(key_of(7), out);
         require(found && out.view() == *expected.value(key_of(7)), "get gives a wrong answer and no Error");
       }},
      {"get of a missing key",
       [](Dict& dict, Expected&, std::uint64_t) {
         Value out;
         dict.get("torture-none", out);
       }},
      {"set",
       [](Dict& dict, Expected& expected, std::uint64_t version) {
         expected.in_flight(key_of(7), value_of(key_of(7), version));
         dict.set(key_of(7), value_of(key_of(7), version));
       }},
      {"insert",
       [](Dict& dict, Expected& expected, std::uint64_t version) {
         const std::string key = key_of(kExchangeKeys + version);
         expected.erased(key);
         expected.in_flight(key, value_of(key, version));
         dict.set(key, value_of(key, version));
       }},
      {"erase",
       [](Dict& dict, Expected& expected, std::uint64_t version) {
         const std::string key = key_of(kExchangeKeys - version % 100 - 1);
         expected.in_flight(key, std::nullopt);
         dict.erase(key);
       }},
      {"add",
       [](Dict& dict, Expected& expected, std::uint64_t) {
         expected.in_flight(kCounter, std::to_string(number(*expected.value(kCounter)) + 3));
         dict.add(kCounter, 3);
       }},
      {"size", [](Dict& dict, Expected&, std::uint64_t) { dict.size(); }},
      {"get_many",
       [](Dict& dict, Expected&, std::uint64_t) {
         Batch batch(kExchangeKeys);
         batch.get(dict);
       }},
      {"set_many",
       [](Dict& dict, Expected& expected, std::uint64_t version) { set_some(dict, expected, version, 150); }},
  };
  return all;
}

void require_closed(Dict& dict, const std::string& when) {
  Value out;
  Batch batch(10);
  const std::vector<std::pair<const char*, std::function<void()>>> calls = {
      {"get", [&] { dict.get(key_of(1), out); }},
      {"get of a missing key", [&] { dict.get("torture-none", out); }},
      {"set", [&] { dict.set("torture-closed", "x"); }},
      {"erase", [&] { dict.erase("torture-closed"); }},
      {"add", [&] { dict.add("torture-closed-counter", 1); }},
      {"size", [&] { dict.size(); }},
      {"get_many", [&] { batch.get(dict); }},
  };
  for (const auto& [name, call] : calls) {
    const auto error = error_of(call);
    require(error.has_value(), "{}: the connection is used again, {} is answered", when, name);
    require(error->code() == ErrorCode::disconnected || error->code() == ErrorCode::timeout, "{}: then {} ends in {}",
            when, name, code_of(error));
  }
}

void require_right_answers(Dict& dict, Expected& expected, const std::string& when) {
  expected.check(dict, when);
  Batch batch(kExchangeKeys);
  batch.get(dict);
  for (std::uint64_t i = 0; i < kExchangeKeys; ++i) {
    const auto& right = expected.value(batch.keys[i]);
    require(batch.found[i] == right.has_value() && (!right || batch.values[i].view() == *right),
            "{}: get_many gives {} another answer than get", when, batch.keys[i]);
  }
  const std::int64_t before = number(*expected.value(kCounter));
  const std::int64_t sum = dict.add(kCounter, 2);
  require(sum == before + 2, "{}: adding 2 to {} gives {}", when, before, sum);
  expected.stored(kCounter, std::to_string(sum));
}

}  // namespace dictbench::torture
