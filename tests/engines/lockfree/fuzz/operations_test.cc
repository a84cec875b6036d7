// The fuzz target on inputs of a fixed random sequence, so that every test run does some of it, with any compiler.
#include "tests/engines/lockfree/fuzz/operations.h"

#include <gtest/gtest.h>

#include <random>

namespace dictbench {
namespace {

TEST(LockfreeOperations, AgreeWithAMap) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::string bytes(200u << seed % 6, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    ASSERT_EQ(first_difference(bytes), "") << "seed " << seed;
  }
}

TEST(LockfreeOperations, OfNothing) { EXPECT_EQ(first_difference(""), ""); }

}  // namespace
}  // namespace dictbench
