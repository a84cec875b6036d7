// Reading: get, get_many, size, for_each.
#include <array>
#include <bit>
#include <string>

#include "engines/lockfree/block.h"
#include "engines/lockfree/index.h"

namespace dictbench::lockfree {

std::uint64_t Table::buckets_in_use() const noexcept {
  return count_ + std::min(head_->overflow_used.load(std::memory_order_acquire), head_->overflow);
}

// A reader's sight of the table that the directory names now.
Sight Index::sight_of(std::uint64_t at) const noexcept {
  const Atomic<std::uint64_t>& clock = space_.root().epoch;
  const Atomic<std::uint64_t>& entry = space_.directory(at);
  const std::uint64_t epoch = clock.load(std::memory_order_acquire);
  return {entry, entry.load(std::memory_order_acquire), clock, epoch};
}

// Inlined, with look(), into get(): a third of a get's instructions would be calls (bytes.h says why they count).
[[gnu::always_inline]] inline Index::Look Index::look_in(const Bucket& bucket, const Sight& sight, Hash hash,
                                                         std::string_view key, Value& out) const {
  for (unsigned matches = match(bucket, hash.tag()); matches != 0; matches &= matches - 1) {
    const SlotView view(sight, bucket.slots[static_cast<unsigned>(std::countr_zero(matches))]);
    // In grace the word is a slot's, so its block lies in memory that there is.
    if (slot::tag(view.word()) != hash.tag() || !sight.in_grace()) return Look::again;
    const std::uint64_t* block = space_.block(view.block());
    const BlockHead head = read_head(block);
    if (head.bytes() > kReadAhead && !view.unchanged()) return Look::again;
    if (!key_equals(block, head, key)) [[unlikely]] {
      if (!view.unchanged()) return Look::again;
      continue;
    }
    copy_value(block, head, out);
    return view.unchanged() ? Look::found : Look::again;
  }
  return Look::missing;
}

[[gnu::always_inline]] inline Index::Look Index::look(const Sight& sight, Hash hash, std::string_view key,
                                                      Value& out) const {
  const Bucket& home = space_.table(sight.word()).home(hash);
  const Look result = look_in(home, sight, hash, key, out);
  return result == Look::missing ? look_further(sight, hash, key, out) : result;
}

[[gnu::noinline]] Index::Look Index::look_further(const Sight& sight, Hash hash, std::string_view key,
                                                  Value& out) const {
  const Table seen = space_.table(sight.word());
  const std::uint64_t control = seen.home(hash).control.load(std::memory_order_acquire);
  if (!sight.in_grace()) return Look::again;
  const Bucket* overflow = seen.overflow(control);
  if (overflow == nullptr) return Look::missing;
  const Look further = look_in(*overflow, sight, hash, key, out);
  return further == Look::missing && !sight.in_grace() ? Look::again : further;
}

bool Index::get(std::string_view key, Value& out) const {
  const Hash hash = hasher_(key);
  while (true) {
    const Sight sight = sight_of(partition(hash));
    const Look result = look(sight, hash, key, out);
    if (result != Look::again) [[likely]]
      return result == Look::found;
  }
}

// Whatever the slots say by now: a prefetch faults nowhere.
void Index::prefetch_block(std::uint64_t word, Hash hash) const noexcept {
  const Bucket& home = space_.table(word).home(hash);
  for (unsigned matches = match(home, hash.tag()); matches != 0; matches &= matches - 1)
    __builtin_prefetch(space_.block(
        slot::block(home.slots[static_cast<unsigned>(std::countr_zero(matches))].load(std::memory_order_relaxed))));
}

// In three sweeps over a group, so that the cache misses of the group overlap: buckets, blocks, values.
std::size_t Index::get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) const {
  constexpr std::size_t kGroup = 32;
  std::size_t hits = 0;
  for (std::size_t begin = 0; begin < keys.size(); begin += kGroup) {
    const std::size_t count = std::min(kGroup, keys.size() - begin);
    std::array<Hash, kGroup> hashes;
    std::array<std::uint64_t, kGroup> words;
    const Atomic<std::uint64_t>& clock = space_.root().epoch;
    const std::uint64_t epoch = clock.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = hasher_(keys[begin + i]);
      words[i] = prefetch_home(hashes[i]);
    }
    for (std::size_t i = 0; i < count; ++i) prefetch_block(words[i], hashes[i]);
    for (std::size_t i = 0; i < count; ++i) {
      const Sight sight(space_.directory(partition(hashes[i])), words[i], clock, epoch);
      const Look result = look(sight, hashes[i], keys[begin + i], out[begin + i]);
      found[begin + i] = result == Look::again ? get(keys[begin + i], out[begin + i]) : result == Look::found;
      hits += found[begin + i];
    }
  }
  return hits;
}

std::uint64_t Index::size() const {
  std::uint64_t items = 0;
  for (std::uint64_t at = 0; at < space_.root().partitions; ++at) {
    while (true) {
      const Sight sight = sight_of(at);
      const Table seen = space_.table(sight.word());
      // Read once, and not followed unless it is the table's: memory that has become something else says anything.
      const std::uint64_t buckets = seen.buckets_in_use();
      if (!sight.in_grace()) continue;
      std::uint64_t here = 0;
      for (std::uint64_t bucket = 0; bucket < buckets; ++bucket)
        for (const auto& slot : seen.at(bucket).slots) here += !slot::is_empty(slot.load(std::memory_order_acquire));
      if (sight.is_current() && sight.in_grace()) {
        items += here;
        break;
      }
    }
  }
  return items;
}

// The items are gathered before any is shown, because a rebuild in the middle makes it begin again. A key that was
// erased and came back in another slot meanwhile is gathered once.
Index::Items Index::items_of(std::uint64_t at) const {
  Items items;
  while (!gather(sight_of(at), items)) items.clear();
  return items;
}

// False: the table was rebuilt meanwhile.
bool Index::gather(const Sight& sight, Items& items) const {
  const Table seen = space_.table(sight.word());
  const std::uint64_t buckets = seen.buckets_in_use();
  if (!sight.in_grace()) return false;
  for (std::uint64_t bucket = 0; bucket < buckets; ++bucket)
    for (const auto& slot : seen.at(bucket).slots)
      while (true) {
        const SlotView view(sight, slot);
        if (!sight.in_grace()) return false;
        if (slot::is_empty(view.word())) break;
        const std::uint64_t* block = space_.block(view.block());
        const BlockHead head = read_head(block);
        if (view.unchanged()) {
          std::string key(head.key, '\0'), value(head.value, '\0');
          copy_out(block, head.payload, head.key, key.data());
          copy_out(block, std::uint64_t{head.payload} + head.key, head.value, value.data());
          if (view.unchanged()) {
            items.insert_or_assign(std::move(key), std::move(value));
            break;
          }
        }
        if (!sight.is_current()) return false;
      }
  return sight.is_current() && sight.in_grace();
}

}  // namespace dictbench::lockfree
