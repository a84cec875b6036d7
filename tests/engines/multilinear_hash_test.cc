#include "engines/multilinear_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dictbench {
namespace {

std::string bytes_of(std::uint64_t number) { return {reinterpret_cast<const char*>(&number), sizeof number}; }

TEST(MultilinearHash, DependsOnKeyAndLengthAndEveryBit) {
  const MultilinearHash hash({.first = 1, .second = 2}), other({.first = 2, .second = 1});
  std::set<std::uint64_t> seen;
  std::size_t made = 0;
  const auto expect_new = [&](std::uint64_t value) {
    ++made;
    EXPECT_TRUE(seen.insert(value).second) << made;
  };
  for (std::size_t size = 0; size <= 140; ++size) {
    const std::string zeros(size, '\0');
    expect_new(hash(zeros));
    expect_new(other(zeros));
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      std::string text = zeros;
      text[bit / 8] = static_cast<char>(1 << bit % 8);
      expect_new(hash(text));
    }
  }
}

// Wherever in memory a text begins, and whatever lies around it.
TEST(MultilinearHash, IsOfTheTextAlone) {
  const MultilinearHash hash;
  std::string text;
  for (unsigned i = 0; i < 256; ++i) text.push_back(static_cast<char>(i));
  for (std::size_t begin = 0; begin < 8; ++begin)
    for (std::size_t size = 0; size <= 140; ++size) {
      const std::string_view part = std::string_view(text).substr(begin, size);
      EXPECT_EQ(hash(part), hash(std::string(part))) << begin << " + " << size;
    }
}

// What the theorem says of any two texts, over 20,000 keys: two hashes have the same upper, middle and lower 8 bits as
// often as two random numbers, 78 times, standard deviation 8.8.
TEST(MultilinearHash, TwoTextsMeetAsSeldomAsRandomNumbers) {
  const std::string x40(40, 'x'), zeros(24, '\0');
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"", std::string(1, '\0')},
      {zeros.substr(0, 8), zeros.substr(0, 9)},
      {zeros.substr(0, 16), zeros},
      {"a", "b"},
      {bytes_of(1), bytes_of(2)},
      {bytes_of(0), bytes_of(std::uint64_t{1} << 63)},
      {bytes_of(5) + bytes_of(5), bytes_of(5) + bytes_of(6)},
      {bytes_of(1) + bytes_of(2), bytes_of(2) + bytes_of(1)},
      {"\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe" + x40, "\xb8\xfe\x6c\x39\x23\xa4\x4b\xbf" + x40},
      {std::string(128, 'k'), std::string(129, 'k')},
  };
  for (const auto& [one, other] : pairs)
    for (const unsigned shift : {0u, 12u, 28u, 56u}) {
      unsigned meetings = 0;
      for (std::uint64_t i = 0; i < 20'000; ++i) {
        const MultilinearHash hash({.first = i, .second = 7});
        meetings += ((hash(one) ^ hash(other)) >> shift & 0xff) == 0;
      }
      EXPECT_GT(meetings, 78u - 40u) << one << " and " << other << ", bits from " << shift << " on";
      EXPECT_LT(meetings, 78u + 40u) << one << " and " << other << ", bits from " << shift << " on";
    }
}

// Keys that count up, in all the ways people number things, fill 4,096 buckets as random numbers do: of 40,960 keys at
// most about 26 fall into one. By the upper bits and by those that lockfree takes a position from.
TEST(MultilinearHash, KeysThatCountUpScatter) {
  const std::vector<std::function<std::string(std::uint64_t)>> series = {
      [](std::uint64_t i) { return std::to_string(i); },
      [](std::uint64_t i) { return "user:" + std::to_string(1'000'000 + i); },
      [](std::uint64_t i) { return "session/" + std::to_string(100'000'000 + 10 * i) + "/state"; },
      [](std::uint64_t i) { return bytes_of(i); },
      [](std::uint64_t i) { return bytes_of(i << 40); },
      [](std::uint64_t i) { return bytes_of(i * 4096) + bytes_of(0); },
      [](std::uint64_t i) { return bytes_of(i % 256) + bytes_of(i / 256); },
  };
  for (std::size_t number = 0; number < series.size(); ++number)
    for (std::uint64_t key = 0; key < 40; ++key) {
      const MultilinearHash hash({.first = key, .second = 3});
      for (const unsigned shift : {0u, 20u, 52u}) {
        std::vector<unsigned> load(4096);
        for (std::uint64_t i = 0; i < 40'960; ++i) ++load[hash(series[number](i)) >> shift & 4095];
        EXPECT_LT(*std::max_element(load.begin(), load.end()), 40u) << "series " << number << ", key " << key;
      }
    }
}

}  // namespace
}  // namespace dictbench
