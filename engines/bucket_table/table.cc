#include "engines/bucket_table/table.h"

#include <algorithm>
#include <atomic>

#include "engines/bucket_table/tags.h"
#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/words.h"

namespace dictbench::bucket_table {

// Where a new key goes: the slot of its hash, or the first empty one from its home on. Nothing: the region is full.
std::optional<Spot> Table::empty_bucket(const Place& place) const {
  const std::uint32_t groups = file_.geometry().groups;
  const Group* const all = file_.groups(place.region);
  std::uint32_t at = place.home, passed = 0;
  Matches empty(GroupWords::load(all[at]), 0);
  while (!empty.any()) {
    if (++passed == groups) return std::nullopt;
    at = following(at, groups);
    empty = Matches(GroupWords::load(all[at]), 0);
  }
  const bool likely = at == place.home && GroupWords::load(all[at]).tag(place.slot) == 0;
  const unsigned slot = likely ? place.slot : empty.next();
  return Spot{.region = place.region,
              .home = place.home,
              .group = at,
              .slot = slot,
              .bucket = bucket_number(place.region, at, slot)};
}

// The first that has its memory, from the key's home on. Groups that it passes may have empty buckets.
std::optional<Spot> Table::empty_bucket_with_memory(const Place& place) const {
  const std::uint32_t groups = file_.geometry().groups;
  std::uint32_t at = place.home;
  for (std::uint32_t looked = 0; looked < groups; ++looked, at = following(at, groups))
    for (Matches empty(GroupWords::load(file_.groups(place.region)[at]), 0); empty.any();) {
      const unsigned slot = empty.next();
      const std::uint64_t bucket = bucket_number(place.region, at, slot);
      if (file_.is_allocated(bucket))
        return Spot{.region = place.region, .home = place.home, .group = at, .slot = slot, .bucket = bucket};
    }
  return std::nullopt;
}

// An empty bucket that may be written. In a full file system new keys go where others were erased; most of their own
// buckets were never used.
Spot Table::bucket_for_new(const Place& place, const Spot& wanted) {
  try {
    file_.allocate(wanted.bucket);
    return wanted;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::full)
      if (const auto other = empty_bucket_with_memory(place)) return *other;
    throw;
  }
}

bool Table::insert(const Place& place, std::string_view key, std::string_view value) {
  const auto empty = empty_bucket(place);
  if (!empty) return false;
  fill(place, bucket_for_new(place, *empty), key, value);
  return true;
}

bool Table::copy_in(const Place& place, std::string_view key, std::string_view value) {
  const auto empty = empty_bucket(place);
  if (!empty) return false;
  file_.allocate(empty->bucket);
  fill(place, *empty, key, value);
  return true;
}

// The item into an empty bucket that may be written.
void Table::fill(const Place& place, const Spot& spot, std::string_view key, std::string_view value) {
  const std::uint32_t groups = file_.geometry().groups;
  Group* const all = file_.groups(place.region);
  Stripe& stripe = file_.stripe(place.region % kStripes);
  stripe.region_in_change.store(place.region + 1, std::memory_order_relaxed);
  CRASH_POINT("bucket-table.insert.marked");
  char* const bucket = file_.bucket(spot.bucket);
  const std::uint64_t sequence = state_of(bucket).sequence();
  set_state(bucket, State::of(sequence + 1, State::filling, 0, 0), std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  CRASH_POINT("bucket-table.insert.filling");
  store_words(bucket + kKeyAt, key);
  store_words(bucket + kKeyAt + file_.geometry().key_room(), value);
  CRASH_POINT("bucket-table.insert.copied");
  set_state(bucket, State::of(sequence + 2, State::stable, key.size(), value.size()), std::memory_order_release);
  CRASH_POINT("bucket-table.insert.filled");
  for (std::uint32_t group = spot.home; group != spot.group; group = following(group, groups)) {
    set_overflow(all[group], overflow_of(all[group]) + 1);
    CRASH_POINT("bucket-table.insert.passed");
  }
  set_tag(all[spot.group], spot.slot, place.tag);
  CRASH_POINT("bucket-table.insert.tagged");
  std::atomic<std::uint32_t>& items = file_.items(place.region);
  items.store(items.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  CRASH_POINT("bucket-table.insert.counted");
  stripe.region_in_change.store(0, std::memory_order_release);
  CRASH_POINT("bucket-table.insert.done");
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

}  // namespace dictbench::bucket_table
