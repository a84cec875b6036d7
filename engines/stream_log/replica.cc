#include "engines/stream_log/replica.h"

#include <algorithm>
#include <utility>

namespace dictbench::stream_log {
namespace {

// Whether one more key might make the map grow. Abseil's map grows where 7/8 of its slots have been used, by keys or
// erased ones, and no more than 25/32 by keys would let it clear the erased ones away instead (raw_hash_set.h).
bool may_grow(const Replica& replica) {
  const std::uint64_t slots = replica.map.bucket_count(), keys = replica.map.size();
  return slots == 0 || (keys + replica.erased >= slots - slots / 8 && keys * 32 > slots * 25);
}

constexpr std::uint64_t kFewestSlots = 63;  // 5 KB; from 16 on the rule above is that of all versions

}  // namespace

// Not left to the map itself: one whose own growth throws std::bad_alloc is no longer in order. One that is constructed
// too large is not there at all then.
void Replica::reserve(std::uint64_t keys) {
  const std::uint64_t slots = std::max(keys + keys / 7 + 1, kFewestSlots);
  if (slots <= map.bucket_count()) return;
  ReplicaMap larger(slots);
  larger.merge(map);
  map = std::move(larger);
  erased = 0;
}

void Replica::apply(const Change& change, const HashedKey& key) {
  const auto found = map.find(key);
  if (change.kind == Kind::erase) {
    if (found == map.end()) return;
    bytes -= record_bytes(found->first.text.size(), found->second.size());
    map.erase(found);
    ++erased;
    return;
  }
  if (found != map.end()) {
    const std::uint64_t before = whole_words(found->second.size());
    found->second.assign(change.value);
    bytes += whole_words(change.value.size()) - before;
    return;
  }
  // All that takes memory comes before the map is touched.
  StoredKey text(key);
  PooledString value(change.value);
  if (may_grow(*this)) reserve(map.bucket_count());
  map.try_emplace(std::move(text), std::move(value));
  bytes += change.bytes();
}

std::uint64_t Replica::bytes_after(const Change& change) const {
  const auto found = map.find(change.key);
  const std::uint64_t before = found == map.end() ? 0 : record_bytes(found->first.text.size(), found->second.size());
  return bytes - before + (change.kind == Kind::set ? change.bytes() : 0);
}

void Replica::dump(std::uint64_t* to) const {
  // Texts longer than 15 bytes lie somewhere in the heap: 1,000,000 keys of 16 bytes take 0.3 s without looking ahead.
  constexpr unsigned kAhead = 16;
  auto ahead = map.begin();
  const auto fetch_next = [&] {
    if (ahead == map.end()) return;
    __builtin_prefetch(ahead->first.text.data());
    __builtin_prefetch(ahead->second.data());
    ++ahead;
  };
  for (unsigned i = 0; i < kAhead; ++i) fetch_next();
  for (const auto& [key, value] : map) {
    fetch_next();
    const Change change{Kind::set, key.text, value};
    store_record(to, change);
    to += change.bytes() / kWord;
  }
}

// As many records as make a group; their bytes, or 0 where there is none.
std::uint64_t RecordReader::copy_some(std::uint64_t* from, std::uint64_t bytes) {
  count_ = 0;
  std::uint64_t taken = 0, copied = 0;
  while (taken < bytes && count_ < kGroup) {
    const Shape shape(load_word(from + taken / kWord));
    if (!shape.possible(bytes - taken)) return 0;
    const std::uint64_t text = shape.bytes() - kWord;
    if (copied + text > std::max(capacity_, kGroupBytes) && count_ > 0) break;
    if (copied + text > capacity_) {
      const std::uint64_t larger = std::max(text, kGroupBytes);
      copy_ = std::make_unique_for_overwrite<std::uint64_t[]>(larger / kWord);
      capacity_ = larger;  // after it, for there may be no memory
    }
    std::uint64_t* const to = copy_.get() + copied / kWord;
    std::uint64_t* const at = from + taken / kWord + 1;
    for (std::uint64_t i = 0; i < text / kWord; ++i) to[i] = load_word(at + i);
    const auto* const key = reinterpret_cast<const char*>(to);
    group_[count_++] = {shape.kind, {key, shape.key_size}, {key + whole_words(shape.key_size), shape.value_size}};
    copied += text;
    taken += kWord + text;
  }
  return taken;
}

// Each step for all records before the next: a group's waits for memory overlap instead of following one another.
void RecordReader::fetch(const Replica& to) {
  for (unsigned i = 0; i < count_; ++i) keys_[i] = HashedKey(group_[i].key);
  if (count_ == 1) return;
  for (unsigned i = 0; i < count_; ++i) to.map.prefetch(keys_[i]);
  for (unsigned i = 0; i < count_; ++i) to.map.find(SlotHint{keys_[i].hash});
  for (unsigned i = 0; i < count_; ++i) to.map.find(TextHint{keys_[i].hash});
}

bool RecordReader::apply(std::uint64_t* from, std::uint64_t bytes, Replica& to) {
  while (bytes > 0) {
    const std::uint64_t taken = copy_some(from, bytes);
    if (taken == 0) return false;
    fetch(to);
    for (unsigned i = 0; i < count_; ++i) to.apply(group_[i], keys_[i]);
    from += taken / kWord;
    bytes -= taken;
  }
  return true;
}

}  // namespace dictbench::stream_log
