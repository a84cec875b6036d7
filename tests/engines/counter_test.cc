#include "engines/counter.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/engines/error_code.h"

namespace dictbench {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

TEST(Counter, TextAndValueAgreeAtTheEdges) {
  for (const std::int64_t value : {kLeast, std::int64_t{-1}, std::int64_t{0}, std::int64_t{42}, kMost})
    EXPECT_EQ(counter_value(CounterText(value).view()), value);
  EXPECT_EQ(CounterText(kLeast).view(), "-9223372036854775808");
}

TEST(Counter, RefusesWhatIsNoCounter) {
  for (const std::string_view text : {"", "x", "1x", " 1", "1 ", "+1", "1.5", "9223372036854775808", "\xff\n"})
    EXPECT_EQ(error_code_of([&] { counter_value(text); }), ErrorCode::unsupported) << text;
}

TEST(Counter, RefusesToOverflow) {
  EXPECT_EQ(checked_add(kMost, kLeast), -1);
  EXPECT_EQ(error_code_of([] { checked_add(kMost, 1); }), ErrorCode::too_large);
  EXPECT_EQ(error_code_of([] { checked_add(kLeast, -1); }), ErrorCode::too_large);
}

}  // namespace
}  // namespace dictbench
