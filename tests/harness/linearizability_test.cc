// The checker of linearizability against one that tries every order, and its smallest histories.
#include "harness/verify/linearizability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/verify/smallest_history.h"
#include "random_history.h"

namespace dictbench {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

Operation operation(OperationKind kind, std::uint32_t process, std::int64_t begin, std::int64_t end) {
  Operation made;
  made.begin_ns = begin;
  made.end_ns = end;
  made.process = process;
  made.kind = kind;
  return made;
}

Operation set(std::uint32_t process, std::int64_t value, std::int64_t begin, std::int64_t end) {
  Operation made = operation(OperationKind::set, process, begin, end);
  made.argument = value;
  return made;
}

Operation add(std::uint32_t process, std::int64_t delta, std::int64_t sum, std::int64_t begin, std::int64_t end) {
  Operation made = operation(OperationKind::add, process, begin, end);
  made.argument = delta;
  made.result = sum;
  made.outcome = Outcome::found;
  return made;
}

Operation get(std::uint32_t process, std::int64_t value, std::int64_t begin, std::int64_t end) {
  Operation made = operation(OperationKind::get, process, begin, end);
  made.result = value;
  made.outcome = Outcome::found;
  return made;
}

constexpr std::int64_t kOpen = Operation::kOpen;

Answer answer(const std::vector<Operation>& operations) { return decide_key(operations, {}).answer; }

TEST(Linearizability, AnEmptyHistoryIsLegal) { EXPECT_EQ(answer({}), Answer::ok); }

TEST(Linearizability, AReadMaySeeAWriteThatOverlapsItOrNot) {
  EXPECT_EQ(answer({set(0, 1, 0, 1), set(1, 2, 2, 6), get(2, 1, 3, 4)}), Answer::ok);
  EXPECT_EQ(answer({set(0, 1, 0, 1), set(1, 2, 2, 6), get(2, 2, 3, 4)}), Answer::ok);
}

TEST(Linearizability, AStaleReadIsIllegal) {
  const std::vector<Operation> history{set(0, 1, 0, 1), set(1, 2, 2, 3), get(2, 1, 4, 5)};
  const Decision decision = decide_key(history, {});
  EXPECT_EQ(decision.answer, Answer::illegal);
  EXPECT_EQ(decision.unexplained, 2u);
}

TEST(Linearizability, NewThenOldIsIllegalThoughBothOverlapTheWrite) {
  EXPECT_EQ(answer({set(0, 1, 0, 1), set(1, 2, 2, 9), get(2, 2, 3, 4), get(3, 1, 5, 6)}), Answer::illegal);
}

TEST(Linearizability, ALostIncrementIsIllegal) {
  EXPECT_EQ(answer({add(0, 1, 1, 0, 5), add(1, 1, 1, 1, 6)}), Answer::illegal);
  EXPECT_EQ(answer({add(0, 1, 2, 0, 5), add(1, 1, 1, 1, 6)}), Answer::ok);
}

TEST(Linearizability, AnOpenWriteMayTakeEffectLateOrNever) {
  EXPECT_EQ(answer({set(0, 1, 0, 1), set(1, 2, 2, kOpen), get(2, 1, 10, 11), get(2, 2, 12, 13)}), Answer::ok);
  EXPECT_EQ(answer({set(0, 1, 0, 1), set(1, 2, 2, kOpen), get(2, 1, 10, 11)}), Answer::ok);
  EXPECT_EQ(answer({set(0, 1, 0, 1), set(1, 2, 2, kOpen), get(2, 2, 10, 11), get(2, 1, 12, 13)}), Answer::illegal);
}

TEST(Linearizability, AnUnreadableValueIsIllegal) {
  EXPECT_EQ(answer({set(0, 1, 0, 1), get(1, kUnreadable, 2, 3)}), Answer::illegal);
}

TEST(Linearizability, TheOrderOfOneProcessIsKept) {
  // Buffered: both sets end late, but the second one must win.
  EXPECT_EQ(answer({set(0, 1, 0, 10), set(0, 2, 1, 10), get(1, 1, 11, 12)}), Answer::illegal);
  EXPECT_EQ(answer({set(0, 1, 0, 10), set(1, 2, 1, 10), get(1, 1, 11, 12)}), Answer::ok);
}

TEST(Linearizability, TooMuchAtOnceIsUnknown) {
  std::vector<Operation> overlapping, open;
  for (std::uint32_t i = 0; i <= kMostOverlapping; ++i) overlapping.push_back(set(i, i, i, 1000));
  for (std::uint32_t i = 0; i <= kMostOpen; ++i) open.push_back(set(i, i, i, kOpen));
  EXPECT_EQ(answer(overlapping), Answer::unknown);
  EXPECT_THAT(decide_key(overlapping, {}).why, HasSubstr("overlap"));
  EXPECT_EQ(answer(open), Answer::unknown);
  EXPECT_THAT(decide_key(open, {}).why, HasSubstr("never returned"));
}

TEST(Linearizability, LimitsOfMemoryAndTimeGiveUnknown) {
  std::vector<Operation> wide;  // any subset of the sets may have happened when one returns
  for (std::uint32_t i = 0; i < 24; ++i) wide.push_back(set(i, i, i, 1000 + i));
  EXPECT_THAT(decide_key(wide, {.most_configurations = 1000}).why, HasSubstr("1000 configurations"));
  const auto past = std::chrono::steady_clock::now() - seconds(1);
  const Decision late = decide_key(wide, {.deadline = past});
  EXPECT_EQ(late.answer, Answer::unknown);
  EXPECT_THAT(late.why, HasSubstr("time"));
}

TEST(Linearizability, ALongHistoryWithQuietMomentsIsQuick) {
  std::vector<Operation> history;
  for (std::int64_t i = 0; i < 100'000; ++i) {
    history.push_back(set(0, i, 10 * i, 10 * i + 6));
    history.push_back(get(1, i, 10 * i + 3, 10 * i + 8));
  }
  EXPECT_EQ(decide_key(history, {.deadline = std::chrono::steady_clock::now() + seconds(20)}).answer, Answer::ok);
}

class AgainstBruteForce : public ::testing::TestWithParam<RandomHistoryOptions> {
 protected:
  static constexpr int kHistories = 6000;
};

TEST_P(AgainstBruteForce, BothDecideAlike) {
  Random random(20170);
  int illegal = 0;
  for (int i = 0; i < kHistories; ++i) {
    const auto history = i % 2 ? changed_history(random, GetParam()) : legal_history(random, GetParam());
    const bool legal = legal_by_trying_all(history);
    ASSERT_TRUE(legal || i % 2);
    ASSERT_EQ(answer(history), legal ? Answer::ok : Answer::illegal) << history_table(history, std::nullopt);
    illegal += !legal;
  }
  EXPECT_GT(illegal, kHistories / 20);
}

TEST_P(AgainstBruteForce, TheSmallestHistoryIsIllegalAndNoLarger) {
  Random random(1993);
  std::size_t before = 0, after = 0;
  for (int i = 0; i < kHistories; ++i) {
    const auto history = changed_history(random, GetParam());
    const Decision decision = decide_key(history, {});
    if (decision.answer != Answer::illegal) continue;
    const SmallestHistory smallest = smallest_illegal_history(history, decision, seconds(10));
    ASSERT_FALSE(legal_by_trying_all(smallest.operations))
        << history_table(history, std::nullopt) << history_table(smallest.operations, std::nullopt);
    ASSERT_LT(smallest.unexplained, smallest.operations.size());
    ASSERT_LE(smallest.operations.size(), history.size() + 1);
    before += history.size();
    after += smallest.operations.size();
  }
  EXPECT_LT(after, before * 9 / 10);
}

TEST_P(AgainstBruteForce, LeavingOutMakesNoLegalHistoryIllegal) {
  Random random(1990);
  int left_out = 0;
  for (int i = 0; i < kHistories; ++i) {
    const auto history = legal_history(random, GetParam());
    for (std::size_t index = 0; index < history.size(); ++index) {
      if (!may_leave_out(history, index)) continue;
      auto rest = history;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(index));
      ASSERT_TRUE(legal_by_trying_all(rest)) << "without " << index << "\n" << history_table(history, index);
      left_out += history[index].kind != OperationKind::get;
    }
  }
  EXPECT_GT(left_out, kHistories / 20);
}

INSTANTIATE_TEST_SUITE_P(Histories, AgainstBruteForce,
                         ::testing::Values(RandomHistoryOptions{}, RandomHistoryOptions{.adds = false},
                                           RandomHistoryOptions{.most_operations = 6, .processes = 6},
                                           RandomHistoryOptions{.killed_one_in = 2},
                                           RandomHistoryOptions{.processes = 2, .processes_overlap_themselves = true}),
                         [](const auto& param) { return std::to_string(param.index); });

// A quiet moment stands in for all before it: without that a counter's history could not be cut.
TEST(SmallestHistory, BeginsAtTheLastQuietMoment) {
  std::vector<Operation> history;
  for (std::int64_t i = 0; i < 1000; ++i) history.push_back(add(0, 1, i + 1, 10 * i, 10 * i + 5));
  history.push_back(add(1, 1, 1001, 10'000, 10'005));
  history.push_back(add(0, 1, 1001, 10'001, 10'006));
  const Decision decision = decide_key(history, {});
  ASSERT_EQ(decision.answer, Answer::illegal);
  const SmallestHistory smallest = smallest_illegal_history(history, decision, seconds(10));
  EXPECT_EQ(smallest.operations.size(), 3u);
  EXPECT_EQ(smallest.left_out, 1000u);
  EXPECT_THAT(to_text(smallest), HasSubstr("(before)  it holds 1000"));
}

TEST(SmallestHistory, TellsWhereAStaleValueCameFrom) {
  const std::vector<Operation> history{set(0, 17, 0, 1000), set(1, 18, 2000, 3000), get(2, 17, 4000, 5000)};
  const SmallestHistory smallest = smallest_illegal_history(history, decide_key(history, {}), seconds(10));
  const std::string text = to_text(smallest);
  EXPECT_THAT(text, HasSubstr("(before)  it holds 18"));
  EXPECT_THAT(text, HasSubstr("process 0 began to set 17 4.000 us before"));
  EXPECT_THAT(text, HasSubstr("2 operations of this key are left out"));
}

}  // namespace
}  // namespace dictbench
