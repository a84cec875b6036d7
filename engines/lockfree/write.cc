// Writing: set, erase, update, and the steps of an insert.
#include <algorithm>
#include <array>
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
  bool worn = false;           // an empty one was passed over, as it is worn
  std::uint64_t word = 0;      // the slot's
};

// One write: its hazard, and the block that it has in hand until that is in the table.
class Index::Write {
 public:
  explicit Write(Index& index) : index_(index) {}
  Write(const Write&) = delete;
  Write& operator=(const Write&) = delete;
  ~Write() {
    if (block_ != 0) index_.blocks_.give_back(block_, bytes_);
    index_.mine_.hazard.store(0, std::memory_order_release);
  }

  Block fill(std::string_view key, std::string_view value) {
    const std::uint64_t bytes = block_bytes(key.size(), value.size());
    if (block_ != 0 && bytes != bytes_) {
      index_.blocks_.give_back(block_, bytes_);
      block_ = 0;
    }
    if (block_ == 0) {
      block_ = index_.blocks_.take(bytes);
      bytes_ = bytes;
      generation_ = static_cast<std::uint16_t>((load_word(index_.space_.block(block_)) | 1) + 1);
    } else {
      index_.blocks_.refilled(block_);
    }
    index_.blocks_.filled(block_, fill_block(index_.space_.block(block_), generation_, key, value));
    return block_;
  }

  void published() {
    CRASH_POINT("lockfree.write.published");
    index_.blocks_.published();
    block_ = 0;
  }

 private:
  Index& index_;
  Block block_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint16_t generation_ = 0;  // the same however often it is filled: nobody has seen it yet
};

Index::Index(Space space, Blocks& blocks)
    : space_(space),
      blocks_(blocks),
      mine_(blocks.mine()),
      hasher_(space.root().hasher),
      partition_bits_(static_cast<unsigned>(std::countr_zero(space.root().partitions))) {}

// A sight of the key's table, which will not be reused while it is our hazard: whoever retires it looks at all hazards
// after the directory has changed, and we look at the directory after our hazard is seen by all.
Sight Index::protect(Hash hash) noexcept {
  const Atomic<std::uint64_t>& entry = space_.directory(partition(hash));
  std::uint64_t word = entry.load(std::memory_order_acquire);
  while (true) {
    mine_.hazard.exchange(word, std::memory_order_seq_cst);
    const std::uint64_t now = entry.load(std::memory_order_seq_cst);
    if (now == word) return {entry, word};
    word = now;
  }
}

// False when the slots changed under the search, or the table is out of use, so that its blocks may be other items by
// now. A frozen word is found as any other. What is found missing is missing as long as the control word stays as it
// was.
bool Index::find(const Sight& sight, const Table& table, Bucket& home, Hash hash, std::string_view key,
                 Place& place) const {
  place = {.home = &home, .control = home.control.load(std::memory_order_acquire)};
  // Before the search: an insert that became complete behind it could be of this key, and in another slot than ours.
  if (control::is_pending(place.control)) complete(table, home, place.control);
  const std::array<const Bucket*, 2> parts = {&home, table.overflow(place.control)};
  for (unsigned part = 0; part < 2 && parts[part] != nullptr; ++part) {
    const Bucket& bucket = *parts[part];
    for (unsigned matches = match(bucket, hash.tag()); matches != 0; matches &= matches - 1) {
      const auto at = static_cast<unsigned>(std::countr_zero(matches));
      const SlotView view(sight, bucket.slots[at]);
      if (slot::tag(view.word()) != hash.tag()) return false;
      const std::uint64_t* const block = space_.block(view.block());
      const BlockHead head = read_head(block);
      if (head.bytes() > kReadAhead && !view.unchanged()) return false;
      if (key_equals(block, head, key)) {
        place.found = true;
        place.slot = part * kSlots + at;
        place.word = view.word();
        return true;
      }
      if (!view.unchanged()) return false;
    }
  }
  constexpr std::uint16_t kEmptyTag = 0;
  for (unsigned part = 0; part < 2 && parts[part] != nullptr; ++part) {
    for (unsigned empty = match(*parts[part], kEmptyTag); empty != 0; empty &= empty - 1) {
      const auto at = static_cast<unsigned>(std::countr_zero(empty));
      const std::uint64_t seen = parts[part]->slots[at].load(std::memory_order_acquire);
      if (!slot::is_empty(seen)) continue;
      if (slot::is_worn(seen)) {
        place.worn = true;
        continue;
      }
      place.slot = part * kSlots + at;
      place.word = seen;
      return true;
    }
  }
  return true;
}

// Finishes the insert that `control`, read from the home bucket, has pending.
void Index::complete(const Table& table, Bucket& home, std::uint64_t control) const {
  Atomic<std::uint64_t>& slot = table.slot(home, control, control::slot(control));
  std::uint64_t empty = slot.load(std::memory_order_acquire);
  if (!slot::is_empty(empty) || slot::is_frozen(empty) || control::is_frozen(control)) return;
  const std::uint64_t* block = space_.block(control::block(control));
  const BlockHead head = read_head(block);
  acquire_fence();
  if (home.control.load(std::memory_order_relaxed) != control) return;  // else the lengths would be anything
  std::string key(head.key, '\0');
  copy_out(block, head.payload, key.size(), key.data());
  // While the insert is pending, the slot is as it was or filled; so an empty one seen before this look is the one
  // meant.
  if (home.control.load(std::memory_order_seq_cst) != control) return;
  slot.compare_exchange_strong(empty, slot::next(empty, hasher_(key).tag(), control::block(control)),
                               std::memory_order_acq_rel);
}

// Makes sure that no pending insert names the slot, which held something when it was found. False: look again. Only a
// complete insert may be made idle: the slot that still holds the word, read after the control word, says that it is.
bool Index::quiet(const Table& table, const Place& place) const {
  std::uint64_t control = place.home->control.load(std::memory_order_acquire);
  if (!control::is_pending(control) || control::slot(control) != place.slot) return true;
  if (control::is_frozen(control)) return false;
  if (table.slot(*place.home, place.control, place.slot).load(std::memory_order_acquire) != place.word) return false;
  return place.home->control.compare_exchange_strong(control, control::idle(control), std::memory_order_acq_rel);
}

// `block`, filled, in the place of the one found there; 0 erases. The old block is freed.
Index::Tried Index::try_replace(const Sight& sight, const Table& table, const Place& place, Hash hash, Block block) {
  if (!quiet(table, place)) return Tried::again;
  Atomic<std::uint64_t>& slot = table.slot(*place.home, place.control, place.slot);
  const SlotView view(sight, slot, place.word);
  const Block old = view.block();
  const BlockHead head = read_head(space_.block(old));
  // The intent must name this block's generation, not that of what it may have become.
  if (!view.unchanged()) return Tried::again;
  mine_.stale.store(pack(filled_intent(old, head.first)), std::memory_order_release);
  CRASH_POINT("lockfree.replace.intent");
  std::uint64_t expected = place.word;
  const bool done =
      slot.compare_exchange_strong(expected, slot::next(place.word, hash.tag(), block), std::memory_order_acq_rel);
  CRASH_POINT("lockfree.replace.swapped");
  // Somebody who puts a killed process's intents in order may have found the block out of the table, and claimed it.
  if (done && claim_block(space_.block(old), head.first, blocks_.arena())) {
    CRASH_POINT("lockfree.replace.claimed");
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
  Atomic<std::uint64_t>& slot = table.slot(*place.home, place.control, place.slot);
  std::uint64_t seen = place.word;
  if (slot.compare_exchange_strong(seen, slot::next(place.word, hash.tag(), block), std::memory_order_acq_rel))
    return Tried::done;
  // Somebody else finished it, or the table was frozen before anybody did.
  return slot::is_empty(seen) && slot::version(seen) == slot::version(place.word) ? Tried::again : Tried::done;
}

// False: there is none left.
bool Index::add_overflow(const Table& table, Bucket& home, std::uint64_t control) {
  TableHead& head = table.head();
  if (head.overflow_used.load(std::memory_order_relaxed) >= head.overflow) return false;
  const std::uint32_t link = head.overflow_used.fetch_add(1, std::memory_order_acq_rel) + 1;
  if (link > head.overflow) return false;
  CRASH_POINT("lockfree.overflow.taken");
  home.control.compare_exchange_strong(control, control::linked(control, link), std::memory_order_acq_rel);
  return true;
}

// One try at a write to the table that `word` names. `make` is given the place that a search found, and returns the
// block to put there: 0 erases, nothing means that what was found has changed meanwhile. A key that is not found is
// inserted, or not.
template <class Make>
Index::Tried Index::attempt(const Sight& sight, Hash hash, std::string_view key, bool inserts, const Make& make) {
  const Table seen = space_.table(sight.word());
  Bucket& home = seen.home(hash);
  Place place;
  if (!find(sight, seen, home, hash, key, place)) return Tried::again;
  if (!place.found && !inserts) return Tried::done;
  const auto replace_table = [&](Why why) {
    rebuild(partition(hash), sight.word(), why);
    return Tried::again;
  };
  if (control::is_frozen(place.control) || slot::is_frozen(place.word)) return replace_table(Why::frozen);
  if (place.found) {
    if (slot::is_worn(place.word)) return replace_table(Why::worn);
    const std::optional<Block> block = make(sight, seen, place);
    return block ? try_replace(sight, seen, place, hash, *block) : Tried::again;
  }
  if (control::is_worn(place.control)) return replace_table(Why::worn);
  if (place.slot == 2 * kSlots) {
    if (place.worn) return replace_table(Why::worn);
    if (control::link(place.control) != 0) return replace_table(Why::crowded);
    return add_overflow(seen, home, place.control) ? Tried::again : replace_table(Why::no_overflow);
  }
  const std::optional<Block> block = make(sight, seen, place);
  return block ? try_insert(seen, place, hash, *block) : Tried::again;
}

void Index::set(std::string_view key, std::string_view value) { set(hasher_(key), key, value); }

// The block is filled while the bucket is on its way.
void Index::set(Hash hash, std::string_view key, std::string_view value) {
  prefetch_home(hash);
  Write write(*this);
  const Block block = write.fill(key, value);
  const auto filled = [&](const Sight&, const Table&, const Place&) { return std::optional(block); };
  while (attempt(protect(hash), hash, key, true, filled) == Tried::again) continue;
  write.published();
}

void Index::set_many(std::span<const KeyValue> items) {
  constexpr std::size_t kGroup = 32;
  std::array<Hash, kGroup> hashes;
  std::array<std::uint64_t, kGroup> words;
  for (std::size_t begin = 0; begin < items.size(); begin += kGroup) {
    const std::span<const KeyValue> group = items.subspan(begin, std::min(kGroup, items.size() - begin));
    for (std::size_t i = 0; i < group.size(); ++i) {
      hashes[i] = hasher_(group[i].key);
      words[i] = prefetch_home(hashes[i]);
    }
    for (std::size_t i = 0; i < group.size(); ++i) prefetch_block(words[i], hashes[i]);
    for (std::size_t i = 0; i < group.size(); ++i) set(hashes[i], group[i].key, group[i].value);
  }
}

void Index::update(std::string_view key, const Change& change) {
  const Hash hash = hasher_(key);
  Write write(*this);
  Value old;
  const auto changed = [&](const Sight& sight, const Table& seen, const Place& place) -> std::optional<Block> {
    if (!place.found) return write.fill(key, change(std::nullopt));
    const SlotView view(sight, seen.slot(*place.home, place.control, place.slot), place.word);
    const std::uint64_t* const there = space_.block(view.block());
    const BlockHead head = read_head(there);
    if (!view.unchanged()) return std::nullopt;
    copy_value(there, head, old);
    if (!view.unchanged()) return std::nullopt;
    return write.fill(key, change(old.view()));
  };
  while (attempt(protect(hash), hash, key, true, changed) == Tried::again) continue;
  write.published();
}

bool Index::erase(std::string_view key) {
  const Hash hash = hasher_(key);
  const Write write(*this);
  bool found = false;
  const auto nothing = [&](const Sight&, const Table&, const Place&) {
    found = true;
    return std::optional<Block>(0);
  };
  while (attempt(protect(hash), hash, key, false, nothing) == Tried::again) found = false;
  return found;
}

}  // namespace dictbench::lockfree
