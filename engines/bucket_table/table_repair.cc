#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "engines/bucket_table/table.h"
#include "engines/bucket_table/tags.h"
#include "engines/shm/crash_point.h"

namespace dictbench::bucket_table {

std::string_view Table::key_in(std::uint64_t bucket) const {
  const char* const at = file_.bucket(bucket);
  return {at + kKeyAt, std::min<std::size_t>(state_of(at).key_size(), file_.geometry().key_bytes)};
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
    finish_overwrite(number, marked(bucket, file_.geometry().buckets()));
  CRASH_POINT("bucket-table.repair.finished");
  if (const std::uint64_t mark = stripe.region_in_change.load(std::memory_order_relaxed); mark != 0) {
    const std::uint64_t region = marked(mark, file_.geometry().regions);
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
