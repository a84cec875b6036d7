// Blocks that others have freed in the chunks of a process that lives and does nothing: they are everybody's when the
// segment is full.
#include <gtest/gtest.h>

#include <unordered_set>
#include <vector>

#include "engines/error.h"
#include "tests/engines/lockfree/table_on_segment.h"

namespace dictbench::lockfree {
namespace {

constexpr std::uint64_t kBytes = 1'000;

class OthersChunks : public ::testing::Test {
 protected:
  std::vector<Block> take_all(Participant& who, std::uint64_t bytes) {
    std::vector<Block> taken;
    try {
      while (true) {
        taken.push_back(who.blocks().take(bytes));
        who.blocks().published();
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::full);
    }
    return taken;
  }
  void free(Participant& who, const std::vector<Block>& blocks, std::uint64_t bytes) {
    for (const Block block : blocks) who.blocks().free(block, bytes);
  }

  Segment segment_ = create({.max = 16 << 20, .partitions = 1, .huge_pages = false});
  Participant idle_{segment_.name()}, busy_{segment_.name()};
};

TEST_F(OthersChunks, ServeTheSameSize) {
  const std::vector<Block> first = take_all(idle_, kBytes);
  free(busy_, first, kBytes);
  EXPECT_GE(take_all(busy_, kBytes).size(), first.size() * 98 / 100);
}

TEST_F(OthersChunks, ServeAnotherSize) {
  const std::vector<Block> first = take_all(idle_, kBytes);
  free(busy_, first, kBytes);
  const auto a_chunk = [](std::uint64_t bytes) { return kChunkBytes / kClassBytes[class_of(bytes)]; };
  EXPECT_GE(take_all(busy_, 10 * kBytes).size(), first.size() / a_chunk(kBytes) * a_chunk(10 * kBytes) * 95 / 100);
}

TEST_F(OthersChunks, ServeWhenOnlySomeOfEachIsFree) {
  std::vector<Block> first = take_all(idle_, kBytes), freed;
  for (std::size_t i = 0; i < first.size(); i += 3) freed.push_back(first[i]);
  free(busy_, freed, kBytes);
  EXPECT_GE(take_all(busy_, kBytes).size(), freed.size() * 9 / 10);
}

// Whose chunks were taken over goes on with the rest, and both together never hold a block twice.
TEST_F(OthersChunks, ChangeHandsManyTimes) {
  std::vector<Block> all = take_all(idle_, kBytes);
  const std::size_t most = all.size();
  for (unsigned round = 0; round < 20; ++round) {
    std::vector<Block> kept, freed;
    for (std::size_t i = 0; i < all.size(); ++i) ((i * 7 + round) % 5 < 3 ? freed : kept).push_back(all[i]);
    free(round % 2 == 0 ? idle_ : busy_, freed, kBytes);
    for (Participant* who : {&busy_, &idle_}) {
      for (unsigned i = 0; i < 300; ++i) {
        kept.push_back(who->blocks().take(kBytes));
        who->blocks().published();
      }
    }
    for (Participant* who : {&idle_, &busy_})
      for (const Block block : take_all(*who, kBytes)) kept.push_back(block);
    ASSERT_EQ(std::unordered_set<Block>(kept.begin(), kept.end()).size(), kept.size()) << "a block in two hands";
    ASSERT_GE(kept.size(), most * 95 / 100) << "round " << round;
    all = std::move(kept);
  }
}

// A chunk that was taken over, given back, and is its first owner's again, now for another size.
TEST_F(OthersChunks, AreNotTakenForTheSizeThatTheyHadBefore) {
  const std::vector<Block> small = take_all(idle_, kBytes);
  free(busy_, small, kBytes);
  const std::vector<Block> large = take_all(busy_, 60'000);  // all chunks, which idle_ has not noticed
  free(busy_, large, 60'000);
  const std::vector<Block> middle = take_all(idle_, 5'000);
  for (const Block block : middle) ASSERT_GE(idle_.space().room_of(block), 5'000u);
  free(busy_, {middle.begin(), middle.begin() + static_cast<std::ptrdiff_t>(middle.size() / 2)}, 5'000);
  for (const Block block : take_all(idle_, kBytes)) ASSERT_EQ(idle_.space().room_of(block), 1'024u);
}

// A chunk that its owner is taking blocks from just now stays with it; a moment later it does not.
TEST_F(OthersChunks, StayWhereTheirOwnerTakesFrom) {
  const Block mine = idle_.blocks().take(kBytes);
  idle_.blocks().published();
  const std::uint64_t chunk = idle_.space().chunk_of(mine);
  Chunks owner(idle_.space(), idle_.blocks().arena()), other(busy_.space(), busy_.blocks().arena());
  Magazine& magazine = idle_.blocks().mine().magazines[class_of(kBytes)];
  const std::uint64_t word = magazine.word.load();
  magazine.word.store(word | Magazine::kTaking);
  const ChunkState seen = busy_.space().state_of(chunk);
  EXPECT_FALSE(other.take_over(chunk, seen));
  EXPECT_TRUE(owner.owns(chunk, class_of(kBytes))) << "as it was";
  magazine.word.store(word);
  EXPECT_TRUE(other.take_over(chunk, seen));
  EXPECT_TRUE(owner.has_lost(chunk, class_of(kBytes)));
}

// Who chose it for its blocks' size must not get one of another size.
TEST_F(OthersChunks, AreNotTakenWhenTheyHaveChangedSince) {
  const Block mine = idle_.blocks().take(kBytes);
  idle_.blocks().published();
  const std::uint64_t chunk = idle_.space().chunk_of(mine);
  Chunks other(busy_.space(), busy_.blocks().arena());
  const ChunkState now = busy_.space().state_of(chunk);
  ChunkState before = now;
  ++before.size_class;
  EXPECT_FALSE(other.take_over(chunk, before));
  EXPECT_TRUE(other.take_over(chunk, now));
}

// Another may leave the chunk to its owner, who must not have overlooked it.
TEST_F(OthersChunks, AreFoundByTheirOwnerWhileAnotherTries) {
  const Block mine = idle_.blocks().take(kBytes);
  idle_.blocks().published();
  const std::uint64_t chunk = idle_.space().chunk_of(mine);
  const ChunkState state = idle_.space().state_of(chunk);
  ChunkState between = state;
  between.kind = ChunkKind::handover;
  between.owner = static_cast<std::uint16_t>(busy_.blocks().arena());
  between.run = state.owner;
  idle_.space().meta(chunk).state.store(pack(between));
  Blocks again(idle_.space(), idle_.blocks().arena());
  idle_.space().meta(chunk).state.store(pack(state));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(idle_.space().chunk_of(again.take(kBytes)), chunk);
    again.published();
  }
}

}  // namespace
}  // namespace dictbench::lockfree
