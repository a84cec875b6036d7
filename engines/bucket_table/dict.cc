#include "engines/bucket_table/dict.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "engines/counter.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/spin.h"

namespace dictbench::bucket_table {
namespace {

constexpr std::size_t kBatch = 16;  // keys of a batch whose cache misses overlap

}  // namespace

BucketDict::BucketDict(const std::string& path, std::chrono::milliseconds timeout)
    : path_(path), table_(TableFile::open(path, timeout)) {}

// Several growths may have passed.
void BucketDict::follow() {
  while (table_.moved()) table_ = successor(table_, path_);
}

void BucketDict::check_sizes(std::string_view key, std::string_view value) {
  const Geometry& sizes = table_.file().geometry();
  if (key.size() > sizes.key_bytes)
    throw Error(ErrorCode::too_large, fmt::format("bucket-table: a key of {} bytes; its buckets take {} (option key=)",
                                                  key.size(), sizes.key_bytes));
  if (value.size() > sizes.value_bytes)
    throw Error(ErrorCode::too_large,
                fmt::format("bucket-table: a value of {} bytes; its buckets take {} (option value=)", value.size(),
                            sizes.value_bytes));
}

// Whether the table has moved is asked at the beginning of each attempt only: one that moves meanwhile stays as it was
// then, so what is found in it was so at a moment of this call.
bool BucketDict::get_hashed(std::uint64_t hash, std::string_view key, Value& out) {
  while (true) {
    const Table& table = current();
    const Answer answer = table.get(table.place_of(hash), key, out);
    if (answer != Answer::changed) [[likely]]
      return answer == Answer::found;
    spin_pause();
  }
}

bool BucketDict::get(std::string_view key, Value& out) { return get_hashed(table_.hash_of(key), key, out); }

// `work(table, place)`: false when the region is full, and nothing has changed.
template <typename Work>
void BucketDict::in_stripe(std::uint64_t hash, const Work& work) {
  while (true) {
    Table& table = current();
    {
      const Place place = table.place_of(hash);
      const StripeLock lock(table, place.region);
      if (table.moved()) continue;
      if (work(table, place)) return;
    }
    grow(table, path_, hash);
  }
}

void BucketDict::set_hashed(std::uint64_t hash, std::string_view key, std::string_view value) {
  in_stripe(hash, [&](Table& table, const Place& place) {
    const auto spot = table.find(place, key);
    if (!spot) return table.insert(place, key, value);
    table.overwrite(*spot, value);
    return true;
  });
}

void BucketDict::set(std::string_view key, std::string_view value) {
  check_sizes(key, value);
  set_hashed(table_.hash_of(key), key, value);
}

bool BucketDict::erase(std::string_view key) {
  bool found = false;
  in_stripe(table_.hash_of(key), [&](Table& table, const Place& place) {
    const auto spot = table.find(place, key);
    found = spot.has_value();
    if (found) table.erase(*spot);
    return true;
  });
  return found;
}

std::int64_t BucketDict::add(std::string_view key, std::int64_t delta) {
  check_sizes(key, {});
  std::int64_t sum = 0;
  in_stripe(table_.hash_of(key), [&](Table& table, const Place& place) {
    const auto spot = table.find(place, key);
    sum = checked_add(spot ? counter_value(table.value_at(*spot)) : 0, delta);
    const CounterText text(sum);
    check_sizes(key, text.view());
    if (!spot) return table.insert(place, key, text.view());
    table.overwrite(*spot, text.view());
    return true;
  });
  return sum;
}

std::uint64_t BucketDict::size() { return current().size(); }

// Items keep their places as long as the table does not grow, so growing waits for the walk.
void BucketDict::for_each(const Visitor& visit) {
  std::optional<RobustMutexGuard> no_growth;
  while (walks_ == 0) {
    const TableFile& file = current().file();
    no_growth.emplace(file.header().growing, file.timeout(), file.steps_are_noted());
    if (!table_.moved()) break;
    no_growth.reset();
  }
  struct Walk {
    explicit Walk(unsigned& count) : walks(count) { ++walks; }
    ~Walk() { --walks; }
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    unsigned& walks;
  } const walk(walks_);
  CRASH_POINT("bucket-table.for_each.begun");
  const Geometry& sizes = table_.file().geometry();
  Value key, value;
  for (std::uint64_t region = 0; region < sizes.regions; ++region)
    for (std::uint32_t group = 0; group < sizes.groups; ++group)
      for (unsigned slot = 0; slot < kGroupBuckets; ++slot) {
        if (!table_.read(region, group, slot, key, value)) continue;
        table_.file().note_step();
        if (!visit(key.view(), value.view())) return;
      }
}

std::size_t BucketDict::get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) {
  std::size_t hits = 0;
  std::array<std::uint64_t, kBatch> hashes;
  for (std::size_t begin = 0; begin < keys.size(); begin += kBatch) {
    const std::size_t count = std::min(kBatch, keys.size() - begin);
    const Table& table = current();
    for (std::size_t i = 0; i < count; ++i)
      table.prefetch_tags(table.place_of(hashes[i] = table.hash_of(keys[begin + i])));
    for (std::size_t i = 0; i < count; ++i) table.prefetch_bucket(table.place_of(hashes[i]));
    for (std::size_t i = 0; i < count; ++i)
      hits += found[begin + i] = get_hashed(hashes[i], keys[begin + i], out[begin + i]);
  }
  return hits;
}

void BucketDict::set_many(std::span<const KeyValue> items) {
  std::array<std::uint64_t, kBatch> hashes;
  for (std::size_t begin = 0; begin < items.size(); begin += kBatch) {
    const std::size_t count = std::min(kBatch, items.size() - begin);
    const Table& table = current();
    for (std::size_t i = 0; i < count; ++i)
      table.prefetch_tags(table.place_of(hashes[i] = table.hash_of(items[begin + i].key)));
    for (std::size_t i = 0; i < count; ++i) table.prefetch_bucket(table.place_of(hashes[i]));
    for (std::size_t i = 0; i < count; ++i) {
      const KeyValue& item = items[begin + i];
      check_sizes(item.key, item.value);
      set_hashed(hashes[i], item.key, item.value);
    }
  }
}

std::string BucketDict::broken() {
  Table& table = current();
  for (std::uint64_t region = 0; region < table.file().geometry().regions; ++region) {
    const StripeLock lock(table, region);
    if (std::string what = table.broken(region); !what.empty()) return what;
  }
  return {};
}

}  // namespace dictbench::bucket_table
