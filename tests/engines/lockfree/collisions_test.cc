// Keys of one hash: nobody can choose them where the hash has a key; where it has none, they cost an error
// and no memory.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "engines/lockfree/hash.h"
#include "engines/registry.h"
#include "tests/engines/crash_load.h"
#include "tests/engines/error_code.h"

namespace dictbench {
namespace {

// Of 32 bytes; those of one family have one hash. The first 8 are those that XXH3 compares the first 8 of such a key
// with before it multiplies: the product is 0 whatever the next 8 are.
std::string colliding_key(std::uint64_t number, std::uint64_t family = 0) {
  const unsigned char start[] = {0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe};
  std::string key(32, 'k');
  std::memcpy(key.data(), start, sizeof start);
  std::memcpy(key.data() + 8, &number, sizeof number);
  std::memcpy(key.data() + 24, &family, sizeof family);
  return key;
}

constexpr unsigned kKeys = 1'000;

TEST(Collisions, TheKeysHaveOneHash) {
  const lockfree::Hasher plain{KeyHash(KeyHash::Kind::xxh3)};
  for (std::uint64_t i = 1; i < kKeys; ++i) ASSERT_EQ(plain(colliding_key(i)).bits, plain(colliding_key(0)).bits);
}

TEST(Collisions, AreNoneWithAKeyedHash) {
  const auto engine = make_engine("lockfree?max=32M");
  const auto dict = engine->attach();
  for (unsigned i = 0; i < kKeys; ++i) dict->set(colliding_key(i), std::to_string(i));
  Value out;
  for (unsigned i = 0; i < kKeys; ++i) {
    ASSERT_TRUE(dict->get(colliding_key(i), out));
    ASSERT_EQ(out.view(), std::to_string(i));
  }
}

TEST(Collisions, GrowNothingWithoutOne) {
  const auto engine = make_engine("lockfree?max=32M&hash=xxh3&pages=4k");
  const auto dict = engine->attach();
  for (unsigned i = 0; i < 5'000; ++i) dict->set("other" + std::to_string(i), "v");
  const std::uint64_t before = engine->storage_bytes().in_use;
  unsigned stored = 0;
  for (unsigned i = 0; i < kKeys; ++i) try {
      dict->set(colliding_key(i), "v");
      ++stored;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::full);
      ASSERT_NE(std::string(error.what()).find("of one hash"), std::string::npos) << error.what();
    }
  EXPECT_EQ(stored, 14u) << "what a bucket and its overflow bucket hold";
  EXPECT_LE(engine->storage_bytes().in_use, before + (1 << 20)) << "a chunk for each size of table up to 16 KiB";
  EXPECT_EQ(engine->check_integrity(), "");
  EXPECT_EQ(dict->size(), 5'014u);
  dict->set(colliding_key(3), "w");
  EXPECT_TRUE(dict->erase(colliding_key(3)));
  dict->set(colliding_key(999), "w");
}

// A table that has grown, and lost its items, goes on linking overflow buckets, until none is left. Few
// items are no reason to grow on, and eight keys of one hash no reason for an error.
TEST(Collisions, OverflowBucketsOfErasedItemsComeBack) {
  const auto engine = make_engine("lockfree?max=32M&hash=xxh3&pages=4k&partitions=1");
  const auto dict = engine->attach();
  for (unsigned i = 0; i < 4'000; ++i) dict->set("other" + std::to_string(i), "v");
  for (unsigned i = 0; i < 4'000; ++i) dict->erase("other" + std::to_string(i));
  for (unsigned family = 0; family < 2'000; ++family) {
    for (unsigned i = 0; i < 8; ++i) dict->set(colliding_key(i, family), "v");
    for (unsigned i = 0; i < 8; ++i) ASSERT_TRUE(dict->erase(colliding_key(i, family)));
  }
  EXPECT_EQ(dict->size(), 0u);
  EXPECT_EQ(engine->check_integrity(), "");
}

}  // namespace
}  // namespace dictbench
