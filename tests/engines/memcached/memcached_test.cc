#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engines/registry.h"
#include "tests/engines/error_code.h"

namespace dictbench {
namespace {

class Memcached : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const auto reason = find_engine("memcached").missing(parse_engine_spec("memcached"))) GTEST_SKIP() << *reason;
  }

  // The specs differ in the protocol.
  static std::unique_ptr<Engine> create(const std::string& options) {
    const Spec spec = parse_engine_spec(std::string(GetParam()) + options);
    return find_engine("memcached").create(spec, {});
  }
};

TEST_P(Memcached, SaysWhenItIsFullAndKeepsWhatItHas) {
  const auto engine = create("&max=4M");
  const auto dict = engine->attach();
  const std::string value(10'000, 'v');
  int stored = 0;
  EXPECT_EQ(error_code_of([&] {
              for (;; ++stored) dict->set("key" + std::to_string(stored), value);
            }),
            ErrorCode::full);
  EXPECT_GT(stored, 10);
  // An overwrite needs room for both values.
  const std::string other(10'000, 'w');
  int overwritten = 0;
  for (int i = 0; i < stored; ++i) {
    try {
      dict->set("key" + std::to_string(i), other);
      ++overwritten;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::full);
    }
  }
  EXPECT_LT(overwritten, stored);
  Value out;
  int changed = 0;
  for (int i = 0; i < stored; ++i) {
    ASSERT_TRUE(dict->get("key" + std::to_string(i), out)) << i;
    EXPECT_TRUE(out.view() == value || out.view() == other);
    changed += out.view() == other;
  }
  EXPECT_EQ(changed, overwritten);
  EXPECT_EQ(dict->size(), static_cast<std::uint64_t>(stored));
}

// Why `full` may stay after much was erased: memory once taken serves values of about the same size only.
TEST_P(Memcached, ErasedRoomServesItsOwnSizeOnly) {
  const auto engine = create("&max=8M");
  const auto dict = engine->attach();
  const auto fill = [&](const std::string& value) {
    int stored = 0;
    EXPECT_EQ(error_code_of([&] {
                for (;; ++stored) dict->set("key" + std::to_string(stored), value);
              }),
              ErrorCode::full);
    for (int i = 0; i < stored; ++i) dict->erase("key" + std::to_string(i));
    return stored;
  };
  const std::string short_value(1000, 'v');
  const int stored = fill(short_value);
  EXPECT_EQ(fill(short_value), stored);
  EXPECT_LT(fill(std::string(50'000, 'v')), stored / 50 / 2);
}

TEST_P(Memcached, KeepsItsLargestValue) {
  const auto engine = create("&max=16M");
  const auto dict = engine->attach();
  const std::string value(find_engine("memcached").contract(parse_engine_spec("memcached?max=16M")).largest_value, 'v');
  EXPECT_EQ(value.size() >> 20, 7u);
  const std::string key(250, 'k');
  dict->set(key, value);
  Value out;
  ASSERT_TRUE(dict->get(key, out));
  EXPECT_TRUE(out.view() == value);
}

TEST_P(Memcached, StoresWhateverTheKeyWasBefore) {
  for (const char* store : {"&store=keep", "&store=set"}) {
    const auto engine = create(store);
    const auto dict = engine->attach();
    Value out;
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 10; ++i) {
        const std::string key = "key" + std::to_string(i);
        dict->set(key, "first");
        dict->set(key, "second");
        ASSERT_TRUE(dict->get(key, out));
        EXPECT_EQ(out.view(), "second");
        EXPECT_EQ(i % 2 == round % 2 && dict->erase(key), i % 2 == round % 2);
      }
    }
  }
}

TEST_P(Memcached, ListsNothing) {
  const auto engine = create("");
  const auto dict = engine->attach();
  EXPECT_EQ(error_code_of([&] { dict->for_each([](std::string_view, std::string_view) { return true; }); }),
            ErrorCode::unsupported);
}

INSTANTIATE_TEST_SUITE_P(Protocols, Memcached,
                         ::testing::Values("memcached?protocol=ascii", "memcached?protocol=binary"),
                         [](const auto& test) {
                           return std::string(test.param).substr(sizeof "memcached?protocol=" - 1);
                         });

TEST(MemcachedContract, FollowsTheOptions) {
  const EngineDescription& memcached = find_engine("memcached");
  EXPECT_FALSE(memcached.contract(parse_engine_spec("memcached")).binary_keys);
  EXPECT_TRUE(memcached.contract(parse_engine_spec("memcached?protocol=binary")).binary_keys);
  EXPECT_EQ(memcached.contract(parse_engine_spec("memcached?max=3M")).largest_value >> 10, 1535u);
  EXPECT_LT(memcached.contract(parse_engine_spec("memcached?address=localhost:11211")).largest_value, 1u << 20);
}

}  // namespace
}  // namespace dictbench
