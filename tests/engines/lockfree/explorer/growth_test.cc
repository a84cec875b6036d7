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

// The eraser knows the table and has not yet read the key's block. Meanwhile the table is rebuilt, the key is
// overwritten, and its old block becomes another key's.
TEST(ExplorerGrowth, EraseAgainstABlockReusedAfterGrowth) {
  Program program = full_table(1);
  program.fibers = {{{set(14, 1), set(13, 2), set(14, 3)}}, {{erase(13)}}};
  expect_right(program);
}

// As before; the table was frozen by one who went no further.
TEST(ExplorerGrowth, EraseInAFrozenTable) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), set(1, 1), freeze()},
                .fibers = {{{set(0, 2), set(1, 3)}}, {{erase(0)}}},
                .bounds = {.preemptions = 2}});
}

TEST(ExplorerGrowth, GetInAFrozenTable) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), set(1, 1), freeze()},
                .fibers = {{{set(0, 2), set(1, 3), set(0, 4)}}, {{get(0)}}},
                .bounds = {.preemptions = 2}});
}

}  // namespace
}  // namespace dictbench::explorer
