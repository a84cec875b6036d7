// Tables out of use: kept until nobody can be looking at one, then their memory is used again.
//
// A writer is told by its hazard, which it sets before it looks at the directory again; whoever retires a table changes
// the directory before he looks at the hazards. A reader is told by the clock of retirements: the memory is used again
// when kGrace more tables have been retired, and a reader that has seen so many throws away what it read.
#include <algorithm>
#include <vector>

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

void Index::reclaim() {
  const std::uint64_t now = space_.root().epoch.load(std::memory_order_acquire);
  std::vector<Block> hazards;
  for (std::uint32_t i = 0; i < space_.root().arenas.load(std::memory_order_acquire); ++i)
    if (const std::uint64_t word = space_.arena(i).hazard.load(std::memory_order_seq_cst); word != 0)
      hazards.push_back(Space::block_of_table(word));

  Block before = 0;  // the table before it in the list
  for (auto block = static_cast<Block>(mine_.retired.load(std::memory_order_relaxed)); block != 0;) {
    TableHead& head = space_.table_head(block);
    const auto next = static_cast<Block>(head.retired_next);
    if (head.retired_epoch + kGrace >= now || std::ranges::find(hazards, block) != hazards.end()) {
      before = block;
      block = next;
      continue;
    }
    // Unlinked before it is freed: killed in between, the table is lost to the list, and found by its intent.
    const auto generation = static_cast<std::uint16_t>(head.generation);
    mine_.stale.store(pack(Intent{.block = block, .generation = generation, .filled = true}),
                      std::memory_order_release);
    if (before == 0)
      mine_.retired.store(next, std::memory_order_release);
    else
      space_.table_head(before).retired_next = next;
    CRASH_POINT("lockfree.reclaim.unlinked");
    const std::uint64_t bytes = space_.table_bytes(block);
    claim_block(space_.block(block), generation, blocks_.arena());
    CRASH_POINT("lockfree.reclaim.claimed");
    blocks_.free(block, bytes);
    CRASH_POINT("lockfree.reclaim.freed");
    mine_.stale.store(0, std::memory_order_release);
    block = next;
  }
}

}  // namespace dictbench::lockfree
