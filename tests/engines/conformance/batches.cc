// get_many and set_many.
#include <algorithm>
#include <memory>

#include "tests/engines/conformance/fixture.h"

namespace dictbench::conformance {
namespace {

class Batches : public StoringConformance {
 protected:
  struct Answer {
    std::size_t hits = 0;
    std::vector<std::string> values;  // "(missing)" where not found
  };

  Answer ask(const std::vector<std::string>& keys) {
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    std::vector<Value> out(keys.size());
    const auto found = std::make_unique<bool[]>(keys.size());
    Answer answer;
    answer.hits = dict().get_many(views, out, {found.get(), keys.size()});
    for (std::size_t i = 0; i < keys.size(); ++i)
      answer.values.emplace_back(found[i] ? std::string(out[i].view()) : "(missing)");
    return answer;
  }

  void store(const std::vector<std::pair<std::string, std::string>>& items) {
    std::vector<KeyValue> views;
    for (const auto& [key, value] : items) views.push_back({key, value});
    dict().set_many(views);
  }
};

TEST_F(Batches, EmptyOnesDoNothing) {
  store({});
  EXPECT_EQ(ask({}).hits, 0u);
  EXPECT_EQ(dict().size(), 0u);
}

TEST_F(Batches, SetManyThenGetManyWithMissesAndRepeats) {
  store({{"a", "1"}, {"b", ""}, {"c", "3"}});
  EXPECT_EQ(dict().size(), 3u);
  const Answer answer = ask({"c", "missing", "a", "a", "b", "none"});
  EXPECT_EQ(answer.hits, 4u);
  EXPECT_EQ(answer.values, (std::vector<std::string>{"3", "(missing)", "1", "1", "", "(missing)"}));
  EXPECT_EQ(ask({"none", "missing"}).hits, 0u);
}

TEST_F(Batches, LastOfRepeatedKeysWins) {
  store({{"key", "1"}, {"other", "x"}, {"key", "2"}, {"key", "3"}});
  EXPECT_EQ(value_of("key"), "3");
  EXPECT_EQ(dict().size(), 2u);
}

TEST_F(Batches, MixWithSingleOperations) {
  dict().set("key", "single");
  store({{"key", "batched"}, {"other", "batched"}});
  EXPECT_EQ(value_of("key"), "batched");
  dict().set("key", "single again");
  EXPECT_EQ(ask({"key", "other"}).values, (std::vector<std::string>{"single again", "batched"}));
  EXPECT_TRUE(dict().erase("other"));
  EXPECT_EQ(ask({"other"}).hits, 0u);
}

TEST_F(Batches, ManyKeys) {
  std::vector<std::pair<std::string, std::string>> items;
  std::vector<std::string> keys;
  for (int i = 0; i < 5000; ++i) {
    items.emplace_back(key_of("key", i), key_of("value", i));
    keys.push_back(key_of("key", i));
  }
  store(items);
  EXPECT_EQ(dict().size(), items.size());
  const Answer answer = ask(keys);
  EXPECT_EQ(answer.hits, keys.size());
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(answer.values[i], key_of("value", i));
}

TEST_F(Batches, LongValues) {
  const std::size_t longest = std::min<std::size_t>(contract().largest_value, 200'000);
  std::vector<std::pair<std::string, std::string>> items;
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) {
    items.emplace_back(key_of("key", i), random_bytes(i % 2 == 0 ? longest : 10, i));
    keys.push_back(key_of("key", i));
  }
  store(items);
  const Answer answer = ask(keys);
  EXPECT_EQ(answer.hits, keys.size());
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(answer.values[i] == items[i].second) << i;
}

}  // namespace
}  // namespace dictbench::conformance
