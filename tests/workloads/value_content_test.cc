#include "workloads/value_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "workloads/key_text.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;

Workload workload_of(const std::string& values, std::uint32_t batch = 1) {
  return parse_workload(
      "preload = true\n[keys]\nformats = [\"key{index:013}\", \"n{index}\"]\ncount = 1000\n[values]\n" + values +
          "\n[[phase]]\nname = \"set\"\nmix = {set = 1}\noperations = 1000\nbatch = " + std::to_string(batch) + "\n",
      "test.toml");
}

// One workload, its operations and the two sides of its values.
struct Values {
  explicit Values(const std::string& values, std::uint8_t worker = 3, std::uint32_t batch = 1, std::uint32_t alive = 1)
      : workload(workload_of(values, batch)),
        stream(workload, workload.phases[0], 0, 1),
        writer(workload, workload.phases[0], worker, alive),
        checker(workload, workload.phases[0]) {}

  std::string check(std::size_t index, std::string_view value) const {
    return checker.check(stream[index].key(), stream[index].key_number, value);
  }

  Workload workload;
  OperationStream stream;
  ValueWriter writer;
  ValueChecker checker;
};

TEST(TaggedValue, IsWholeAndSaysWhoWroteIt) {
  for (const int size :
       {10, 11, 15, 16, 17, 19, 20, 21, 26, 63, 64, 100, 255, 256, 257, 261, 266, 272, 1000, 5000, 70'000}) {
    Values values("size = " + std::to_string(size));
    for (const std::uint64_t sequence : {0ull, 1ull, 2ull, 77ull, 1ull << 24, (1ull << 40) - 1}) {
      for (std::size_t i = 0; i < 20; ++i) {
        const std::string_view value = values.writer.make(values.stream[i], sequence);
        ASSERT_EQ(value.size(), static_cast<std::size_t>(size));
        ASSERT_EQ(values.check(i, value), "") << size;
        ASSERT_EQ(values.checker.stamp(value), (Stamp{3, sequence}));
      }
    }
  }
}

class EveryByte : public ::testing::TestWithParam<int> {};

TEST_P(EveryByte, FlippedIsNoticed) {
  Values values("size = " + std::to_string(GetParam()));
  for (std::uint64_t sequence = 0; sequence < 9; ++sequence) values.writer.make(values.stream[0], sequence);
  const std::string value(values.writer.make(values.stream[1], 123'456));
  ASSERT_EQ(values.check(1, value), "");
  for (std::size_t byte = 0; byte < value.size(); ++byte) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string torn = value;
      torn[byte] = static_cast<char>(torn[byte] ^ flip);
      ASSERT_NE(values.check(1, torn), "") << "byte " << byte;
    }
  }
}

TEST_P(EveryByte, TornBetweenTwoWritesIsNoticed) {
  Values values("size = " + std::to_string(GetParam()), 3, 1, 4);
  Values others("size = " + std::to_string(GetParam()), 4);
  const std::string_view old = values.writer.make(values.stream[1], 1000);
  for (const std::string_view next :
       {values.writer.make(values.stream[1], 1001), others.writer.make(others.stream[1], 1000)}) {
    for (std::size_t byte = 1; byte < old.size(); ++byte) {
      const std::string torn = std::string(old.substr(0, byte)) + std::string(next.substr(byte));
      const std::string back = std::string(next.substr(0, byte)) + std::string(old.substr(byte));
      ASSERT_TRUE(torn == old || torn == next || !values.check(1, torn).empty()) << "byte " << byte;
      ASSERT_TRUE(back == old || back == next || !values.check(1, back).empty()) << "byte " << byte;
    }
  }
}

TEST_P(EveryByte, ForeignCutAndLongerAreNoticed) {
  Values values("size = " + std::to_string(GetParam()));
  const std::string value(values.writer.make(values.stream[1], 5));
  EXPECT_THAT(values.check(2, value), HasSubstr("belongs to another key"));
  for (std::size_t bytes = 0; bytes < value.size(); ++bytes)
    ASSERT_THAT(values.check(1, value.substr(0, bytes)), HasSubstr("bytes instead of " + std::to_string(GetParam())));
  EXPECT_NE(values.check(1, value + "x"), "");
}

INSTANTIATE_TEST_SUITE_P(Sizes, EveryByte, ::testing::Values(10, 16, 20, 100, 1000, 5000));

TEST(TaggedValue, ALineOfAnotherWriteInTheMiddleIsNoticed) {
  Values values("size = 4096", 3, 1, 2);
  Values others("size = 4096", 4);
  const std::string one(values.writer.make(values.stream[1], 7));
  const std::string next(values.writer.make(values.stream[1], 8));
  const std::string other(others.writer.make(others.stream[1], 7));
  for (std::size_t line = 0; line < 4096; line += 64) {
    EXPECT_NE(values.check(1, std::string(one).replace(line, 64, next, line, 64)), "") << line;
    EXPECT_NE(values.check(1, std::string(one).replace(line, 64, other, line, 64)), "") << line;
  }
}

TEST(TaggedValue, SaysWhereItIsTorn) {
  Values values("size = 1000");
  std::string value(values.writer.make(values.stream[1], 5));
  value[512] ^= 1;
  EXPECT_EQ(values.check(1, value), "torn at byte 512");
}

TEST(TaggedValue, LengthsFollowWeightsAndStamp) {
  Values values("sizes = [{bytes = 10, weight = 3}, {bytes = 300, weight = 1}, {bytes = 29}]");
  std::map<std::size_t, int> lengths;
  for (std::uint64_t sequence = 0; sequence < 50'000; ++sequence) {
    const std::string_view value = values.writer.make(values.stream[sequence % 1000], sequence);
    ++lengths[value.size()];
    ASSERT_EQ(values.check(sequence % 1000, value), "");
  }
  ASSERT_EQ(lengths.size(), 3u);
  EXPECT_NEAR(lengths[10], 30'000, 600);
  EXPECT_NEAR(lengths[300], 10'000, 500);
  std::uint64_t sequence = 0;
  while (values.writer.make(values.stream[0], sequence).size() != 300) ++sequence;
  const std::string value(values.writer.make(values.stream[0], sequence));
  EXPECT_EQ(values.check(0, value.substr(0, 10)), "10 bytes instead of 300");
  EXPECT_EQ(values.check(0, value.substr(0, 11)), "11 bytes instead of one of 3 lengths from 10 to 300");
}

TEST(TaggedValue, LengthsInAnyOrderLeaveNoTrace) {
  Values values("size = {distribution = \"uniform\", least = 250, most = 400}");
  for (std::uint64_t sequence = 0; sequence < 20'000; ++sequence)
    ASSERT_EQ(values.check(1, values.writer.make(values.stream[1], sequence)), "") << sequence;
  Values small("size = {distribution = \"uniform\", least = 10, most = 70}");
  for (std::uint64_t sequence = 0; sequence < 20'000; ++sequence)
    ASSERT_EQ(small.check(1, small.writer.make(small.stream[1], sequence)), "") << sequence;
  Values large("sizes = [{bytes = 10}, {bytes = 100_000}, {bytes = 99_999}, {bytes = 50_001}]");
  for (std::uint64_t sequence = 0; sequence < 500; ++sequence)
    ASSERT_EQ(large.check(1, large.writer.make(large.stream[1], sequence)), "") << sequence;
}

TEST(TaggedValue, LivesForABatch) {
  for (const char* size : {"size = 10", "size = 100", "size = 2000"}) {
    for (const auto& [batch, alive] : {std::pair{32u, 1u}, std::pair{1u, 32u}}) {
      Values values(size, 3, batch, alive);
      std::vector<std::string_view> made;
      for (std::uint64_t i = 0; i < 1000; ++i) {
        made.push_back(values.writer.make(values.stream[i], i));
        for (std::uint64_t back = i < 32 ? 0 : i - 32; back <= i; ++back)
          ASSERT_EQ(values.checker.stamp(made[back]), (Stamp{3, back}));
      }
      for (std::uint64_t i = 1000 - 32; i < 1000; ++i) EXPECT_EQ(values.check(i, made[i]), "");
    }
  }
}

TEST(TaggedValue, PreloadsBelongToTheirKeyNumber) {
  const Workload workload = workload_of("size = 10");
  const Phase preload = preload_phase(workload);
  const OperationStream stream(workload, preload, 0, 1);
  ValueWriter writer(workload, preload, kPreloadWriter);
  const ValueChecker checker(workload, preload);
  const std::string right(writer.make(stream[5], stream[5].key_number));
  EXPECT_EQ(checker.check(stream[5].key(), 5, right), "");
  EXPECT_EQ(checker.stamp(right), (Stamp{kPreloadWriter, 5}));
  const std::string wrong(writer.make(stream[5], 6));
  EXPECT_THAT(checker.check(stream[5].key(), 5, wrong), HasSubstr("key number 6"));
}

TEST(KeyValues, AreTheKeyCutOrPadded) {
  Values values("size = 10\ncontent = \"key\"");
  EXPECT_EQ(values.writer.make(values.stream[7], 0), "key0000000");
  EXPECT_EQ(values.writer.make(values.stream[507], 0), "n700000000");
  EXPECT_EQ(values.check(507, "n700000000"), "");
  EXPECT_EQ(values.check(507, "n800000000"), "wrong from byte 1 on");
  EXPECT_EQ(values.check(507, "n7"), "2 bytes instead of 10");
  EXPECT_FALSE(values.checker.stamp("n700000000"));
}

TEST(RepeatValues, AreTheTextOfTheKeysGroup) {
  Values values("size = 10\ncontent = \"repeat\"\ntexts = [\"Foreground\", \"ab\"]");
  EXPECT_EQ(values.writer.make(values.stream[0], 0), "Foreground");
  EXPECT_EQ(values.writer.make(values.stream[999], 1), "ababababab");
  EXPECT_EQ(values.check(999, "ababababab"), "");
  EXPECT_EQ(values.check(0, "ababababab"), "wrong from byte 0 on");
}

TEST(Counters, AreDecimalNumbers) {
  const Workload workload = load_workload("lock-counter");
  const ValueChecker checker(workload, workload.phases[0]);
  EXPECT_EQ(checker.check("counter0", 0, "-12"), "");
  EXPECT_NE(checker.check("counter0", 0, "12x"), "");
  EXPECT_NE(checker.check("counter0", 0, ""), "");
}

}  // namespace
}  // namespace dictbench
