// Programs in which the table is rebuilt under its users.
#include "tests/engines/lockfree/explorer/expect.h"

namespace dictbench::explorer {
namespace {

// A bucket and its overflow bucket are full: the next key of theirs makes the table grow.
Program full_table(std::size_t more_keys) {
  Program program{.keys = keys_in_bucket(0, 14 + more_keys), .before = {}, .fibers = {}, .bounds = {.preemptions = 2}};
  for (unsigned key = 0; key < 14; ++key) program.before.push_back(set(key, 5));
  return program;
}

TEST(ExplorerGrowth, TwoInsertsGrowTheTable) {
  Program program = full_table(2);
  program.fibers = {{{set(14, 1)}}, {{set(15, 2)}}};
  expect_right(program);
}

TEST(ExplorerGrowth, UpdateAgainstGrowth) {
  Program program = full_table(1);
  program.fibers = {{{set(14, 1)}}, {{set(0, 2), get(14)}}};
  expect_right(program);
}

TEST(ExplorerGrowth, EraseAgainstGrowth) {
  Program program = full_table(1);
  program.fibers = {{{set(14, 1)}}, {{erase(13), get(14)}}};
  expect_right(program);
}

TEST(ExplorerGrowth, EraseAndInsertAgainstGrowth) {
  Program program = full_table(2);
  program.fibers = {{{set(14, 1)}}, {{erase(0), set(15, 2)}}};
  expect_right(program);
}

TEST(ExplorerGrowth, AddsAgainstGrowth) {
  Program program = full_table(2);
  program.fibers = {{{set(14, 1), add(15, 3)}}, {{add(15, 5)}}};
  program.bounds.preemptions = 2;
  expect_right(program);
}

TEST(ExplorerGrowth, ReaderAgainstGrowth) {
  Program program = full_table(1);
  program.fibers = {{{get(0), get(0)}}, {{set(14, 1), set(0, 2), erase(0)}}};
  expect_right(program);
}

// An insert is pending while the table is frozen.
TEST(ExplorerGrowth, PendingInsertAgainstGrowth) {
  Program program = full_table(1);
  program.keys.push_back(keys_in_bucket(1, 1)[0]);
  program.fibers = {{{set(14, 1)}}, {{set(15, 2), get(15)}}};
  expect_right(program);
}

}  // namespace
}  // namespace dictbench::explorer
