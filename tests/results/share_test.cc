#include "results/statistics/share.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

namespace dictbench {
namespace {

// Of none of n the upper end is 1 - 0.025^(1/n).
TEST(ShareInterval, OfNoneAndOfAllIsKnown) {
  const ShareInterval none = share_interval(0, 20), all = share_interval(20, 20);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 1 - std::pow(0.025, 1.0 / 20), 1e-9);
  EXPECT_NEAR(all.low, std::pow(0.025, 1.0 / 20), 1e-9);
  EXPECT_EQ(all.high, 1);
  EXPECT_NEAR(share_interval(0, 2000).high, 1 - std::pow(0.025, 1.0 / 2000), 1e-9);
}

// Known values, as R's binom.test gives them.
TEST(ShareInterval, HoldsWhatTheTablesSay) {
  const ShareInterval share = share_interval(3, 10);
  EXPECT_NEAR(share.low, 0.0667, 5e-5);
  EXPECT_NEAR(share.high, 0.6525, 5e-5);
  EXPECT_NEAR(share_interval(50, 100).low, 0.3983, 5e-5);
}

TEST(ShareInterval, OfNothingIsEverything) {
  EXPECT_EQ(share_interval(0, 0).low, 0);
  EXPECT_EQ(share_interval(0, 0).high, 1);
  EXPECT_THROW(share_interval(2, 1), std::invalid_argument);
}

}  // namespace
}  // namespace dictbench
