#include "engines/key_hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace dictbench {
namespace {

using Kind = KeyHash::Kind;

// As an engine's options would be bound.
Spec spec(const std::string& hash) {
  Spec made = Spec::parse("some?hash=" + hash);
  const OptionRule rule = KeyHash::option();
  made.bind({&rule, 1});
  return made;
}

TEST(HashKey, IsAnotherOneEachTime) {
  const HashKey one = HashKey::random(), other = HashKey::random();
  EXPECT_NE(one.first, other.first);
  EXPECT_NE(one.second, other.second);
}

TEST(KeyHash, IsWhatTheOptionSays) {
  for (const std::string& choice : KeyHash::option().choices) {
    const KeyHash one = KeyHash::of(spec(choice)), other = KeyHash::of(spec(choice));
    EXPECT_TRUE(one.is_known());
    EXPECT_EQ(one.name(), choice);
    EXPECT_EQ(one.is_keyed(), choice != "xxh3");
    EXPECT_EQ(one("key") == other("key"), !one.is_keyed()) << choice;
  }
}

TEST(KeyHash, OfOtherBytesIsNotKnown) {
  const KeyHash other(static_cast<Kind>(17));
  EXPECT_FALSE(other.is_known());
  EXPECT_EQ(other.name(), "unknown");
}

// Keys that all have one hash of XXH3, and of absl::Hash, each have one of their own.
TEST(KeyHash, PartsKeysThatMeetInXxh3AndAbslHash) {
  for (const Kind kind : {Kind::multilinear, Kind::sip})
    for (const std::string_view head : {"\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe", "\x44\x73\x70\x03\x2e\x8a\x19\x13"}) {
      const KeyHash hash(kind);
      std::set<std::uint64_t> hashes;
      for (unsigned i = 0; i < 1000; ++i) {
        std::string middle = std::to_string(i);
        middle.resize(8, ' ');
        hashes.insert(hash(std::string(head) + middle + std::string(16, 'x')));
      }
      EXPECT_EQ(hashes.size(), 1000u);
    }
}

}  // namespace
}  // namespace dictbench
