// The operations, one process, short keys and values.
#include <gmock/gmock.h>

#include <cstdint>
#include <limits>
#include <map>
#include <random>

#include "tests/engines/conformance/fixture.h"

namespace dictbench::conformance {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using Basic = StoringConformance;
using AnyEngine = Conformance;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

// All that can be asked of an engine that stores nothing.
TEST_F(AnyEngine, EveryCallWorks) {
  Value value;
  dict().set("key", "value");
  dict().get("key", value);
  dict().erase("key");
  dict().size();
  if (contract().atomic_add || !contract().stores) dict().add("counter", 1);
  if (contract().lists) dict().for_each([](std::string_view, std::string_view) { return true; });
  const std::vector<KeyValue> items = {{"a", "1"}, {"b", "2"}};
  dict().set_many(items);
  const std::vector<std::string_view> keys = {"a", "b"};
  std::vector<Value> values(2);
  bool found[2] = {};
  dict().get_many(keys, values, found);
}

TEST_F(Basic, BeginsSmall) {
  constexpr std::uint64_t kSmall = 8 << 20;
  EXPECT_LT(engine().storage_bytes().in_use, kSmall) << "no engine makes room at its creation for what may come";
}

TEST_F(Basic, BeginsEmpty) {
  EXPECT_EQ(dict().size(), 0u);
  EXPECT_EQ(value_of("key"), "(missing)");
  EXPECT_FALSE(dict().erase("key"));
}

TEST_F(Basic, SetThenGet) {
  dict().set("key", "value");
  EXPECT_EQ(value_of("key"), "value");
  EXPECT_EQ(value_of("ke"), "(missing)");
  EXPECT_EQ(value_of("key2"), "(missing)");
  EXPECT_EQ(dict().size(), 1u);
}

TEST_F(Basic, SetOverwrites) {
  dict().set("key", "first");
  dict().set("key", "second");
  EXPECT_EQ(value_of("key"), "second");
  EXPECT_EQ(dict().size(), 1u);
}

TEST_F(Basic, EraseThenInsertAgain) {
  for (int round = 0; round < 3; ++round) {
    dict().set("key", std::to_string(round));
    EXPECT_TRUE(dict().erase("key"));
    EXPECT_FALSE(dict().erase("key"));
    EXPECT_EQ(value_of("key"), "(missing)");
    EXPECT_EQ(dict().size(), 0u);
  }
  dict().set("key", "again");
  EXPECT_EQ(value_of("key"), "again");
}

TEST_F(Basic, AgreesWithAMapUnderChurn) {
  std::map<std::string, std::string> model;
  std::mt19937_64 random(1);
  const int operations = rounds(20'000);
  for (int i = 0; i < operations; ++i) {
    const std::string key = key_of("churn", random() % 500);
    if (random() % 3 == 0) {
      ASSERT_EQ(dict().erase(key), model.erase(key) == 1) << key << " in operation " << i;
    } else {
      model[key] = std::to_string(i);
      dict().set(key, model[key]);
    }
  }
  EXPECT_EQ(dict().size(), model.size());
  for (int i = 0; i < 500; ++i) {
    const auto known = model.find(key_of("churn", i));
    EXPECT_EQ(value_of(key_of("churn", i)), known == model.end() ? "(missing)" : known->second);
  }
}

TEST_F(Basic, ForEachVisitsEachOnce) {
  if (!contract().lists) {
    expect_error(ErrorCode::unsupported, [&] { listed(); });
    return;
  }
  const int keys = rounds(3000);
  std::set<std::string> expected;
  for (int i = 0; i < keys; ++i) {
    dict().set(key_of("item", i), key_of("value of item", i));
    expected.insert(key_of("item", i));
  }
  EXPECT_EQ(listed(), expected);
  dict().for_each([](std::string_view key, std::string_view value) {
    EXPECT_EQ("value of " + std::string(key), value);
    return true;
  });
}

TEST_F(Basic, ForEachStopsWhenTold) {
  if (!contract().lists) GTEST_SKIP() << "no listing";
  for (int i = 0; i < 10; ++i) dict().set(key_of("item", i), "value");
  int visits = 0;
  dict().for_each([&](std::string_view, std::string_view) { return ++visits < 3; });
  EXPECT_EQ(visits, 3);
  EXPECT_EQ(dict().size(), 10u);
}

TEST_F(Basic, ScanGoesInByteOrder) {
  std::vector<std::string> seen;
  const auto see = [&](std::string_view key, std::string_view) {
    seen.emplace_back(key);
    return true;
  };
  if (!contract().ordered) {
    expect_error(ErrorCode::unsupported, [&] { dict().scan("a", 1, see); });
    return;
  }
  for (const char* key : {"b", "\xff", "aa", "a", "B", "ab"}) dict().set(key, "value");
  EXPECT_EQ(dict().scan("a", 3, see), 3u);
  EXPECT_THAT(seen, ElementsAre("a", "aa", "ab"));
  seen.clear();
  EXPECT_EQ(dict().scan("aaa", 100, see), 3u);
  EXPECT_THAT(seen, ElementsAre("ab", "b", "\xff"));
  seen.clear();
  dict().for_each(see);
  EXPECT_THAT(seen, ElementsAre("B", "a", "aa", "ab", "b", "\xff"));
  seen.clear();
  EXPECT_EQ(dict().scan("a", 100, [&](std::string_view key, std::string_view) { return see(key, ""), false; }), 1u);
  EXPECT_EQ(dict().scan("a", 0, see), 0u);
  EXPECT_THAT(seen, ElementsAre("a"));
}

class Counters : public StoringConformance {
 protected:
  void SetUp() override {
    if (!contract().atomic_add) GTEST_SKIP() << "the contract says that there is no atomic add";
    StoringConformance::SetUp();
  }
};

TEST_F(Counters, StartAtZeroAndReadAsText) {
  EXPECT_EQ(dict().add("counter", 5), 5);
  EXPECT_EQ(dict().add("counter", 7), 12);
  EXPECT_EQ(value_of("counter"), "12");
  EXPECT_EQ(dict().add("other", 0), 0);
  EXPECT_EQ(value_of("other"), "0");
  EXPECT_EQ(dict().size(), 2u);
}

TEST_F(Counters, GoNegativeAndBack) {
  EXPECT_EQ(dict().add("counter", -3), -3);
  EXPECT_EQ(value_of("counter"), "-3");
  EXPECT_EQ(dict().add("counter", -1000), -1003);
  EXPECT_EQ(dict().add("counter", 1004), 1);
  EXPECT_EQ(value_of("counter"), "1");
  EXPECT_EQ(dict().add("counter", -1), 0);
}

TEST_F(Counters, ShrinkWithoutPadding) {
  EXPECT_EQ(dict().add("counter", 1000), 1000);
  EXPECT_EQ(dict().add("counter", -999), 1);
  EXPECT_EQ(value_of("counter"), "1");
}

TEST_F(Counters, ContinueFromWhatWasSet) {
  dict().set("counter", "41");
  EXPECT_EQ(dict().add("counter", 1), 42);
  dict().set("counter", "-7");
  EXPECT_EQ(dict().add("counter", 1), -6);
}

TEST_F(Counters, ReachTheEndsOfTheRangeAndNoFurther) {
  EXPECT_EQ(dict().add("most", kMost), kMost);
  expect_error(ErrorCode::too_large, [&] { dict().add("most", 1); });
  EXPECT_EQ(value_of("most"), std::to_string(kMost));
  EXPECT_EQ(dict().add("most", -1), kMost - 1);
  EXPECT_EQ(dict().add("least", kLeast), kLeast);
  expect_error(ErrorCode::too_large, [&] { dict().add("least", -1); });
  EXPECT_EQ(value_of("least"), std::to_string(kLeast));
  EXPECT_EQ(dict().add("least", 1), kLeast + 1);
}

TEST_F(Counters, RefuseWhatIsNoNumberAndKeepIt) {
  for (const char* text : {"x", "", "12x", "1.5", "99999999999999999999"}) {
    dict().set("text", text);
    try {
      dict().add("text", 1);
      ADD_FAILURE() << "added to '" << text << "'";
    } catch (const Error& error) {
      EXPECT_EQ(to_string(error.code()), "unsupported") << "'" << text << "': " << error.what();
    }
    EXPECT_EQ(value_of("text"), text);
  }
  dict().set("text", "1");
  EXPECT_EQ(dict().add("text", 1), 2);
}

}  // namespace
}  // namespace dictbench::conformance
