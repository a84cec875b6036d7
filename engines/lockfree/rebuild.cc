// A table is rebuilt when a bucket and its overflow bucket are full, when there is no overflow bucket left, or when a
// version or sequence number has reached its end. Everybody who needs it does it alone, from beginning to end:
//
//   1. take memory for a new table, then freeze the old one; from then on it never changes;
//   2. copy what it holds into the new table, which nobody else knows;
//   3. compare-and-swap the directory word. Who comes too late gives his copy back.
//
// So a process that is killed or stopped in the middle holds up nobody, and nothing of it is seen. Of the items only
// the slots are read: bucket and tag tell where a slot goes (position.h), so no block is fetched, and both tables are
// walked from beginning to end.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "engines/error.h"
#include "engines/lockfree/block.h"
#include "engines/lockfree/index.h"
#include "engines/lockfree/position.h"
#include "engines/lockfree/retire.h"
#include "engines/lockfree/table_size.h"
#include "engines/shm/crash_point.h"

namespace dictbench::lockfree {
namespace {

// Every slot of a home bucket and its overflow bucket.
template <class Visit>
void for_each_slot(Bucket& home, const Table& table, std::uint64_t control, const Visit& visit) {
  const unsigned slots = control::link(control) == 0 ? kSlots : 2 * kSlots;
  for (unsigned at = 0; at < slots; ++at) visit(table.slot(home, control, at), at);
}

std::uint64_t count_items(const Table& table) {
  std::uint64_t items = 0;
  for (std::uint32_t i = 0; i < table.buckets(); ++i) {
    Bucket& home = table.at(i);
    for_each_slot(home, table, home.control.load(std::memory_order_acquire),
                  [&](const auto& slot, unsigned) { items += !slot::is_empty(slot.load(std::memory_order_acquire)); });
  }
  return items;
}

// An empty slot needs no frozen bit of its own: it is filled by what its home's control word says only, so the frozen
// control word closes it, unless that one has an insert into it pending.
void freeze(const Table& table) {
  for (std::uint32_t i = 0; i < table.buckets(); ++i) {
    Bucket& home = table.at(i);
    const std::uint64_t control = home.control.fetch_or(control::kFrozen, std::memory_order_acq_rel);
    const unsigned pending = control::is_pending(control) ? control::slot(control) : 2 * kSlots;
    for_each_slot(home, table, control, [&](Atomic<std::uint64_t>& slot, unsigned at) {
      const std::uint64_t word = slot.load(std::memory_order_acquire);
      if (!slot::is_frozen(word) && (at == pending || !slot::is_empty(word)))
        slot.fetch_or(slot::kFrozen, std::memory_order_acq_rel);
    });
    CRASH_POINT("lockfree.rebuild.freezing");
  }
}

// Private, so that plain order does. False when bucket and overflow bucket are full.
bool put(const Table& table, std::uint32_t bucket, std::uint16_t tag, Block block) {
  Bucket& home = table.at(bucket);
  const auto put_in = [&](Bucket& place) {
    for (auto& slot : place.slots) {
      if (!slot::is_empty(slot.load(std::memory_order_relaxed))) continue;
      slot.store(slot::make(tag, 0, block), std::memory_order_relaxed);
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

// A bucket and its overflow bucket have room for 14 items. In a table of 16 times the size that suits its items, so
// many meet in one bucket once in 10^20 buckets by chance. So they have one hash, and a larger table would not help.
constexpr std::uint64_t kMostSpread = 16;

bool has_overflow_left(const Table& table) {
  return table.head().overflow_used.load(std::memory_order_relaxed) < table.head().overflow;
}

}  // namespace

// A table that is taken and not yet published. Given back at the end of its life, also when the process has no memory
// left for what it needs meanwhile.
class Index::TableInHand {
 public:
  TableInHand(Blocks& blocks, std::uint64_t bytes) : blocks_(blocks), block_(blocks.take_table(bytes)), bytes_(bytes) {}
  ~TableInHand() {
    if (block_ != 0) blocks_.give_back_table(block_, bytes_);
  }
  TableInHand(const TableInHand&) = delete;
  TableInHand& operator=(const TableInHand&) = delete;

  Block block() const noexcept { return block_; }
  // It is in the directory, or given back already.
  void let_go() noexcept { block_ = 0; }

 private:
  Blocks& blocks_;
  Block block_;
  std::uint64_t bytes_;
};

Error Index::no_room(Why why, const Table& table) {
  if (why == Why::crowded)
    return {ErrorCode::full,
            fmt::format("lockfree: no room for this key: {} keys of one hash fill its bucket", 2 * kSlots)};
  return {ErrorCode::full,
          fmt::format("lockfree: no room for this key: its bucket is full, and all {} overflow buckets are others'",
                      table.head().overflow)};
}

void Index::rebuild(std::uint64_t at, std::uint64_t word, Why why) {
  const Table old = space_.table(word);
  // Where many keys crowd into one bucket, the size that suits their number would not do. Where numbers wore out, the
  // size stays unless the table is nearly empty, or they do not fit again.
  const std::uint64_t items = count_items(old);
  const bool grows = why == Why::crowded || why == Why::no_overflow;
  std::uint64_t bytes = table_bytes(items, grows ? next_table_bytes(old.bytes()) : kLeastTableBytes);
  if (!grows && bytes <= 2 * old.bytes() && old.bytes() <= 2 * bytes) bytes = old.bytes();
  std::uint64_t most = kMostSpread * table_bytes(items);
  // In a table that is as large as its few items allow, overflow buckets are still linked to buckets whose
  // items were erased. A new one of the same size has them back.
  if (why == Why::no_overflow && bytes > most) bytes = most = old.bytes();
  bool frozen = false;  // by us
  while (space_.directory(at).load(std::memory_order_acquire) == word) {
    // What we have frozen, all who write to this partition would have to rebuild. So it is copied into a table of its
    // own size, into which it fits, before the key is refused.
    const bool has_no_room = grows && bytes > most;
    if (has_no_room && !frozen) throw no_room(why, old);
    if (has_no_room) bytes = old.bytes();
    // Before anything is frozen: when the segment is full, items can still be changed and erased.
    TableInHand table(blocks_, bytes);
    freeze(old);  // also what another began to freeze and did not finish
    frozen = true;
    CRASH_POINT("lockfree.rebuild.frozen");
    const Table fresh = make_table(table.block(), static_cast<std::uint32_t>(at), bytes);
    CRASH_POINT("lockfree.rebuild.made");
    // One of the same size is of use only where an overflow bucket is left in it.
    const bool same_size = why == Why::no_overflow && bytes == old.bytes();
    if (fill(at, word, old, fresh)) {
      const bool is_of_use = !has_no_room && !(same_size && !has_overflow_left(fresh));
      const Block block = table.block();
      blocks_.table_filled(block);
      CRASH_POINT("lockfree.rebuild.filled");
      table.let_go();
      if (publish(at, word, block, fresh) && !is_of_use) throw no_room(why, old);  // our hazard keeps the old one
      return;
    }
    bytes = next_table_bytes(bytes);
  }
}

// False: another was quicker.
bool Index::publish(std::uint64_t at, std::uint64_t word, Block block, const Table& table) {
  const TableAt next{.line = static_cast<std::uint32_t>(std::uint64_t{block} * kUnit / 64), .buckets = table.buckets()};
  std::uint64_t expected = word;
  mine_.stale_table.store(word, std::memory_order_release);
  const bool done = space_.directory(at).compare_exchange_strong(expected, pack(next), std::memory_order_seq_cst);
  CRASH_POINT("lockfree.rebuild.swapped");
  if (!done) {
    mine_.stale_table.store(0, std::memory_order_release);
    blocks_.give_back_table(block, table.bytes());
    return false;
  }
  mine_.table.store(0, std::memory_order_release);
  CRASH_POINT("lockfree.rebuild.published");
  retire(word);
  CRASH_POINT("lockfree.rebuild.retired");
  mine_.stale_table.store(0, std::memory_order_release);
  reclaim(space_, blocks_.arena());
  return true;
}

void Index::make_tables(std::uint64_t items) {
  const std::uint64_t partitions = space_.root().partitions;
  const std::uint64_t bytes = table_bytes((items + partitions - 1) / partitions);
  for (std::uint64_t at = 0; at < partitions; ++at) {
    const Block block = blocks_.take_table(bytes);
    const Table table = make_table(block, static_cast<std::uint32_t>(at), bytes);
    const TableAt first{.line = static_cast<std::uint32_t>(std::uint64_t{block} * kUnit / 64),
                        .buckets = table.buckets()};
    space_.directory(at).store(pack(first), std::memory_order_relaxed);
    mine_.table.store(0, std::memory_order_relaxed);
  }
}

Table Index::make_table(Block block, std::uint32_t partition, std::uint64_t bytes) const {
  std::uint64_t* const memory = space_.block(block);
  const std::uint64_t generation = (((load_word(memory) & 0xffff) | 1) + 1) & 0xffff;
  release_fence();
  const TableSize size = table_in(bytes);
  const std::uint64_t words = (1 + size.buckets + size.overflow) * kBucketBytes / 8;
  for (std::uint64_t i = 1; i < words; ++i) store_word(memory + i, 0);
  store_word(memory, generation);
  const Table made(reinterpret_cast<char*>(memory), size.buckets);
  made.head().buckets = size.buckets;
  made.head().overflow = size.overflow;
  made.head().partition = partition;
  return made;
}

// The bucket of an item whose slot does not tell. Only as long as the directory names the frozen table is the block
// certainly this item's; when another has rebuilt it meanwhile, our copy is for nothing and any bucket does.
std::uint32_t Index::bucket_by_key(std::uint64_t at, std::uint64_t word, Block block, std::uint32_t buckets) const {
  const BlockHead head = read_head(space_.block(block));
  acquire_fence();
  if (space_.directory(at).load(std::memory_order_acquire) != word) return 0;
  std::string key(head.key, '\0');
  copy_out(space_.block(block), head.payload, head.key, key.data());
  return bucket_at(hasher_(key).position(), buckets);
}

// False when it does not fit.
bool Index::fill(std::uint64_t at, std::uint64_t word, const Table& from, const Table& to) const {
  for (std::uint32_t bucket = 0; bucket < from.buckets(); ++bucket) {
    Bucket& home = from.at(bucket);
    const std::uint64_t control = home.control.load(std::memory_order_relaxed);
    bool fits = true;
    for_each_slot(home, from, control, [&](const Atomic<std::uint64_t>& slot, unsigned) {
      const std::uint64_t entry = slot.load(std::memory_order_relaxed);
      if (slot::is_empty(entry)) return;
      const Block block = slot::block(entry);
      const std::optional<std::uint32_t> position = position_of(bucket, from.buckets(), slot::tag(entry));
      std::optional<std::uint32_t> wanted;
      if (position) wanted = bucket_of(*position, to.buckets());
      if (!wanted) wanted = bucket_by_key(at, word, block, to.buckets());
      fits = fits && put(to, *wanted, slot::tag(entry), block);
    });
    if (!fits) return false;
  }
  return true;
}

}  // namespace dictbench::lockfree
