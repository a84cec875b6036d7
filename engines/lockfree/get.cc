// Reading: get, get_many, size, for_each.
#include <array>
#include <bit>
#include <string>
#include <unordered_map>

#include "engines/lockfree/block.h"
#include "engines/lockfree/index.h"

namespace dictbench::lockfree {

std::uint64_t Table::buckets_in_use() const noexcept {
  return count_ + std::min(head_->overflow_used.load(std::memory_order_acquire), head_->overflow);
}

// Inlined, with look(), into get(): a third of a get's instructions would be calls (bytes.h says why they count).
[[gnu::always_inline]] inline Index::Look Index::look_in(const Bucket& bucket, std::uint64_t word, Hash hash,
                                                         std::string_view key, std::uint64_t epoch, Value& out) const {
  for (unsigned matches = match(bucket, hash.tag()); matches != 0; matches &= matches - 1) {
    const Atomic<std::uint64_t>& slot = bucket.slots[static_cast<unsigned>(std::countr_zero(matches))];
    const std::uint64_t seen = slot.load(std::memory_order_acquire);
    // In grace the word is a slot's, so its block lies in memory that there is.
    if (slot::tag(seen) != hash.tag() || !in_grace(epoch)) return Look::again;
    const std::uint64_t* block = space_.block(slot::block(seen));
    const auto unchanged = [&] {
      acquire_fence();
      const std::uint64_t now = slot.load(std::memory_order_relaxed);
      if (((now ^ seen) & ~slot::kFrozen) != 0 || !in_grace(epoch)) return false;
      // Frozen: what it says holds as long as no rebuilt table stands in its place.
      return !slot::is_frozen(now) || space_.directory(partition(hash)).load(std::memory_order_acquire) == word;
    };
    const BlockHead head = read_head(block);
    if (head.bytes() > kReadAhead && !unchanged()) return Look::again;
    if (!key_equals(block, head, key)) [[unlikely]] {
      if (!unchanged()) return Look::again;
      continue;
    }
    copy_value(block, head, out);
    return unchanged() ? Look::found : Look::again;
  }
  return Look::missing;
}

[[gnu::always_inline]] inline Index::Look Index::look(std::uint64_t word, Hash hash, std::string_view key,
                                                      std::uint64_t epoch, Value& out) const {
  const Bucket& home = space_.table(word).home(hash);
  const Look result = look_in(home, word, hash, key, epoch, out);
  return result == Look::missing ? look_further(word, hash, key, epoch, out) : result;
}

[[gnu::noinline]] Index::Look Index::look_further(std::uint64_t word, Hash hash, std::string_view key,
                                                  std::uint64_t epoch, Value& out) const {
  const Table seen = space_.table(word);
  const std::uint64_t control = seen.home(hash).control.load(std::memory_order_acquire);
  if (!in_grace(epoch)) return Look::again;
  const Bucket* overflow = seen.overflow(control);
  if (overflow == nullptr) return Look::missing;
  const Look further = look_in(*overflow, word, hash, key, epoch, out);
  return further == Look::missing && !in_grace(epoch) ? Look::again : further;
}

bool Index::get(std::string_view key, Value& out) const {
  const Hash hash = Hash::of(key);
  const Atomic<std::uint64_t>& entry = space_.directory(partition(hash));
  while (true) {
    const std::uint64_t epoch = space_.root().epoch.load(std::memory_order_acquire);
    const std::uint64_t word = entry.load(std::memory_order_acquire);
    const Look result = look(word, hash, key, epoch, out);
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
    const std::uint64_t epoch = space_.root().epoch.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
      hashes[i] = Hash::of(keys[begin + i]);
      words[i] = prefetch_home(hashes[i]);
    }
    for (std::size_t i = 0; i < count; ++i) prefetch_block(words[i], hashes[i]);
    for (std::size_t i = 0; i < count; ++i) {
      const Look result = look(words[i], hashes[i], keys[begin + i], epoch, out[begin + i]);
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
      const std::uint64_t epoch = space_.root().epoch.load(std::memory_order_acquire);
      const std::uint64_t word = space_.directory(at).load(std::memory_order_acquire);
      const Table seen = space_.table(word);
      std::uint64_t here = 0;
      for (std::uint64_t bucket = 0; bucket < seen.buckets_in_use(); ++bucket)
        for (const auto& slot : seen.at(bucket).slots) here += !slot::is_empty(slot.load(std::memory_order_acquire));
      if (in_grace(epoch) && space_.directory(at).load(std::memory_order_acquire) == word) {
        items += here;
        break;
      }
    }
  }
  return items;
}

// The items are gathered before any is shown, because a rebuild in the middle makes it begin again. A key that was
// erased and came back in another slot meanwhile is gathered once.
void Index::for_each_in(std::uint64_t at, const Visit& visit) const {
  std::unordered_map<std::string, std::string> items;
  while (true) {
    items.clear();
    const std::uint64_t epoch = space_.root().epoch.load(std::memory_order_acquire);
    const std::uint64_t word = space_.directory(at).load(std::memory_order_acquire);
    const Table seen = space_.table(word);
    for (std::uint64_t bucket = 0; bucket < seen.buckets_in_use(); ++bucket) {
      for (const auto& slot : seen.at(bucket).slots) {
        for (std::uint64_t entry = slot.load(std::memory_order_acquire); !slot::is_empty(entry);) {
          if (!in_grace(epoch)) break;
          const std::uint64_t* block = space_.block(slot::block(entry));
          const BlockHead head = read_head(block);
          acquire_fence();
          std::uint64_t now = slot.load(std::memory_order_relaxed);
          if (((now ^ entry) & ~slot::kFrozen) == 0) {
            std::string key(head.key, '\0'), value(head.value, '\0');
            copy_out(block, head.payload, head.key, key.data());
            copy_out(block, std::uint64_t{head.payload} + head.key, head.value, value.data());
            acquire_fence();
            now = slot.load(std::memory_order_relaxed);
            if (((now ^ entry) & ~slot::kFrozen) == 0) {
              items.insert_or_assign(std::move(key), std::move(value));
              break;
            }
          }
          entry = now;
        }
      }
    }
    if (in_grace(epoch) && space_.directory(at).load(std::memory_order_acquire) == word) break;
  }
  for (const auto& [key, value] : items) visit(key, value);
}

}  // namespace dictbench::lockfree
