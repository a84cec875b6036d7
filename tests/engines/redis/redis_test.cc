#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engines/redis/connection.h"
#include "engines/registry.h"

namespace dictbench {
namespace {

class Redis : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto reason = find_engine("redis").missing(parse_engine_spec("redis"))) GTEST_SKIP() << *reason;
  }
};

std::unique_ptr<Engine> create(const std::string& text) {
  const Spec spec = parse_engine_spec(text);
  return find_engine("redis").create(spec, {});
}

TEST_F(Redis, SaysWhenItIsFullAndKeepsWhatItHas) {
  const auto engine = create("redis?memory=4M");
  const auto dict = engine->attach();
  const std::string value(10'000, 'v');
  int stored = 0;
  const auto fill = [&] {
    for (;; ++stored) dict->set("key" + std::to_string(stored), value);
  };
  EXPECT_THROW(
      try { fill(); } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::full);
        throw;
      },
      Error);
  EXPECT_GT(stored, 10);
  EXPECT_THROW(dict->set("key0", value + value), Error);
  const std::vector<KeyValue> items(3, KeyValue{"key1", value});
  EXPECT_THROW(dict->set_many(items), Error);
  Value out;
  for (int i = 0; i < stored; ++i) {
    ASSERT_TRUE(dict->get("key" + std::to_string(i), out)) << i;
    ASSERT_EQ(out.view(), value);
  }
  EXPECT_EQ(dict->size(), static_cast<std::uint64_t>(stored));
}

TEST_F(Redis, ListsEveryKeyOnce) {
  constexpr int kKeys = 3000;
  const auto engine = create("redis");
  const auto dict = engine->attach();
  for (int i = 0; i < kKeys; ++i) dict->set("key" + std::to_string(i), std::to_string(i));
  std::map<std::string, int> visits;
  // Erasing most keys meanwhile makes the server shrink its table, and SCAN repeat itself.
  const auto other = engine->attach();
  int next = kKeys / 10;
  dict->for_each([&](std::string_view key, std::string_view value) {
    EXPECT_EQ(key, "key" + std::string(value));
    ++visits[std::string(key)];
    for (int i = 0; i < 2 && next < kKeys; ++i) other->erase("key" + std::to_string(next++));
    return true;
  });
  for (const auto& [key, count] : visits) EXPECT_EQ(count, 1) << key;
  for (int i = 0; i < kKeys / 10; ++i) EXPECT_EQ(visits.count("key" + std::to_string(i)), 1u) << i;
  int visited = 0;
  dict->for_each([&](std::string_view, std::string_view) { return ++visited < 3; });
  EXPECT_EQ(visited, 3);
}

TEST_F(Redis, TellsAKeyOfAnotherKind) {
  const auto engine = create("redis");
  RedisConnection(Endpoint::parse(engine->address()), std::chrono::seconds(1)).call("RPUSH", "list", "item");
  const auto dict = engine->attach();
  Value out;
  try {
    dict->get("list", out);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
  }
  dict->set("list", "a string now");
  EXPECT_TRUE(dict->get("list", out));
}

TEST_F(Redis, KeepsToItsDatabase) {
  const auto engine = create("redis");
  const auto dict = engine->attach();
  dict->set("ours", "value");
  {
    const auto guest = create("redis?db=3&address=" + engine->address());
    guest->attach()->set("theirs", "value");
    EXPECT_EQ(dict->size(), 1u);
  }
  EXPECT_EQ(dict->size(), 1u) << "emptying database 3 leaves ours alone";
}

TEST_F(Redis, NamesWhatCannotBeReached) {
  EXPECT_THAT([] { create("redis?address=/nonexistent/socket"); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("/nonexistent/socket")));
  EXPECT_THAT([] { create("redis?address=nowhere"); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("host:port")));
}

TEST(RedisDescription, GroupsAsManyOperationsAsThePipelineTakes) {
  const EngineDescription& redis = find_engine("redis");
  EXPECT_EQ(redis.batch(parse_engine_spec("redis")), 1u);
  EXPECT_EQ(redis.batch(parse_engine_spec("redis?pipeline=16")), 16u);
}

}  // namespace
}  // namespace dictbench
