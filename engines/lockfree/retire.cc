// A writer is told by its hazard, which it sets before it looks at the directory again; whoever retires a table changes
// the directory before he looks at the hazards. A reader is told by the clock of retirements: the memory is used again
// when kGrace more tables have been retired, and a reader that has seen so many throws away what it read.
#include "engines/lockfree/retire.h"

#include <algorithm>
#include <array>

#include "engines/lockfree/block.h"
#include "engines/lockfree/index.h"
#include "engines/shm/crash_point.h"

namespace dictbench::lockfree {

void Index::retire(std::uint64_t word) {
  TableHead& head = space_.table(word).head();
  head.retired_next = mine_.retired.load(std::memory_order_relaxed);
  head.retired_epoch = space_.root().epoch.fetch_add(1, std::memory_order_seq_cst);
  mine_.retired.store(Space::block_of_table(word), std::memory_order_release);
}

bool reclaim(const Space& space, std::uint32_t index) noexcept {
  Arena& mine = space.arena(index);
  const std::uint64_t now = space.root().epoch.load(std::memory_order_acquire);
  std::array<Block, kArenas> hazards;  // no vector: this must not fail, as the new table is in use already
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < space.root().arenas.load(std::memory_order_acquire); ++i)
    if (const std::uint64_t word = space.arena(i).hazard.load(std::memory_order_seq_cst); word != 0)
      hazards[count++] = Space::block_of_table(word);
  const auto hazards_end = hazards.begin() + static_cast<std::ptrdiff_t>(count);

  bool any = false;
  Block before = 0;  // the table before it in the list
  for (auto block = static_cast<Block>(mine.retired.load(std::memory_order_relaxed)); block != 0;) {
    TableHead& head = space.table_head(block);
    const auto next = static_cast<Block>(head.retired_next);
    if (head.retired_epoch + kGrace >= now || std::find(hazards.begin(), hazards_end, block) != hazards_end) {
      before = block;
      block = next;
      continue;
    }
    // Unlinked before it is freed: killed in between, the table is lost to the list, and found by its intent.
    const std::uint64_t first = load_word(space.block(block));
    mine.stale.store(pack(filled_intent(block, first)), std::memory_order_release);
    if (before == 0)
      mine.retired.store(next, std::memory_order_release);
    else
      space.table_head(before).retired_next = next;
    CRASH_POINT("lockfree.reclaim.unlinked");
    claim_block(space.block(block), first, index);
    CRASH_POINT("lockfree.reclaim.claimed");
    space.free_block(block);
    CRASH_POINT("lockfree.reclaim.freed");
    mine.stale.store(0, std::memory_order_release);
    any = true;
    block = next;
  }
  return any;
}

}  // namespace dictbench::lockfree
