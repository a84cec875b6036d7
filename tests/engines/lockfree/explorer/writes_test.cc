// Programs of reads and writes on a table that stays the same.
#include "tests/engines/lockfree/explorer/expect.h"

namespace dictbench::explorer {
namespace {

TEST(ExplorerWrites, TwoInsertsOfOneKey) {
  expect_right({.keys = {"k"}, .before = {}, .fibers = {{{set(0, 1)}}, {{set(0, 2)}}}, .bounds = {.preemptions = 4}});
}

TEST(ExplorerWrites, ThreeInsertsOfOneKey) {
  expect_right({.keys = {"k"},
                .before = {},
                .fibers = {{{set(0, 1)}}, {{set(0, 2)}}, {{set(0, 3)}}},
                .bounds = {.preemptions = 3}});
}

TEST(ExplorerWrites, InsertAgainstErase) {
  expect_right({.keys = {"k"},
                .before = {},
                .fibers = {{{set(0, 1)}}, {{erase(0), erase(0)}}, {{get(0)}}},
                .bounds = {.preemptions = 3}});
}

TEST(ExplorerWrites, EraseAndInsertAgainstInsert) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{erase(0), set(0, 2)}}, {{set(0, 3)}}},
                .bounds = {.preemptions = 3}});
}

// Both want the first empty slot of the bucket.
TEST(ExplorerWrites, InsertsOfTwoKeysIntoOneBucket) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {},
                .fibers = {{{set(0, 1), get(1)}}, {{set(1, 2), get(0)}}},
                .bounds = {.preemptions = 4}});
}

TEST(ExplorerWrites, InsertsOfTwoKeysWithOneTag) {
  expect_right({.keys = keys_in_bucket(0, 2, true),
                .before = {},
                .fibers = {{{set(0, 1), get(1)}}, {{set(1, 2), erase(0)}}},
                .bounds = {.preemptions = 3}});
}

// One erases what another's insert has pending; a third is late to help it.
TEST(ExplorerWrites, LateHelperOfAPendingInsert) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {},
                .fibers = {{{set(0, 1)}}, {{set(1, 2)}}, {{erase(0), set(0, 3)}}},
                .bounds = {.preemptions = 2}});
}

TEST(ExplorerWrites, EraseInsertInsert) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1)},
                .fibers = {{{erase(0)}}, {{set(1, 2)}}, {{set(0, 3)}}},
                .bounds = {.preemptions = 3}});
}

TEST(ExplorerWrites, UpdateAgainstUpdate) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{set(0, 2), get(0)}}, {{set(0, 3), get(0)}}},
                .bounds = {.preemptions = 3}});
}

TEST(ExplorerWrites, UpdateAgainstErase) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{set(0, 2)}}, {{erase(0), get(0)}}},
                .bounds = {.preemptions = 3}});
}

TEST(ExplorerWrites, AddAgainstAdd) {
  expect_right({.keys = {"k"},
                .before = {},
                .fibers = {{{add(0, 5), add(0, 7)}}, {{add(0, 11)}}},
                .bounds = {.preemptions = 3}});
}

TEST(ExplorerWrites, ThreeAdds) {
  expect_right({.keys = {"k"},
                .before = {},
                .fibers = {{{add(0, 5)}}, {{add(0, 7)}}, {{add(0, 11)}}},
                .bounds = {.preemptions = 2}});
}

TEST(ExplorerWrites, AddAgainstErase) {
  expect_right(
      {.keys = {"k"}, .before = {}, .fibers = {{{add(0, 5), add(0, 7)}}, {{erase(0)}}}, .bounds = {.preemptions = 3}});
}

// The block that the reader looks at is freed, and filled again by the next set, with other lengths.
TEST(ExplorerWrites, BlockReusedUnderASlowReader) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{get(0)}}, {{set(0, 2), set(0, 3), set(0, 4)}}},
                .bounds = {.preemptions = 3}});
}

// As before, and the block becomes another key's.
TEST(ExplorerWrites, BlockReusedForAnotherKey) {
  expect_right({.keys = keys_in_bucket(0, 2, true),
                .before = {set(0, 1)},
                .fibers = {{{get(0), get(1)}}, {{erase(0), set(1, 2), erase(1), set(0, 3)}}},
                .bounds = {.preemptions = 3}});
}

// A slow writer finds a block that is reused meanwhile.
TEST(ExplorerWrites, BlockReusedUnderASlowWriter) {
  expect_right({.keys = keys_in_bucket(0, 2, true),
                .before = {set(0, 1)},
                .fibers = {{{add(0, 5)}}, {{erase(0), set(1, 2), set(1, 3)}}},
                .bounds = {.preemptions = 3}});
}

// The chunk is given back while another frees its last block.
TEST(ExplorerWrites, ChunkGivenBackAgainstAFree) {
  expect_right({.keys = {"k", std::string(40, 'l')},
                .before = {set(0, 1)},
                .fibers = {{{sweep(), set(1, 2), set(0, 3)}}, {{erase(0)}}},
                .bounds = {.preemptions = 2}});
}

TEST(ExplorerWrites, OverflowBucketIsLinked) {
  Program program{.keys = keys_in_bucket(0, 9),
                  .before = {},
                  .fibers = {{{set(7, 1), get(8)}}, {{set(8, 2), get(7)}}},
                  .bounds = {.preemptions = 2}};
  for (unsigned key = 0; key < 7; ++key) program.before.push_back(set(key, 5));
  expect_right(program);
}

// The only overflow bucket is wanted by two buckets: one of them has to grow the table.
TEST(ExplorerWrites, TwoBucketsWantTheOverflowBucket) {
  Program program{.keys = keys_in_bucket(0, 8),
                  .before = {},
                  .fibers = {{{set(7, 1)}}, {{set(15, 2)}}},
                  .bounds = {.preemptions = 2}};
  for (std::string& key : keys_in_bucket(1, 8)) program.keys.push_back(std::move(key));
  for (unsigned key = 0; key < 15; ++key)
    if (key != 7) program.before.push_back(set(key, 5));
  expect_right(program);
}

}  // namespace
}  // namespace dictbench::explorer
