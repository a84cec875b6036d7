// The allocator of lockfree: blocks, chunks, and who gets what back.
#include "engines/lockfree/blocks.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "tests/engines/error_code.h"
#include "tests/engines/lockfree/table_on_segment.h"

namespace dictbench::lockfree {
namespace {

class BlocksTest : public ::testing::Test {
 protected:
  std::uint64_t chunks() { return first_.space().root().chunks.load(); }

  std::vector<Block> take(Participant& who, std::size_t count, std::uint64_t bytes) {
    std::vector<Block> taken;
    for (std::size_t i = 0; i < count; ++i) {
      taken.push_back(who.blocks().take(bytes));
      who.blocks().published();
    }
    return taken;
  }

  Segment segment_ = create(small_sizes(1));
  Participant first_{segment_.name()}, second_{segment_.name()};
};

TEST_F(BlocksTest, GivesEveryBlockOnceAndInsideItsChunk) {
  for (const std::uint64_t bytes : {1u, 32u, 33u, 100u, 1000u, 5000u, 65'536u}) {
    const std::vector<Block> taken = take(first_, 300, bytes);
    const std::uint64_t room = kClassBytes[class_of(bytes)];
    std::set<std::uint64_t> units;
    for (const Block block : taken) {
      EXPECT_EQ(first_.space().room_of(block), room);
      EXPECT_LE(first_.space().unit_of(block) * kUnit + room, kChunkBytes);
      for (std::uint64_t unit = 0; unit < room / kUnit; ++unit) ASSERT_TRUE(units.insert(block + unit).second);
    }
  }
}

TEST_F(BlocksTest, TakesWhatItFreedLastNext) {
  const std::vector<Block> taken = take(first_, 3, 32);
  first_.blocks().free(taken[1], 32);
  EXPECT_EQ(take(first_, 1, 32).front(), taken[1]);
}

TEST_F(BlocksTest, OwnerGetsBackWhatAnotherFreed) {
  const std::vector<Block> taken = take(first_, 4'000, 32);
  const std::uint64_t before = chunks();
  for (int round = 0; round < 20; ++round) {
    for (const Block block : taken) second_.blocks().free(block, 32);
    take(first_, taken.size() - 100, 32);  // the rest is in magazines, spares and nearly full words
    for (std::size_t i = 0; i < 100; ++i) second_.blocks().free(taken[i], 32);
  }
  EXPECT_LE(chunks(), before + 2);
}

TEST_F(BlocksTest, EmptyChunksServeOtherSizes) {
  const std::vector<Block> small = take(first_, 200'000, 32);
  const std::uint64_t before = chunks();
  for (const Block block : small) first_.blocks().free(block, 32);
  take(first_, 40 * 2, 65'536);  // 40 chunks full
  EXPECT_LE(chunks(), before + 2);
}

TEST_F(BlocksTest, RunsComeBackWhole) {
  const std::uint64_t bytes = 3 * kChunkBytes - 10;
  const Block run = take(first_, 1, bytes).front();
  const std::uint64_t before = chunks();
  for (int i = 0; i < 50; ++i) {
    const Block next = take(second_, 1, bytes).front();
    second_.blocks().free(next, bytes);
  }
  EXPECT_LE(chunks(), before + 3);
  first_.blocks().free(run, bytes);
  EXPECT_EQ(broken(first_.space()), "");
}

// In each of its chunks blocks may have begun that a dead process's intent still names.
TEST_F(BlocksTest, RunBeginsALifeOfEachOfItsChunks) {
  const std::uint64_t bytes = 3 * kChunkBytes;
  const Space& space = first_.space();
  const Block run = take(first_, 1, bytes).front();
  const std::uint64_t chunk = space.chunk_of(run);
  for (std::uint64_t life = 1; life <= 3; ++life) {
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(space.meta(chunk + i).lives.load(), life) << i;
    first_.blocks().free(run, bytes);
    ASSERT_EQ(take(first_, 1, bytes).front(), run);
  }
}

// Where a block begins no more, nothing is freed.
TEST_F(BlocksTest, MiddleOfARunIsNotFreed) {
  const std::uint64_t bytes = 3 * kChunkBytes;
  const Block run = take(first_, 1, bytes).front();
  const Space& space = first_.space();
  const std::uint64_t chunk = space.chunk_of(run) + 1;
  space.free_block(space.block_at(chunk, 5));
  EXPECT_EQ(space.state_of(chunk).kind, ChunkKind::run_rest);
  first_.blocks().free(run, bytes);
  EXPECT_EQ(broken(space), "");
}

TEST_F(BlocksTest, FullIsAnErrorAndFreedRoomIsUsed) {
  std::vector<Block> taken;
  EXPECT_EQ(error_code_of([&] {
              while (true) taken.push_back(take(first_, 1, 60'000).front());
            }),
            ErrorCode::full);
  EXPECT_GT(taken.size(), 900u);  // of 64 MiB
  EXPECT_EQ(error_code_of([&] { take(first_, 1, 60'000); }), ErrorCode::full) << "again, not worse";
  for (const Block block : taken) first_.blocks().free(block, 60'000);
  EXPECT_EQ(take(first_, 800, 32'000).size(), 800u);
}

// One killed between taking a chunk and saying so leaves a count that is too high.
TEST_F(BlocksTest, SpareChunksThatAreNotThereAreSearchedForOnce) {
  Atomic<std::uint64_t>& spare = first_.space().root().spare;
  spare.store(3);
  take(first_, 1, 3'000);
  EXPECT_EQ(spare.load(), 0u);
}

TEST(BlocksOfTheDead, AreTakenWhenTheSegmentIsFull) {
  const Segment segment = create(small_sizes(1));
  Participant living(segment.name());
  {
    Participant gone(segment.name());  // leaves, and nobody comes for its arena
    std::vector<Block> taken;
    try {
      while (true) {
        taken.push_back(gone.blocks().take(60'000));
        gone.blocks().published();
      }
    } catch (const Error&) {
    }
    for (const Block block : taken) gone.blocks().free(block, 60'000);
  }
  for (int i = 0; i < 500; ++i) {
    living.blocks().take(100'000);
    living.blocks().published();
  }
}

}  // namespace
}  // namespace dictbench::lockfree
