// A table is rebuilt when a bucket and its overflow bucket are full, when there is no overflow bucket left, or when a
// version or sequence number has reached its end. Everybody who needs it does it alone, from beginning to end:
//
//   1. freeze every word of the old table (a set bit); from then on it never changes;
//   2. copy what it holds into a new table that nobody else knows;
//   3. compare-and-swap the directory word. Who comes too late gives his copy back.
//
// So a process that is killed or stopped in the middle holds up nobody, and nothing of it is seen. The old table is
// retired: its memory is used again when kGrace more have been and no writer that may look at it is still at it.
#include <algorithm>
#include <string>

#include "engines/lockfree/block.h"
#include "engines/lockfree/index.h"
#include "engines/shm/crash_point.h"

namespace dictbench::lockfree {
namespace {

// Items a bucket after a rebuild, of seven. Overflow buckets are an eighth of all: they run out at about 4.9 items a
// bucket, when as many are full by Poisson's law. So tables grow by the half.
constexpr double kItemsABucket = 3.3;
constexpr std::uint64_t kOverflowShare = 8;

std::uint64_t overflow_of(std::uint64_t buckets) { return buckets / kOverflowShare + 1; }

void freeze(const Table& table) {
  const auto freeze_bucket = [](Bucket& bucket) {
    bucket.control.fetch_or(control::kFrozen, std::memory_order_acq_rel);
    for (auto& slot : bucket.slots)
      if (!slot::is_frozen(slot.load(std::memory_order_relaxed)))
        slot.fetch_or(slot::kFrozen, std::memory_order_acq_rel);
  };
  for (std::uint64_t i = 0; i < table.buckets(); ++i) {
    freeze_bucket(table.at(i));
    CRASH_POINT("lockfree.rebuild.freezing");
  }
  // After the home buckets, because a link to one more is made by a home bucket's control word.
  for (std::uint64_t i = table.buckets(); i < table.buckets_in_use(); ++i) freeze_bucket(table.at(i));
}

std::uint64_t items_of(const Table& frozen) {
  std::uint64_t items = 0;
  for (std::uint64_t i = 0; i < frozen.buckets_in_use(); ++i)
    for (const auto& slot : frozen.at(i).slots) items += !slot::is_empty(slot.load(std::memory_order_relaxed));
  return items;
}

// Private, so that plain order does. False when bucket and overflow bucket are full.
bool put(const Table& table, Hash hash, Block block) {
  Bucket& home = table.home(hash);
  const auto put_in = [&](Bucket& bucket) {
    for (auto& slot : bucket.slots) {
      if (!slot::is_empty(slot.load(std::memory_order_relaxed))) continue;
      slot.store(slot::make(hash.tag(), 0, block), std::memory_order_relaxed);
      return true;
    }
    return false;
  };
  if (put_in(home)) return true;
  const std::uint64_t control = home.control.load(std::memory_order_relaxed);
  if (Bucket* overflow = table.overflow(control)) return put_in(*overflow);
  TableHead& head = table.head();
  const std::uint32_t link = head.overflow_used.load(std::memory_order_relaxed) + 1;
  if (link > head.overflow) return false;
  head.overflow_used.store(link, std::memory_order_relaxed);
  home.control.store(control::linked(0, link), std::memory_order_relaxed);
  return put_in(*table.overflow(control::linked(0, link)));
}

}  // namespace

void Index::rebuild(std::uint64_t at, std::uint64_t word, Why why) {
  const Table old = table(word);
  freeze(old);  // also what another began to freeze and did not finish
  CRASH_POINT("lockfree.rebuild.frozen");
  const std::uint64_t items = items_of(old);
  const auto wanted = static_cast<std::uint32_t>(static_cast<double>(items) / kItemsABucket) + 1;
  // As it is where its numbers wore out and its size is right.
  std::uint32_t buckets = wanted;
  const bool right_size = wanted <= old.buckets() && old.buckets() <= 2 * wanted;
  if (why == Why::worn && right_size) buckets = old.buckets();
  // Where many keys crowd into one bucket, fewer a bucket on the average would not do.
  if (why == Why::crowded) buckets = std::max(wanted, old.buckets() + old.buckets() / 4 + 1);
  while (space_.directory(at).load(std::memory_order_acquire) == word) {
    const std::uint64_t overflow = overflow_of(buckets), bytes = Table::bytes(buckets, overflow);
    const Block block = blocks_.take_table(bytes);
    const Table fresh = make_table(block, static_cast<std::uint32_t>(at), buckets);
    if (!fill(old, fresh)) {
      blocks_.give_back_table(block, bytes);
      buckets += buckets / 4 + 1;
      continue;
    }
    CRASH_POINT("lockfree.rebuild.filled");
    const TableAt next{.line = static_cast<std::uint32_t>(std::uint64_t{block} * kUnit / 64), .buckets = buckets};
    std::uint64_t expected = word;
    mine_.stale_table.store(word, std::memory_order_release);
    const bool done = space_.directory(at).compare_exchange_strong(expected, pack(next), std::memory_order_acq_rel);
    CRASH_POINT("lockfree.rebuild.swapped");
    if (!done) {
      mine_.stale_table.store(0, std::memory_order_release);
      blocks_.give_back_table(block, bytes);
      return;
    }
    mine_.table.store(0, std::memory_order_release);
    CRASH_POINT("lockfree.rebuild.published");
    retire(word);
    CRASH_POINT("lockfree.rebuild.retired");
    mine_.stale_table.store(0, std::memory_order_release);
    reclaim();
    return;
  }
}

void Index::make_tables(std::uint64_t items) {
  const std::uint64_t partitions = space_.root().partitions;
  const auto buckets =
      static_cast<std::uint32_t>(static_cast<double>(items) / static_cast<double>(partitions) / kItemsABucket) + 1;
  for (std::uint64_t at = 0; at < partitions; ++at) {
    const Block block = blocks_.take_table(Table::bytes(buckets, overflow_of(buckets)));
    make_table(block, static_cast<std::uint32_t>(at), buckets);
    const TableAt first{.line = static_cast<std::uint32_t>(std::uint64_t{block} * kUnit / 64), .buckets = buckets};
    space_.directory(at).store(pack(first), std::memory_order_relaxed);
    mine_.table.store(0, std::memory_order_relaxed);
  }
}

Table Index::make_table(Block block, std::uint32_t partition, std::uint32_t buckets) const {
  std::uint64_t* const memory = space_.block(block);
  const std::uint64_t overflow = overflow_of(buckets);
  const std::uint64_t words = Table::bytes(buckets, overflow) / 8;
  const std::uint64_t generation = (((load_word(memory) & 0xffff) | 1) + 1) & 0xffff;
  for (std::uint64_t i = 0; i < words; ++i) store_word(memory + i, 0);
  store_word(memory, generation);
  const Table made(reinterpret_cast<char*>(memory), buckets);
  made.head().buckets = buckets;
  made.head().overflow = static_cast<std::uint32_t>(overflow);
  made.head().partition = partition;
  return made;
}

// False when it does not fit.
bool Index::fill(const Table& from, const Table& to) const {
  std::string key;
  const std::uint64_t buckets = from.buckets_in_use();
  for (std::uint64_t i = 0; i < buckets; ++i) {
    constexpr std::uint64_t kAhead = 4;  // buckets of which the blocks are fetched meanwhile
    if (i + kAhead < buckets)
      for (const auto& slot : from.at(i + kAhead).slots)
        __builtin_prefetch(space_.block(slot::block(slot.load(std::memory_order_relaxed))));
    for (const auto& slot : from.at(i).slots) {
      const Block block = slot::block(slot.load(std::memory_order_relaxed));
      if (block == 0) continue;
      // The block may already be another's, when another has rebuilt the table and gone on; then this copy is for
      // nothing.
      const std::uint64_t* const memory = space_.block(block);
      const BlockHead head = read_head(memory);
      if (head.key > kLongestKey) return true;
      key.resize(head.key);
      copy_out(memory, head.payload, head.key, key.data());
      if (!put(to, Hash::of(key), block)) return false;
    }
  }
  return true;
}

void Index::retire(std::uint64_t word) {
  const TableAt at = unpack_table(word);
  const auto block = static_cast<Block>(std::uint64_t{at.line} * 64 / kUnit);
  TableHead& head = table(word).head();
  head.retired_next = mine_.retired.load(std::memory_order_relaxed);
  head.retired_epoch = space_.root().epoch.fetch_add(1, std::memory_order_seq_cst);
  mine_.retired.store(block, std::memory_order_release);
}

void Index::reclaim() {
  std::uint64_t oldest = ~std::uint64_t{0};  // epoch that a running write announced
  const std::uint32_t arenas = space_.root().arenas.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < arenas; ++i) {
    const std::uint64_t announced = space_.arena(i).announced.load(std::memory_order_seq_cst);
    if (announced != 0 && &space_.arena(i) != &mine_) oldest = std::min(oldest, announced - 1);
  }
  const std::uint64_t now = space_.root().epoch.load(std::memory_order_acquire);
  std::uint64_t before = 0;  // block of the table before it in the list
  for (std::uint64_t block = mine_.retired.load(std::memory_order_relaxed); block != 0;) {
    TableHead& head = *reinterpret_cast<TableHead*>(space_.block(static_cast<Block>(block)));
    const std::uint64_t next = head.retired_next;
    if (head.retired_epoch + kGrace < now && head.retired_epoch < oldest) {
      // Unlinked before it is freed: killed in between, the table is lost to the list, and found by its intent.
      mine_.stale.store(std::uint64_t{head.generation & 0xffff} << 32 | block, std::memory_order_release);
      if (before == 0)
        mine_.retired.store(next, std::memory_order_release);
      else
        reinterpret_cast<TableHead*>(space_.block(static_cast<Block>(before)))->retired_next = next;
      CRASH_POINT("lockfree.reclaim.unlinked");
      const std::uint64_t bytes = Table::bytes(head.buckets, head.overflow);
      set_generation(space_.block(static_cast<Block>(block)), static_cast<std::uint16_t>(head.generation + 1));
      CRASH_POINT("lockfree.reclaim.generation");
      blocks_.free(static_cast<Block>(block), bytes);
      mine_.stale.store(0, std::memory_order_release);
    } else {
      before = block;
    }
    block = next;
  }
}

}  // namespace dictbench::lockfree
