#include "engines/bucket_table/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engines/bucket_table/hash.h"
#include "engines/bucket_table/tags.h"
#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/words.h"

namespace dictbench::bucket_table {
namespace {

constexpr std::size_t kKeyAt = 8;  // in the bucket, after the state

std::uint32_t following(std::uint32_t group, std::uint32_t groups) { return group + 1 == groups ? 0 : group + 1; }

}  // namespace

State Table::state_of(const char* bucket) const noexcept {
  return {__atomic_load_n(reinterpret_cast<const std::uint64_t*>(bucket), __ATOMIC_ACQUIRE)};
}

void Table::set_state(char* bucket, State state, std::memory_order order) noexcept {
  std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(bucket)).store(state.word, order);
}

// Region, group and tag come from parts of the hash that do not overlap.
Place Table::place_of(std::uint64_t hash) const noexcept {
  const Geometry& sizes = file_.geometry();
  const std::uint64_t lower = hash & 0xffffffff;
  const std::uint64_t tag = hash & 0xff;
  return {.region = (hash >> 32) * sizes.regions >> 32,
          .home = static_cast<std::uint32_t>(lower * sizes.groups >> 32),
          .tag = tag == 0 ? 1 : tag,
          .slot = static_cast<unsigned>((hash >> 8 & 0xffff) * kGroupBuckets >> 16)};
}

std::uint64_t Table::bucket_number(std::uint64_t region, std::uint32_t group, unsigned slot) const noexcept {
  return (region * file_.geometry().groups + group) * kGroupBuckets + slot;
}

void Table::prefetch_tags(const Place& place) const noexcept {
  __builtin_prefetch(file_.groups(place.region) + place.home);
}

void Table::prefetch_bucket(const Place& place) const noexcept {
  Matches matches(GroupWords::load(file_.groups(place.region)[place.home]), place.tag);
  if (!matches.any()) return;
  const char* const bucket = file_.bucket(bucket_number(place.region, place.home, matches.next()));
  __builtin_prefetch(bucket);
  __builtin_prefetch(bucket + kKeyAt + file_.geometry().key_room());
}

Answer Table::get(const Place& place, std::string_view key, Value& out) const {
  const Geometry& sizes = file_.geometry();
  const Group* const groups = file_.groups(place.region);
  std::uint32_t at = place.home;
  const char* const likely = file_.bucket(bucket_number(place.region, at, place.slot));
  __builtin_prefetch(likely);
  __builtin_prefetch(likely + kKeyAt + sizes.key_room());
  for (std::uint32_t looked = 0; looked < sizes.groups; ++looked, at = following(at, sizes.groups)) {
    const GroupWords words = GroupWords::load(groups[at]);
    for (Matches matches(words, place.tag); matches.any();) {
      const char* const bucket = file_.bucket(bucket_number(place.region, at, matches.next()));
      const char* const room = bucket + kKeyAt + sizes.key_room();
      __builtin_prefetch(room);
      const State state = state_of(bucket);
      if (state.phase() == State::filling) return Answer::changed;  // the tag has gone meanwhile
      if (state.key_size() != key.size() || !equal_words(bucket + kKeyAt, key)) continue;
      const std::size_t size = state.value_size();
      if (size > sizes.value_bytes)
        throw Error(ErrorCode::corrupt, "bucket-table: a value is longer than its bucket; the file was damaged");
      const bool journaled = state.phase() == State::journaled;
      load_words(out.prepare(size), journaled ? file_.journal(place.region % kStripes) : room, size);
      std::atomic_thread_fence(std::memory_order_acquire);
      return state_of(bucket) == state ? Answer::found : Answer::changed;
    }
    if (words.overflow() == 0) return Answer::missing;
  }
  return Answer::missing;
}

std::optional<Spot> Table::find(const Place& place, std::string_view key) const {
  const std::uint32_t groups = file_.geometry().groups;
  std::uint32_t at = place.home;
  for (std::uint32_t looked = 0; looked < groups; ++looked, at = following(at, groups)) {
    const GroupWords words = GroupWords::load(file_.groups(place.region)[at]);
    for (Matches matches(words, place.tag); matches.any();) {
      const unsigned slot = matches.next();
      const std::uint64_t bucket = bucket_number(place.region, at, slot);
      if (state_of(file_.bucket(bucket)).key_size() == key.size() && equal_words(file_.bucket(bucket) + kKeyAt, key))
        return Spot{.region = place.region, .home = place.home, .group = at, .slot = slot, .bucket = bucket};
    }
    if (words.overflow() == 0) break;
  }
  return std::nullopt;
}

std::string_view Table::key_in(std::uint64_t bucket) const {
  const char* const at = file_.bucket(bucket);
  return {at + kKeyAt, std::min<std::size_t>(state_of(at).key_size(), file_.geometry().key_bytes)};
}

std::string_view Table::value_at(const Spot& spot) const {
  const char* const at = file_.bucket(spot.bucket);
  return {at + kKeyAt + file_.geometry().key_room(),
          std::min<std::size_t>(state_of(at).value_size(), file_.geometry().value_bytes)};
}

bool Table::insert(const Place& place, std::string_view key, std::string_view value) {
  const std::uint32_t groups = file_.geometry().groups;
  Group* const all = file_.groups(place.region);
  std::uint32_t at = place.home, passed = 0;
  Matches empty(GroupWords::load(all[at]), 0);
  while (!empty.any()) {
    if (++passed == groups) return false;
    at = following(at, groups);
    empty = Matches(GroupWords::load(all[at]), 0);
  }
  const bool likely = at == place.home && GroupWords::load(all[at]).tag(place.slot) == 0;
  const unsigned slot = likely ? place.slot : empty.next();
  const std::uint64_t number = bucket_number(place.region, at, slot);
  file_.allocate(number);
  Stripe& stripe = file_.stripe(place.region % kStripes);
  stripe.region_in_change.store(place.region + 1, std::memory_order_relaxed);
  CRASH_POINT("bucket-table.insert.marked");
  char* const bucket = file_.bucket(number);
  const std::uint64_t sequence = state_of(bucket).sequence();
  set_state(bucket, State::of(sequence + 1, State::filling, 0, 0), std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  CRASH_POINT("bucket-table.insert.filling");
  store_words(bucket + kKeyAt, key);
  store_words(bucket + kKeyAt + file_.geometry().key_room(), value);
  CRASH_POINT("bucket-table.insert.copied");
  set_state(bucket, State::of(sequence + 2, State::stable, key.size(), value.size()), std::memory_order_release);
  CRASH_POINT("bucket-table.insert.filled");
  for (std::uint32_t group = place.home; group != at; group = following(group, groups)) {
    set_overflow(all[group], overflow_of(all[group]) + 1);
    CRASH_POINT("bucket-table.insert.passed");
  }
  set_tag(all[at], slot, place.tag);
  CRASH_POINT("bucket-table.insert.tagged");
  std::atomic<std::uint32_t>& items = file_.items(place.region);
  items.store(items.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  CRASH_POINT("bucket-table.insert.counted");
  stripe.region_in_change.store(0, std::memory_order_release);
  CRASH_POINT("bucket-table.insert.done");
  return true;
}

void Table::overwrite(const Spot& spot, std::string_view value) {
  const std::uint64_t number = spot.region % kStripes;
  Stripe& stripe = file_.stripe(number);
  store_words(file_.journal(number), value);
  CRASH_POINT("bucket-table.overwrite.journaled");
  stripe.bucket_in_change.store(spot.bucket + 1, std::memory_order_relaxed);
  CRASH_POINT("bucket-table.overwrite.marked");
  char* const bucket = file_.bucket(spot.bucket);
  const State before = state_of(bucket);
  set_state(bucket, State::of(before.sequence() + 1, State::journaled, before.key_size(), value.size()),
            std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_release);
  CRASH_POINT("bucket-table.overwrite.committed");
  finish_overwrite(number, spot.bucket);
}

void Table::finish_overwrite(std::uint64_t stripe, std::uint64_t number) {
  char* const bucket = file_.bucket(number);
  const State state = state_of(bucket);
  if (state.phase() == State::journaled) {
    copy_words(bucket + kKeyAt + file_.geometry().key_room(), file_.journal(stripe),
               std::min<std::size_t>(state.value_size(), file_.geometry().value_bytes));
    CRASH_POINT("bucket-table.overwrite.copied");
    set_state(bucket, State::of(state.sequence() + 1, State::stable, state.key_size(), state.value_size()),
              std::memory_order_release);
    CRASH_POINT("bucket-table.overwrite.stable");
  }
  file_.stripe(stripe).bucket_in_change.store(0, std::memory_order_release);
  CRASH_POINT("bucket-table.overwrite.done");
}

void Table::erase(const Spot& spot) {
  const std::uint32_t groups = file_.geometry().groups;
  Group* const all = file_.groups(spot.region);
  Stripe& stripe = file_.stripe(spot.region % kStripes);
  stripe.region_in_change.store(spot.region + 1, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_release);
  CRASH_POINT("bucket-table.erase.marked");
  set_tag(all[spot.group], spot.slot, 0);
  CRASH_POINT("bucket-table.erase.untagged");
  for (std::uint32_t group = spot.home; group != spot.group; group = following(group, groups)) {
    if (const std::uint64_t count = overflow_of(all[group]); count != 0) set_overflow(all[group], count - 1);
    CRASH_POINT("bucket-table.erase.passed");
  }
  std::atomic<std::uint32_t>& items = file_.items(spot.region);
  items.store(items.load(std::memory_order_relaxed) - 1, std::memory_order_release);
  CRASH_POINT("bucket-table.erase.counted");
  stripe.region_in_change.store(0, std::memory_order_release);
  CRASH_POINT("bucket-table.erase.done");
}

std::uint32_t Table::tags_in(std::uint64_t region) const noexcept {
  std::uint32_t empty = 0;
  for (std::uint32_t group = 0; group < file_.geometry().groups; ++group)
    empty += Matches(GroupWords::load(file_.groups(region)[group]), 0).count();
  return static_cast<std::uint32_t>(file_.geometry().region_buckets()) - empty;
}

// Where a process was killed between a tag and the count, the tags tell.
std::uint64_t Table::size() const {
  std::uint64_t items = 0;
  for (std::uint64_t region = 0; region < file_.geometry().regions; ++region)
    items += file_.items(region).load(std::memory_order_acquire);
  for (std::uint64_t stripe = 0; stripe < kStripes; ++stripe)
    if (const std::uint64_t number = file_.stripe(stripe).region_in_change.load(std::memory_order_acquire); number != 0)
      items += std::uint64_t{tags_in(number - 1)} - file_.items(number - 1).load(std::memory_order_acquire);
  return items;
}

bool Table::read(std::uint64_t region, std::uint32_t group, unsigned slot, Value& key, Value& value) const {
  const Geometry& sizes = file_.geometry();
  const char* const bucket = file_.bucket(bucket_number(region, group, slot));
  while (GroupWords::load(file_.groups(region)[group]).tag(slot) != 0) {
    const State state = state_of(bucket);
    if (state.phase() == State::filling) continue;
    const std::size_t key_size = std::min<std::size_t>(state.key_size(), sizes.key_bytes);
    const std::size_t size = std::min<std::size_t>(state.value_size(), sizes.value_bytes);
    load_words(key.prepare(key_size), bucket + kKeyAt, key_size);
    const bool journaled = state.phase() == State::journaled;
    load_words(value.prepare(size), journaled ? file_.journal(region % kStripes) : bucket + kKeyAt + sizes.key_room(),
               size);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (state_of(bucket) == state) return true;
  }
  return false;
}

template <typename Visit>
void Table::for_each_in(std::uint64_t region, const Visit& visit) const {
  for (std::uint32_t group = 0; group < file_.geometry().groups; ++group) {
    const GroupWords words = GroupWords::load(file_.groups(region)[group]);
    for (unsigned slot = 0; slot < kGroupBuckets; ++slot)
      if (words.tag(slot) != 0)
        visit(Spot{.region = region,
                   .home = 0,
                   .group = group,
                   .slot = slot,
                   .bucket = bucket_number(region, group, slot)},
              words.tag(slot));
  }
}

std::vector<std::uint64_t> Table::overflow_counts(std::uint64_t region) const {
  const std::uint32_t groups = file_.geometry().groups;
  std::vector<std::uint64_t> counts(groups, 0);
  for_each_in(region, [&](const Spot& spot, std::uint64_t) {
    for (std::uint32_t at = place_of(hash_of(key_in(spot.bucket))).home; at != spot.group; at = following(at, groups))
      ++counts[at];
  });
  return counts;
}

// What is true of the tags, the overflow counts and the number of items are made to say. Killed in here, it is done
// again.
void Table::repair(std::uint64_t number) {
  Stripe& stripe = file_.stripe(number);
  CRASH_POINT("bucket-table.repair.begun");
  if (const std::uint64_t bucket = stripe.bucket_in_change.load(std::memory_order_relaxed); bucket != 0)
    finish_overwrite(number, bucket - 1);
  CRASH_POINT("bucket-table.repair.finished");
  if (const std::uint64_t marked = stripe.region_in_change.load(std::memory_order_relaxed); marked != 0) {
    const std::uint64_t region = marked - 1;
    const std::vector<std::uint64_t> counts = overflow_counts(region);
    for (std::uint32_t group = 0; group < counts.size(); ++group)
      set_overflow(file_.groups(region)[group], counts[group]);
    CRASH_POINT("bucket-table.repair.recounted");
    file_.items(region).store(tags_in(region), std::memory_order_release);
    CRASH_POINT("bucket-table.repair.counted");
    stripe.region_in_change.store(0, std::memory_order_release);
  }
  CRASH_POINT("bucket-table.repair.done");
}

std::string Table::broken(std::uint64_t region) const {
  std::string what;
  std::vector<std::string_view> keys;
  for_each_in(region, [&](const Spot& spot, std::uint64_t tag) {
    const State state = state_of(file_.bucket(spot.bucket));
    const Geometry& sizes = file_.geometry();
    const auto complain = [&](const char* text) { what = fmt::format("bucket {}: {}", spot.bucket, text); };
    if (state.phase() != State::stable) return complain("is tagged, and its state is not stable");
    if (state.key_size() > sizes.key_bytes || state.value_size() > sizes.value_bytes)
      return complain("has a key or value longer than its room");
    const Place place = place_of(hash_of(key_in(spot.bucket)));
    if (place.region != region || place.tag != tag) return complain("its key belongs elsewhere");
    keys.push_back(key_in(spot.bucket));
  });
  if (!what.empty()) return what;
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(keys) != keys.end()) return fmt::format("region {}: a key stands twice", region);
  const std::vector<std::uint64_t> counts = overflow_counts(region);
  for (std::uint32_t group = 0; group < counts.size(); ++group)
    if (overflow_of(file_.groups(region)[group]) != counts[group])
      return fmt::format("region {}, group {}: overflow count {}, {} items were placed past it", region, group,
                         overflow_of(file_.groups(region)[group]), counts[group]);
  if (const std::uint32_t items = file_.items(region).load(std::memory_order_relaxed); items != keys.size())
    return fmt::format("region {}: {} items are counted, {} are there", region, items, keys.size());
  return {};
}

}  // namespace dictbench::bucket_table
