// Single moments of a settlement: what the living do meanwhile is written down access by access, as a
// whole operation would do it in many more, so that every schedule of the two can be explored.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <functional>
#include <utility>

#include "engines/lockfree/block.h"
#include "engines/lockfree/chunks.h"
#include "engines/lockfree/takeover.h"
#include "tests/engines/lockfree/explorer/memory.h"
#include "tests/engines/lockfree/explorer/scheduler.h"
#include "tests/engines/lockfree/explorer/table.h"

namespace dictbench::explorer {
namespace {

using namespace lockfree;

// The dead one has arena 0; a living one has arena 1.
class ExplorerSettlement : public ::testing::Test, private Subject {
 protected:
  ExplorerSettlement() : table_(std::array{Stock::full, Stock::full}), space_(table_.space()) {}

  // Arena 0 is put in order while `living` runs; afterwards `fault` says what is wrong.
  void expect_right(std::function<void()> living, std::function<std::string()> fault) {
    living_ = std::move(living);
    fault_ = std::move(fault);
    memory_.emplace(table_.base(), table_.bytes() / Memory::kLine * Memory::kLine, table_.used());
    const Exploration result = Scheduler(*this, *memory_).explore({.preemptions = 3});
    if (result.failure)
      ADD_FAILURE() << result.failure->what << "\nwith " << result.failure->preemptions
                    << " preemptions: " << to_text(result.failure->schedule);
  }

  // Takes a block out of the living one's magazine, and leaves that empty.
  Block take_from_living() {
    const std::uint64_t word = magazine_.word.load(), mask = magazine_.mask.load();
    magazine_.mask.store(0);
    return space_.block_at(word / kWordsPerChunk,
                           word % kWordsPerChunk * 64 + static_cast<unsigned>(std::countr_zero(mask)));
  }
  // The dead one's claim on a block, and its intent.
  void claim_by_the_dead(Block block) {
    constexpr std::uint16_t kGeneration = 2;
    store_word(space_.block(block), claimed_word(kGeneration, 0));
    space_.arena(0).stale.store(pack(Intent{.block = block, .generation = kGeneration, .filled = true}));
  }
  ChunkMeta& meta(Block block) { return space_.meta(space_.chunk_of(block)); }
  std::uint64_t bit(Block block) { return std::uint64_t{1} << space_.unit_of(block) % 64; }
  bool is_free(Block block) { return (meta(block).free[space_.unit_of(block) / 64].load() & bit(block)) != 0; }

  SmallTable table_;
  Space& space_;
  Magazine& magazine_ = space_.arena(1).magazines[0];
  Block kept_ = 0;  // a table whose head changes unwatched

 private:
  unsigned fibers() const override { return 2; }
  bool may_die(unsigned) const override { return false; }
  void begin() override {
    if (kept_ != 0) memory_->keep(memory_->word_of(space_.block(kept_)));
  }
  void run(unsigned fiber) override {
    if (fiber == 0)
      settle(space_, 0);
    else
      living_();
  }
  std::string check() override { return fault_(); }

  std::function<void()> living_;
  std::function<std::string()> fault_;
  std::optional<Memory> memory_;
};

// The block is claimed and nowhere. A magazine that held blocks of the same bitmap word is filled from the
// next one, and there the same bit is set.
TEST_F(ExplorerSettlement, MagazineIsFilledFromAnotherWord) {
  const Block block = take_from_living();
  claim_by_the_dead(block);
  const std::uint64_t next = magazine_.word.load() + 1;
  expect_right(
      [&] {
        magazine_.word.store(next | Magazine::kTaking);
        magazine_.mask.store(~std::uint64_t{0});
        magazine_.word.store(next);
      },
      [&] { return is_free(block) ? "" : "the block is lost"; });
}

// The block was freed before its author died. Its chunk becomes one of larger blocks, and then again one of
// these; and the living one takes the block.
TEST_F(ExplorerSettlement, ChunkChangesTwice) {
  const Block block = take_from_living();
  claim_by_the_dead(block);
  meta(block).free[0].store(full_word(0, 0));
  const auto become = [&](unsigned size_class) {
    ChunkMeta& chunk = meta(block);
    chunk.state.store(pack({.kind = ChunkKind::free, .memory = true}));
    chunk.lives.store(chunk.lives.load() + 1);
    chunk.free[0].store(full_word(size_class, 0));
    chunk.state.store(pack(
        {.kind = ChunkKind::blocks, .memory = true, .size_class = static_cast<std::uint8_t>(size_class), .owner = 1}));
  };
  expect_right(
      [&] {
        become(1);
        become(0);
        magazine_.mask.store(bit(block));
        meta(block).free[0].fetch_and(~bit(block));
      },
      [&] { return is_free(block) ? "the block is in two hands" : ""; });
}

// The chunk has become a large block, and where the dead one's block was, its bytes look like a claim.
TEST_F(ExplorerSettlement, ChunkIsALargeBlock) {
  const Block block = take_from_living() + 1;  // not where the large one begins
  ChunkMeta& chunk = meta(block);
  const std::uint64_t large = pack({.kind = ChunkKind::run, .memory = true, .size_class = 0, .owner = 1, .run = 1});
  for (auto& word : chunk.free) word.store(0);
  chunk.state.store(large);
  claim_by_the_dead(block);
  expect_right(
      [] {},
      [&] { return is_free(block) || chunk.state.load() != large ? "the middle of a large block is freed" : ""; });
}

// The dead one has just published a table. It is replaced, freed, and something else; but the one that the
// dead one replaced is still to be retired.
TEST_F(ExplorerSettlement, PublishedTableBecomesSomethingElse) {
  table_.index(0).set("k", "1");
  const std::uint64_t before = space_.directory(0).load();
  table_.freeze(0);
  table_.index(0).set("k", "2");
  const std::uint64_t published = space_.directory(0).load();
  const Block block = Space::block_of_table(published);
  Arena& dead = space_.arena(0);
  dead.table.store(pack(filled_intent(block, load_word(space_.block(block)))));
  dead.stale_table.store(before);
  dead.retired.store(0);
  kept_ = Space::block_of_table(before);
  expect_right(
      [&] {
        Atomic<std::uint64_t>& control = space_.table(published).at(0).control;
        control.fetch_or(control::kFrozen);
        space_.directory(0).store(before + (std::uint64_t{1} << 40));  // some other table
        const std::uint64_t first = load_word(space_.block(block));
        claim_block(space_.block(block), first, 1);
        control.store(0);
        store_word(space_.block(block), first + 2);
      },
      [&] { return dead.retired.load() == kept_ ? "" : "the table that was replaced is lost"; });
}

}  // namespace
}  // namespace dictbench::explorer
