// Programs in a segment that is full: no chunk is left, and some fibers have no memory of their own. They take that of
// the dead, or what is free in chunks of the living, or their writes answer Error(full) and change nothing.
#include "tests/engines/lockfree/explorer/expect.h"

namespace dictbench::explorer {
namespace {

TEST(ExplorerFull, WriterWithoutMemory) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1)},
                .fibers = {{{erase(0), set(0, 2)}}, {{set(1, 3), get(1)}, false, Stock::none}},
                .bounds = {.preemptions = 1},
                .chunks = 0});
}

TEST(ExplorerFull, OneChunkIsLeftForTwo) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {},
                .fibers = {{{set(0, 1)}, false, Stock::none}, {{set(1, 2)}, false, Stock::none}},
                .bounds = {.preemptions = 1},
                .chunks = 1});
}

TEST(ExplorerFull, MemoryOfTheDead) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{set(0, 2)}, true}, {{set(0, 3), set(0, 4)}, false, Stock::none}},
                .bounds = {.preemptions = 1, .kills = 1},
                .chunks = 0});
}

TEST(ExplorerFull, TwoWantTheMemoryOfTheDead) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1)},
                .fibers = {{{}, true}, {{set(0, 2)}, false, Stock::none}, {{set(1, 3)}, false, Stock::none}},
                .bounds = {.preemptions = 1},
                .chunks = 0});
}

// The owner of a chunk begins to fill its magazine from it, when another wants the chunk.
TEST(ExplorerFull, ChunkIsTakenWhileItsOwnerRefills) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {},
                .fibers = {{{set(0, 1), set(0, 2)}, false, Stock::none}, {{set(1, 3)}, false, Stock::adopted}},
                .bounds = {.preemptions = 1},
                .chunks = 0});
}

TEST(ExplorerFull, TwoWantOneChunk) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {},
                .fibers = {{{set(0, 1)}, false, Stock::none},
                           {{get(0)}, false, Stock::adopted},
                           {{set(1, 2)}, false, Stock::none}},
                .bounds = {.preemptions = 1},
                .chunks = 0});
}

// Who takes the chunk is killed, and another puts that in order and wants memory as well.
TEST(ExplorerFull, TakerOfAChunkIsKilled) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {},
                .fibers = {{{set(0, 1)}, true, Stock::none},
                           {{set(1, 2)}, false, Stock::adopted},
                           {{wait(0), set(1, 3)}, false, Stock::none}},
                .bounds = {.preemptions = 0, .kills = 1},
                .chunks = 0});
}

// The owner is killed while he refills.
TEST(ExplorerFull, OwnerOfATakenChunkIsKilled) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {},
                .fibers = {{{set(0, 1)}, false, Stock::none}, {{set(1, 2)}, true, Stock::adopted}},
                .bounds = {.preemptions = 1, .kills = 1},
                .chunks = 0});
}

// A chunk that is given back is the other's next, for blocks of another size.
TEST(ExplorerFull, ChunkGivenBackIsTaken) {
  expect_right({.keys = {"k", std::string(40, 'l')},
                .before = {set(0, 1)},
                .fibers = {{{sweep(), set(1, 2)}}, {{set(0, 3)}, false, Stock::none}},
                .bounds = {.preemptions = 1},
                .chunks = 0});
}

// The table must grow, and one has no memory for that. The other makes room.
TEST(ExplorerFull, GrowthWithoutMemory) {
  Program program{.keys = keys_in_bucket(0, 15),
                  .before = {},
                  .fibers = {{{erase(0), set(14, 2)}}, {{set(14, 1), erase(1)}, false, Stock::none}},
                  .bounds = {.preemptions = 1},
                  .chunks = 0};
  for (unsigned key = 0; key < 14; ++key) program.before.push_back(set(key, 5));
  expect_right(program);
}

// Somebody has frozen the table and gone no further: even an erase needs memory.
TEST(ExplorerFull, EraseInAFrozenTableWithoutMemory) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), set(1, 1), freeze()},
                .fibers = {{{set(0, 2)}}, {{erase(1), erase(0)}, false, Stock::none}},
                .bounds = {.preemptions = 1},
                .chunks = 0});
}

}  // namespace
}  // namespace dictbench::explorer
