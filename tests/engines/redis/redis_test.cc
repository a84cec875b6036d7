#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "engines/redis/connection.h"
#include "engines/registry.h"
#include "tests/engines/server/processes.h"

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
  const auto engine = create("redis?max=4M");
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

// Bytes of the server's hash table of database 0; it shrinks some time after most keys are gone.
long long table_bytes(RedisConnection& connection) {
  const Reply all = connection.call("MEMORY", "STATS");
  for (std::size_t i = 0; i + 1 < all->elements; i += 2) {
    if (text_of(*all->element[i]) != "db.0") continue;
    const redisReply& database = *all->element[i + 1];
    for (std::size_t k = 0; k + 1 < database.elements; k += 2)
      if (text_of(*database.element[k]) == "overhead.hashtable.main") return database.element[k + 1]->integer;
  }
  return 0;
}

TEST_F(Redis, ListsEveryKeyOnce) {
  constexpr int kKeys = 3000;
  constexpr int kStay = kKeys / 15;  // few enough that the server shrinks its table, and SCAN then repeats itself
  const auto engine = create("redis");
  const auto dict = engine->attach();
  for (int i = 0; i < kKeys; ++i) dict->set("key" + std::to_string(i), std::to_string(i));
  RedisConnection other(Endpoint::parse(engine->address()), std::chrono::seconds(1));
  std::map<std::string, int> visits;
  int visited = 0;
  dict->for_each([&](std::string_view key, std::string_view value) {
    EXPECT_EQ(key, "key" + std::string(value));
    ++visits[std::string(key)];
    if (++visited == kKeys / 2) {
      const long long before = table_bytes(other);
      for (int i = kStay; i < kKeys; ++i) other.call("DEL", "key" + std::to_string(i));
      EXPECT_TRUE(testing::becomes_true([&] { return table_bytes(other) < before / 4; }));
    }
    return true;
  });
  for (const auto& [key, count] : visits) EXPECT_EQ(count, 1) << key;
  for (int i = 0; i < kStay; ++i) EXPECT_EQ(visits.count("key" + std::to_string(i)), 1u) << i;
}

TEST_F(Redis, EndsTheWalkWhenToldTo) {
  const auto engine = create("redis");
  const auto dict = engine->attach();
  for (int i = 0; i < 10; ++i) dict->set("key" + std::to_string(i), "value");
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
