// Writing: set, erase, update, and the steps of an insert.
#include <bit>
#include <string>

#include "engines/lockfree/block.h"
#include "engines/lockfree/index.h"
#include "engines/shm/crash_point.h"

namespace dictbench::lockfree {

// Where a writer found its key, or where it may go.
struct Index::Place {
  Bucket* home = nullptr;
  std::uint64_t control = 0;  // as it was before the slots were looked at
  bool found = false;
  unsigned slot = 2 * kSlots;  // of the key, else an empty one; 2 * kSlots: there is none
  std::uint64_t word = 0;      // the slot's
};

Index::Index(Space space, Blocks& blocks)
    : space_(space),
      blocks_(blocks),
      mine_(blocks.mine()),
      partition_bits_(static_cast<unsigned>(std::countr_zero(space.root().partitions))) {}

// Before the directory is read, and seen by everybody by then: whoever retires the table that is read there looks at
// all announcements afterwards.
std::uint64_t Index::announce(Hash hash) noexcept {
  mine_.announced.exchange(space_.root().epoch.load(std::memory_order_acquire) + 1, std::memory_order_seq_cst);
  return space_.directory(partition(hash)).load(std::memory_order_seq_cst);
}

// False when the slots changed under the search. A frozen word is found as any other.
bool Index::find(const Table& table, Bucket& home, Hash hash, std::string_view key, Place& place) const {
  place = {.home = &home, .control = home.control.load(std::memory_order_acquire)};
  const Bucket* const overflow = table.overflow(place.control);
  for (unsigned part = 0; part < (overflow == nullptr ? 1u : 2u); ++part) {
    const Bucket& bucket = part == 0 ? home : *overflow;
    for (unsigned matches = match(bucket, hash.tag()); matches != 0; matches &= matches - 1) {
      const auto at = static_cast<unsigned>(std::countr_zero(matches));
      const std::uint64_t seen = bucket.slots[at].load(std::memory_order_acquire);
      if (slot::tag(seen) != hash.tag()) return false;
      if (key_equals(space_.block(slot::block(seen)), key)) {
        place.found = true;
        place.slot = part * kSlots + at;
        place.word = seen;
        return true;
      }
      std::atomic_thread_fence(std::memory_order_acquire);
      if (((bucket.slots[at].load(std::memory_order_relaxed) ^ seen) & ~slot::kFrozen) != 0) return false;
    }
    for (unsigned at = 0; at < kSlots && place.slot == 2 * kSlots; ++at) {
      const std::uint64_t seen = bucket.slots[at].load(std::memory_order_acquire);
      if (slot::is_empty(seen) && !slot::is_worn(seen)) {
        place.slot = part * kSlots + at;
        place.word = seen;
      }
    }
  }
  return true;
}

// Finishes the insert that `control`, read from the home bucket, has pending.
void Index::complete(const Table& table, Bucket& home, std::uint64_t control) const {
  std::atomic<std::uint64_t>& slot = table.slot(home, control, control::slot(control));
  std::uint64_t empty = slot.load(std::memory_order_acquire);
  if (!slot::is_empty(empty) || slot::is_frozen(empty)) return;
  const std::uint64_t* block = space_.block(control::block(control));
  const BlockHead head = read_head(block);
  std::string key(head.key <= kLongestKey ? head.key : 0, '\0');
  copy_out(block, head.payload, key.size(), key.data());
  // While the insert is pending, the slot is as it was or filled; so an empty one seen before this look is the one
  // meant.
  if (home.control.load(std::memory_order_seq_cst) != control) return;
  slot.compare_exchange_strong(empty, slot::next(empty, Hash::of(key).tag(), control::block(control)),
                               std::memory_order_acq_rel);
}

// Makes sure that no pending insert names the slot, which holds something. False: look again.
bool Index::quiet(Bucket& home, unsigned slot) const {
  std::uint64_t control = home.control.load(std::memory_order_acquire);
  if (!control::is_pending(control) || control::slot(control) != slot) return true;
  if (control::is_frozen(control)) return false;
  return home.control.compare_exchange_strong(control, control::idle(control), std::memory_order_acq_rel);
}

// `block`, filled, in the place of the one found there; 0 erases. The old block is freed.
Index::Tried Index::try_replace(const Table& table, const Place& place, Hash hash, Block block) {
  if (!quiet(*place.home, place.slot)) return Tried::again;
  const Block old = slot::block(place.word);
  const BlockHead head = read_head(space_.block(old));
  mine_.stale.store(std::uint64_t{head.generation} << 32 | old, std::memory_order_release);
  CRASH_POINT("lockfree.replace.intent");
  std::uint64_t expected = place.word;
  const bool done =
      table.slot(*place.home, place.control, place.slot)
          .compare_exchange_strong(expected, slot::next(place.word, hash.tag(), block), std::memory_order_acq_rel);
  CRASH_POINT("lockfree.replace.swapped");
  if (done) {
    set_generation(space_.block(old), static_cast<std::uint16_t>(head.generation + 1));
    CRASH_POINT("lockfree.replace.generation");
    blocks_.free(old, head.bytes());
    CRASH_POINT("lockfree.replace.freed");
  }
  mine_.stale.store(0, std::memory_order_release);
  return done ? Tried::done : Tried::again;
}

Index::Tried Index::try_insert(const Table& table, const Place& place, Hash hash, Block block) {
  std::uint64_t control = place.control;
  if (!place.home->control.compare_exchange_strong(control, control::pending(control, place.slot, block),
                                                   std::memory_order_acq_rel))
    return Tried::again;
  CRASH_POINT("lockfree.insert.pending");
  std::atomic<std::uint64_t>& slot = table.slot(*place.home, place.control, place.slot);
  std::uint64_t seen = place.word;
  if (slot.compare_exchange_strong(seen, slot::next(place.word, hash.tag(), block), std::memory_order_acq_rel))
    return Tried::done;
  // Somebody else finished it, or the table was frozen before anybody did.
  return slot::is_empty(seen) && slot::version(seen) == slot::version(place.word) ? Tried::again : Tried::done;
}

Index::Tried Index::add_overflow(const Table& table, Bucket& home, std::uint64_t control) {
  TableHead& head = table.head();
  if (head.overflow_used.load(std::memory_order_relaxed) >= head.overflow) return Tried::again;
  const std::uint32_t link = head.overflow_used.fetch_add(1, std::memory_order_acq_rel) + 1;
  if (link > head.overflow) return Tried::again;
  CRASH_POINT("lockfree.overflow.taken");
  home.control.compare_exchange_strong(control, control::linked(control, link), std::memory_order_acq_rel);
  return Tried::done;
}

void Index::update(std::string_view key, const Change& change) {
  const Hash hash = Hash::of(key);
  Value old;
  Block block = 0;
  std::uint64_t bytes = 0;
  const auto fill = [&](std::string_view value) {
    if (block != 0) blocks_.give_back(block, bytes);
    block = 0;
    bytes = block_bytes(key.size(), value.size());
    block = blocks_.take(bytes);
    std::uint64_t* const memory = space_.block(block);
    fill_block(memory, static_cast<std::uint16_t>((load_word(memory) | 1) + 1), key, value);
  };
  try {
    while (true) {
      const std::uint64_t word = announce(hash);
      const Table seen = table(word);
      Place place;
      if (!find(seen, seen.home(hash), hash, key, place)) continue;
      Bucket& home = *place.home;
      if (control::is_frozen(place.control) || slot::is_frozen(place.word)) {
        rebuild(partition(hash), word, Why::frozen);
        continue;
      }
      if (place.found) {
        if (slot::is_worn(place.word)) {
          rebuild(partition(hash), word, Why::worn);
          continue;
        }
        const std::uint64_t* const there = space_.block(slot::block(place.word));
        const BlockHead head = read_head(there);
        std::atomic_thread_fence(std::memory_order_acquire);
        const auto& slot = seen.slot(home, place.control, place.slot);
        if (slot.load(std::memory_order_relaxed) != place.word) continue;
        copy_value(there, head, old);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (slot.load(std::memory_order_relaxed) != place.word) continue;
        fill(change(old.view()));
        if (try_replace(seen, place, hash, block) == Tried::done) break;
        continue;
      }
      if (control::is_pending(place.control)) complete(seen, home, place.control);
      if (control::is_worn(place.control)) {
        rebuild(partition(hash), word, Why::worn);
        continue;
      }
      if (place.slot == 2 * kSlots) {
        if (control::link(place.control) != 0 || add_overflow(seen, home, place.control) == Tried::again)
          rebuild(partition(hash), word, Why::crowded);
        continue;
      }
      // The slot may be the one that was just filled.
      if (seen.slot(home, place.control, place.slot).load(std::memory_order_acquire) != place.word) continue;
      fill(change(std::nullopt));
      if (try_insert(seen, place, hash, block) == Tried::done) break;
    }
  } catch (...) {
    if (block != 0) blocks_.give_back(block, bytes);
    done();
    throw;
  }
  CRASH_POINT("lockfree.update.published");
  blocks_.published();
  done();
}

void Index::set(std::string_view key, std::string_view value) {
  update(key, [&](std::optional<std::string_view>) { return value; });
}

bool Index::erase(std::string_view key) {
  const Hash hash = Hash::of(key);
  bool erased = false;
  try {
    while (true) {
      const std::uint64_t word = announce(hash);
      const Table seen = table(word);
      Place place;
      if (!find(seen, seen.home(hash), hash, key, place)) continue;
      if (control::is_frozen(place.control) || slot::is_frozen(place.word)) {
        rebuild(partition(hash), word, Why::frozen);
        continue;
      }
      if (!place.found) break;
      if (slot::is_worn(place.word)) {
        rebuild(partition(hash), word, Why::worn);
        continue;
      }
      if (try_replace(seen, place, hash, 0) == Tried::done) {
        erased = true;
        break;
      }
    }
  } catch (...) {
    done();
    throw;
  }
  done();
  return erased;
}

}  // namespace dictbench::lockfree
