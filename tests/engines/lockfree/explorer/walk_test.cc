// Programs with walks over the table: size and for_each.
#include "tests/engines/lockfree/explorer/expect.h"

namespace dictbench::explorer {
namespace {

TEST(ExplorerWalk, ForEachAgainstUpdates) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), set(1, 1)},
                .fibers = {{{for_each()}}, {{set(0, 2), set(0, 3), set(1, 4)}}},
                .bounds = {.preemptions = 2}});
}

// The keys change places while the walk goes on.
TEST(ExplorerWalk, ForEachAgainstEraseAndInsert) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), set(1, 1)},
                .fibers = {{{for_each()}}, {{erase(0), erase(1), set(1, 2), set(0, 3)}}},
                .bounds = {.preemptions = 2}});
}

// The block that the walk looks at becomes another key's.
TEST(ExplorerWalk, ForEachAgainstABlockReused) {
  expect_right({.keys = keys_in_bucket(0, 2, true),
                .before = {set(0, 1)},
                .fibers = {{{for_each()}}, {{erase(0), set(1, 2), erase(1), set(0, 3)}}},
                .bounds = {.preemptions = 2}});
}

TEST(ExplorerWalk, SizeAgainstEraseAndInsert) {
  expect_right({.keys = keys_in_bucket(0, 3),
                .before = {set(0, 1), set(1, 1)},
                .fibers = {{{size()}}, {{erase(0), set(2, 2)}}, {{set(0, 3)}}},
                .bounds = {.preemptions = 2}});
}

// A bucket and its overflow bucket are full, and the table grows under the walk.
Program full_table() {
  Program program{.keys = keys_in_bucket(0, 15), .before = {}, .fibers = {}, .bounds = {.preemptions = 1}};
  for (unsigned key = 0; key < 14; ++key) program.before.push_back(set(key, 5));
  return program;
}

TEST(ExplorerWalk, ForEachAgainstGrowth) {
  Program program = full_table();
  program.fibers = {{{for_each()}}, {{set(14, 1), set(0, 2), erase(1)}}};
  expect_right(program);
}

TEST(ExplorerWalk, SizeAgainstGrowth) {
  Program program = full_table();
  program.fibers = {{{size()}}, {{set(14, 1), set(0, 2), erase(1)}}};
  expect_right(program);
}

// Somebody has frozen the table and gone no further.
TEST(ExplorerWalk, ForEachInAFrozenTable) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), set(1, 1), freeze()},
                .fibers = {{{for_each(), size()}}, {{set(0, 2), set(1, 3), erase(0)}}},
                .bounds = {.preemptions = 2}});
}

}  // namespace
}  // namespace dictbench::explorer
