#include "results/shell_word.h"

#include <gtest/gtest.h>

namespace dictbench {
namespace {

TEST(ShellWord, QuotesOnlyWhatAShellWouldTakeForItsOwn) {
  EXPECT_EQ(shell_word("lmdb"), "lmdb");
  EXPECT_EQ(shell_word("results/a-b_1.jsonl"), "results/a-b_1.jsonl");
  EXPECT_EQ(shell_word("redis?pipeline=16"), "'redis?pipeline=16'");
  EXPECT_EQ(shell_word("with blank.md"), "'with blank.md'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("$HOME"), "'$HOME'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace dictbench
