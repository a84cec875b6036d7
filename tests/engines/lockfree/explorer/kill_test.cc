// Programs in which a fiber is killed at each of its writes, and others settle what it left and go on.
#include "tests/engines/lockfree/explorer/expect.h"

namespace dictbench::explorer {
namespace {

TEST(ExplorerKill, InsertIsKilled) {
  expect_right({.keys = {"k"},
                .before = {},
                .fibers = {{{set(0, 1)}, true}, {{set(0, 2), adopt(0), set(0, 3), erase(0)}}},
                .bounds = {.preemptions = 2, .kills = 1}});
}

TEST(ExplorerKill, OverwriteIsKilled) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{set(0, 2)}, true}, {{set(0, 3), adopt(0), set(0, 4)}}},
                .bounds = {.preemptions = 2, .kills = 1}});
}

TEST(ExplorerKill, EraseIsKilled) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{erase(0)}, true}, {{set(0, 2), adopt(0), set(0, 3), erase(0)}}},
                .bounds = {.preemptions = 2, .kills = 1}});
}

TEST(ExplorerKill, AddIsKilled) {
  expect_right({.keys = {"k"},
                .before = {},
                .fibers = {{{add(0, 5), add(0, 7)}, true}, {{add(0, 11), adopt(0), add(0, 13)}}},
                .bounds = {.preemptions = 2, .kills = 1}});
}

// The next owner of the arena takes it as it stands, as one that attaches does.
TEST(ExplorerKill, ArenaGoesToANewOwner) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1)},
                .fibers = {{{set(0, 2), set(1, 3), erase(0)}, true}, {{attach(0), set(0, 4), erase(1)}}},
                .bounds = {.preemptions = 2, .kills = 1}});
}

TEST(ExplorerKill, RebuildIsKilled) {
  Program program{.keys = keys_in_bucket(0, 16), .before = {}, .fibers = {}, .bounds = {.preemptions = 1, .kills = 1}};
  for (unsigned key = 0; key < 14; ++key) program.before.push_back(set(key, 5));
  program.fibers = {{{set(14, 1)}, true}, {{set(0, 2), adopt(0), set(15, 3), erase(14)}}};
  expect_right(program);
}

// Both are killed while they free the same block.
TEST(ExplorerKill, TwoDeadNameOneBlock) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{erase(0)}, true}, {{erase(0)}, true}, {{wait(1), attach(0)}}, {{wait(0), attach(1)}}},
                .bounds = {.preemptions = 0, .kills = 2}});
}

// Who settles is killed too, and settled by the next.
TEST(ExplorerKill, SettlementIsKilled) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{set(0, 2)}, true}, {{adopt(0)}, true}, {{wait(0), adopt(1), set(0, 3)}}},
                .bounds = {.preemptions = 0, .kills = 2}});
}

// What the dead one had in hand, or was freeing, is in use again when it is settled.
TEST(ExplorerKill, BlockOfTheDeadIsInUseAgain) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{set(0, 2)}, true}, {{set(0, 3), set(0, 4)}}, {{wait(1), adopt(0), set(0, 5)}}},
                .bounds = {.preemptions = 2, .kills = 1}});
}

// The chunk in which the dead one was freeing a block is given back, and becomes one of larger blocks.
TEST(ExplorerKill, ChunkGivenBackUnderTheDead) {
  expect_right({.keys = {"k", std::string(40, 'l')},
                .before = {set(0, 1)},
                .fibers = {{{sweep(), set(1, 2)}}, {{erase(0)}, true}, {{adopt(1)}}},
                .bounds = {.preemptions = 1, .kills = 1}});
}

// As before, and the block was not the first of its chunk: none of the larger ones begins there.
TEST(ExplorerKill, ChunkOfLargerBlocksUnderTheDead) {
  expect_right({.keys = {"k", std::string(40, 'l')},
                .before = {set(0, 1), set(0, 2)},
                .fibers = {{{sweep(), set(1, 3)}}, {{erase(0)}, true}, {{adopt(1)}}},
                .bounds = {.preemptions = 1, .kills = 1}});
}

// While it is looked whether the dead one's block is in the table, another erases it too, frees it, and has
// it pending for another key.
TEST(ExplorerKill, BlockOfTheDeadBecomesAnotherKeys) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1)},
                .fibers = {{{erase(0)}, true}, {{erase(0), set(1, 3)}, false, Stock::adopted}, {{adopt(0)}}},
                .bounds = {.preemptions = 2, .kills = 1}});
}

// At the moment of the settlement another arena still names the block in an intent that has done its work
// (docs/lockfree-explorer.md, "What the explorer found").
//
// The living one that put the block into the table has not yet cleared `fresh`.
TEST(ExplorerKill, LivingNamesTheBlockAsFresh) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{erase(0)}, true}, {{set(0, 3)}}, {{adopt(0)}}},
                .bounds = {.preemptions = 2, .kills = 1}});
}

// The living one has come too late to erase the block, and has not yet cleared `stale`.
TEST(ExplorerKill, LivingNamesTheBlockAsStale) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{erase(0)}, true}, {{erase(0)}}, {{adopt(0)}}},
                .bounds = {.preemptions = 2, .kills = 1}});
}

// Two settlements at once.
TEST(ExplorerKill, TwoDeadNameTheBlockAsStale) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{erase(0)}, true}, {{erase(0)}, true}, {{wait(1), attach(0)}}, {{wait(0), attach(1)}}},
                .bounds = {.preemptions = 1, .kills = 2}});
}
TEST(ExplorerKill, DeadNamesTheBlockAsFresh) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{set(0, 2)}, true}, {{erase(0)}, true}, {{wait(1), attach(0)}}, {{wait(0), attach(1)}}},
                .bounds = {.preemptions = 1, .kills = 2}});
}

// B has the block of A's chunk that it replaced as its spare, and dies. Who takes over what B had is killed while he
// frees that block, and the next one takes B's arena as it stands. A lives, and could take the block at any time.
TEST(ExplorerKill, AdoptionIsKilled) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{}}, {{set(0, 2)}, true}, {{adopt(1)}, true}, {{wait(2), attach(1)}}},
                .bounds = {.preemptions = 0, .kills = 2}});
}

// As before, and all go on writing.
TEST(ExplorerKill, AdoptionIsKilledUnderALivingOwner) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1)},
                .fibers = {{{wait(2), sweep(), set(1, 3)}},
                           {{set(0, 2)}, true},
                           {{adopt(1)}, true},
                           {{wait(2), attach(1), set(0, 4)}}},
                .bounds = {.preemptions = 0, .kills = 1}});
}

// A is killed when its insert is pending. B is about to finish it when C freezes the table, and is killed before A's
// slot is frozen. Whoever settles A must not free what B puts there.
TEST(ExplorerKill, PendingInsertInAHalfFrozenTable) {
  expect_right(
      {.keys = keys_in_bucket(0, 2),
       .before = {},
       .fibers = {{{set(0, 1)}, true}, {{wait(0), erase(1)}}, {{wait(0), freeze()}, true}, {{wait(2), adopt(0)}}},
       .bounds = {.preemptions = 1, .kills = 2}});
}

// One is killed while he freezes the table; the others walk over it, and rebuild it.
TEST(ExplorerKill, FreezeIsKilled) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1)},
                .fibers = {{{set(1, 2), freeze()}, true}, {{for_each(), set(0, 3), adopt(0), size()}}},
                .bounds = {.preemptions = 1, .kills = 1}});
}

}  // namespace
}  // namespace dictbench::explorer
