// Single moments of a settlement: what the living do meanwhile is written down access by access, as a
// whole operation would do it in many more, so that every schedule of the two can be explored.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <functional>
#include <optional>
#include <utility>

#include "engines/lockfree/audit.h"
#include "engines/lockfree/block.h"
#include "engines/lockfree/chunks.h"
#include "engines/lockfree/table_size.h"
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
    Subject& self = *this;  // the base is private to all but us
    scheduler_.emplace(self, *memory_);
    const Exploration result = scheduler_->explore({.preemptions = 3, .kills = 1});
    if (result.failure)
      ADD_FAILURE() << result.failure->what << "\nwith " << result.failure->preemptions
                    << " preemptions: " << to_text(result.failure->schedule);
  }

  // Who puts arena 0 in order is killed at each of its writes, and another does it again; afterwards nothing is broken.
  void expect_right_twice() {
    settler_may_die_ = true;
    expect_right(
        [&] {
          scheduler_->wait_for_end(0);
          settle(space_, 0);
        },
        [&] { return broken(space_); });
  }

  // Takes a block out of the living one's magazine, and leaves that empty.
  Block take_from_living() {
    const std::uint64_t word = magazine_.at(), mask = magazine_.mask.load();
    magazine_.mask.store(0);
    return space_.block_at(word / kWordsPerChunk,
                           word % kWordsPerChunk * 64 + static_cast<unsigned>(std::countr_zero(mask)));
  }
  // As Blocks::fill_magazine() does it.
  void fill_living(std::uint64_t bitmap_word, std::uint64_t mask) {
    const std::uint64_t filling = Magazine::next(magazine_.word.load(), bitmap_word);
    magazine_.word.store(filling | Magazine::kTaking);
    magazine_.mask.store(mask);
    magazine_.word.store(filling);
  }
  // The dead one's claim on a block, and its intent.
  void claim_by_the_dead(Block block) {
    constexpr std::uint16_t kGeneration = 2;
    store_word(space_.block(block), claimed_word(kGeneration, 0));
    space_.arena(0).stale.store(pack(Intent{.block = block, .generation = kGeneration, .filled = true}));
  }
  // The dead one has just published a table, and not yet retired the one before it, `kept_`. Returns the new one's
  // word.
  std::uint64_t publish_by_the_dead() {
    table_.index(0).set("k", "1");
    const std::uint64_t before = space_.directory(0).load();
    table_.freeze(0);
    table_.index(0).set("k", "2");
    const std::uint64_t published = space_.directory(0).load();
    const Block block = Space::block_of_table(published);
    dead_.table.store(pack(filled_intent(block, load_word(space_.block(block)))));
    dead_.stale_table.store(before);
    dead_.retired.store(0);
    kept_ = Space::block_of_table(before);
    return published;
  }
  // Another one's table takes the place of what the dead one has published.
  void replace_in_directory() { space_.directory(0).store(space_.directory(0).load() + (std::uint64_t{1} << 40)); }
  std::string kept_is_retired() { return dead_.retired.load() == kept_ ? "" : "the table that was replaced is lost"; }

  ChunkMeta& meta(Block block) { return space_.meta(space_.chunk_of(block)); }
  std::uint64_t bit(Block block) { return std::uint64_t{1} << space_.unit_of(block) % 64; }
  bool is_free(Block block) { return (meta(block).free[space_.unit_of(block) / 64].load() & bit(block)) != 0; }

  SmallTable table_;
  Space& space_;
  Arena& dead_ = space_.arena(0);
  Magazine& magazine_ = space_.arena(1).magazines[0];
  Block kept_ = 0;  // a table whose head changes unwatched

 private:
  unsigned fibers() const override { return 2; }
  bool may_die(unsigned fiber) const override { return fiber == 0 && settler_may_die_; }
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
  bool settler_may_die_ = false;
  std::optional<Memory> memory_;
  std::optional<Scheduler> scheduler_;
};

// The block is claimed and nowhere. A magazine that held blocks of the same bitmap word is filled from the
// next one, and there the same bit is set.
TEST_F(ExplorerSettlement, MagazineIsFilledFromAnotherWord) {
  const Block block = take_from_living();
  claim_by_the_dead(block);
  const std::uint64_t next = magazine_.at() + 1;
  expect_right([&] { fill_living(next, ~std::uint64_t{0}); },
               [&] { return is_free(block) ? "" : "the block is lost"; });
}

// As before. When those of the next word are used up, it is filled from the first again.
TEST_F(ExplorerSettlement, MagazineComesBackToItsWord) {
  const Block block = take_from_living();
  claim_by_the_dead(block);
  const std::uint64_t word = magazine_.at();
  expect_right(
      [&] {
        fill_living(word + 1, ~std::uint64_t{0});
        magazine_.mask.store(0);
        fill_living(word, ~bit(block));
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

// The dead one's insert is pending. Another begins to freeze the table, and stops before the slot; a third, who read
// the control word before, puts the block there.
TEST_F(ExplorerSettlement, TableFreezesUnderAPendingInsert) {
  table_.index(0).set("k", "1");
  const Table table = space_.table(space_.directory(0).load());
  Bucket& home = table.home(space_.hash("k"));
  Atomic<std::uint64_t>& slot = table.slot(home, home.control.load(), control::slot(home.control.load()));
  const std::uint64_t filled = slot.load();
  const Block block = slot::block(filled);
  slot.store(0);
  dead_.fresh.store(pack(filled_intent(block, load_word(space_.block(block)))));
  expect_right(
      [&] {
        home.control.fetch_or(control::kFrozen);
        std::uint64_t empty = 0;
        slot.compare_exchange_strong(empty, filled);
      },
      [&] { return broken(space_); });
}

// The dead one had taken memory for a table, and made none. There lies what another left: a table that is frozen, and
// of a partition that there is not.
TEST_F(ExplorerSettlement, TableThatWasNeverMadeIsSettledTwice) {
  Atomic<std::uint64_t>& spare = dead_.spare[table_class_of(kLeastTableBytes)];
  const auto block = static_cast<Block>(spare.load());
  ASSERT_NE(block, 0u);
  spare.store(0);
  dead_.table.store(pack(Intent{.block = block}));
  space_.table_head(block).partition = 1;
  Table(reinterpret_cast<char*>(space_.block(block)), 0).at(0).control.store(control::kFrozen);
  expect_right_twice();
}

// The table that the dead one published is replaced, freed, and something else; but the one that the dead one replaced
// is still to be retired.
TEST_F(ExplorerSettlement, PublishedTableBecomesSomethingElse) {
  const std::uint64_t published = publish_by_the_dead();
  const Block block = Space::block_of_table(published);
  expect_right(
      [&] {
        Atomic<std::uint64_t>& control = space_.table(published).at(0).control;
        control.fetch_or(control::kFrozen);
        replace_in_directory();
        const std::uint64_t first = load_word(space_.block(block));
        claim_block(space_.block(block), first, 1);
        control.store(0);
        store_word(space_.block(block), first + 2);
      },
      [&] { return kept_is_retired(); });
}

// As before. Its generation has come round, and what should be a partition is none.
TEST_F(ExplorerSettlement, PublishedTableIsOfNoPartition) {
  space_.table_head(Space::block_of_table(publish_by_the_dead())).partition = 1;
  replace_in_directory();
  expect_right([] {}, [&] { return kept_is_retired(); });
}

// As before, and there lies an item.
TEST_F(ExplorerSettlement, PublishedTableIsAnItem) {
  const Block block = Space::block_of_table(publish_by_the_dead());
  ASSERT_NE(space_.unit_of(block), 0u);
  replace_in_directory();
  meta(block).state.store(pack({.kind = ChunkKind::blocks,
                                .memory = true,
                                .size_class = static_cast<std::uint8_t>(kItemClasses - 1),
                                .owner = 1}));
  expect_right([] {}, [&] { return kept_is_retired(); });
}

}  // namespace
}  // namespace dictbench::explorer
