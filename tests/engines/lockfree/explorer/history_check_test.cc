// What a walk may count, by histories of one key.
#include "tests/engines/lockfree/explorer/history_check.h"

#include <gtest/gtest.h>

namespace dictbench::explorer {
namespace {

constexpr std::int64_t kNever = Operation::kOpen;

Operation put(std::int64_t begin, std::int64_t end) {
  return {.begin_ns = begin, .end_ns = end, .kind = OperationKind::set};
}
Operation erased(std::int64_t begin, std::int64_t end, Outcome outcome = Outcome::found) {
  return {.begin_ns = begin,
          .end_ns = end,
          .kind = OperationKind::erase,
          .outcome = end == kNever ? Outcome::none : outcome};
}

void expect_count(const std::vector<Operation>& history, std::uint64_t least, std::uint64_t most) {
  const CountBounds bounds = possible_count(history, 100, 200);  // the walk
  EXPECT_EQ(bounds.least, least);
  EXPECT_EQ(bounds.most, most);
}

TEST(ExplorerCount, KeyThatIsThereAllTheTime) {
  expect_count({put(1, 2)}, 1, 1);
  expect_count({put(1, 2), put(150, 160)}, 1, 1);
  expect_count({put(1, 2), erased(3, 4), put(5, 6)}, 1, 1);
  expect_count({put(1, 2), erased(210, 220)}, 1, 1);
}

TEST(ExplorerCount, KeyThatIsNeverThere) {
  expect_count({}, 0, 0);
  expect_count({erased(150, 160, Outcome::missing)}, 0, 0);
  expect_count({put(1, 2), erased(3, 4)}, 0, 0);
  expect_count({put(210, 220)}, 0, 0);
}

TEST(ExplorerCount, KeyThatComesOrGoesMeanwhile) {
  expect_count({put(150, 160)}, 0, 1);
  expect_count({put(90, 110)}, 0, 1);
  expect_count({put(1, 2), erased(150, 160)}, 0, 1);
  expect_count({put(1, 2), erased(90, 110)}, 0, 1);
}

// Their order is open.
TEST(ExplorerCount, OperationsThatOverlap) { expect_count({put(1, 4), erased(2, 5)}, 0, 1); }

TEST(ExplorerCount, KilledOperationsTakeEffectAtAnyTimeOrNever) {
  expect_count({put(1, kNever)}, 0, 1);
  expect_count({put(1, 2), erased(3, kNever)}, 0, 1);
  expect_count({put(1, kNever), erased(3, 4, Outcome::missing)}, 0, 1);
}

TEST(ExplorerCount, KeyThatGoesAndComesMayCountTwice) {
  expect_count({put(1, 2), erased(110, 120), put(130, 140)}, 0, 2);
}

}  // namespace
}  // namespace dictbench::explorer
