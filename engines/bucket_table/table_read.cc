#include <algorithm>
#include <atomic>

#include "engines/bucket_table/table.h"
#include "engines/bucket_table/tags.h"
#include "engines/error.h"
#include "engines/shm/words.h"

namespace dictbench::bucket_table {

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

std::string_view Table::value_at(const Spot& spot) const {
  const char* const at = file_.bucket(spot.bucket);
  return {at + kKeyAt + file_.geometry().key_room(),
          std::min<std::size_t>(state_of(at).value_size(), file_.geometry().value_bytes)};
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

// What a mark of a stripe names, its number + 1: believed only where there is such a thing.
std::uint64_t Table::marked(std::uint64_t mark, std::uint64_t count) {
  if (mark > count)
    throw Error(ErrorCode::corrupt, "bucket-table: a mark names what is not there; the file was damaged");
  return mark - 1;
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
    if (const std::uint64_t number = file_.stripe(stripe).region_in_change.load(std::memory_order_acquire);
        number != 0) {
      const std::uint64_t region = marked(number, file_.geometry().regions);
      items += std::uint64_t{tags_in(region)} - file_.items(region).load(std::memory_order_acquire);
    }
  return items;
}

}  // namespace dictbench::bucket_table
