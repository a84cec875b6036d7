#include "engines/siphash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace dictbench {
namespace {

struct Vector {
  std::size_t size;
  std::uint64_t hash;
};

std::string counting(std::size_t size) {  // bytes 0, 1, 2, ...
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i));
  return text;
}

void expect_all(const HashKey& key, const std::vector<Vector>& vectors) {
  for (const Vector& vector : vectors) EXPECT_EQ(siphash(key, counting(vector.size)), vector.hash) << vector.size;
}

// CPython 3.11 hashes bytes by SipHash-1-3 (sys.hash_info.algorithm): hash(bytes(range(N))) % 2**64, N at least 1. With
// PYTHONHASHSEED=0 its key is zero; with 1 it is the first 16 bytes of a linear congruential generator
// (x = 214013 x + 2531011 modulo 2**32 from x = 1 on, bits 16 to 23 of each: Python/bootstrap_hash.c).
TEST(SipHash, GivesWhatCPythonGives) {
  expect_all({}, {{1, 0x68a914128e01e473},
                  {3, 0x4d4c9a4a8ef6e0ad},
                  {7, 0x2f098ab0c751325a},
                  {8, 0xead411e67ebe2eea},
                  {9, 0x75927f9d95124362},
                  {15, 0xf30eb725bb91c9ea},
                  {16, 0x8972188433a5c5b7},
                  {17, 0x4883c49a2c009c1d},
                  {24, 0x31185a47af932f3a},
                  {31, 0x169739443111d49b},
                  {32, 0x31ef8061c910629b},
                  {33, 0x7fb71d24dfa4c9f6},
                  {40, 0x95bc321ab41d8206}});
  expect_all({.first = 0xaed66ce184be2329, .second = 0xebe9bbf1f1499052}, {{1, 0xecd3e5afcecda4b9},
                                                                           {8, 0xc0b5739e7e28dd01},
                                                                           {15, 0xfa87985f39e97a53},
                                                                           {16, 0x12e9d283f9f37002},
                                                                           {40, 0xdb056b8b4f38310b}});
}

TEST(SipHash, DependsOnKeyAndLengthAndEveryBit) {
  const HashKey key{.first = 1, .second = 2};
  std::set<std::uint64_t> seen;
  std::size_t made = 0;
  const auto expect_new = [&](std::uint64_t hash) {
    ++made;
    EXPECT_TRUE(seen.insert(hash).second) << made;
  };
  for (std::size_t size = 0; size <= 64; ++size) {
    const std::string zeros(size, '\0');
    expect_new(siphash(key, zeros));
    expect_new(siphash({.first = 2, .second = 1}, zeros));
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      std::string text = zeros;
      text[bit / 8] = static_cast<char>(1 << bit % 8);
      expect_new(siphash(key, text));
    }
  }
}

// The 1 to 7 last bytes, wherever in memory they begin, and none beyond them.
TEST(SipHash, TailIsWhatIsLeftOfWholeWords) {
  const std::string text = counting(64);
  for (std::size_t begin = 0; begin < 8; ++begin)
    for (std::size_t size = 0; size <= 40; ++size) {
      const std::string_view part = std::string_view(text).substr(begin, size);
      std::uint64_t expected = 0;
      for (std::size_t i = size / 8 * 8; i < size; ++i)
        expected |= std::uint64_t{static_cast<unsigned char>(part[i])} << 8 * (i % 8);
      EXPECT_EQ(siphash_parts::tail(part), expected) << begin << " + " << size;
      EXPECT_EQ(siphash({}, part), siphash({}, std::string(part))) << begin << " + " << size;
    }
}

}  // namespace
}  // namespace dictbench
