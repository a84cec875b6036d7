// The operations on one file of a bucket-table.
//
// Readers take no lock. A get loads a group's tags, then the state of a bucket whose tag fits, compares the key, copies
// the value and loads the state again: unchanged, the copy is whole. Where the state says `journaled` the value is in
// the stripe's journal, which nobody touches before the state has changed. So a reader waits for no writer, dead or
// stopped; it only tries again when a writer has got something done meanwhile.
//
// Writers hold the stripe's lock. The one store that makes a change take effect is, for
//   insert     that of the tag, after the bucket has been filled
//   overwrite  that of the state `journaled`, after the journal has been filled; the copy into the bucket follows
//   erase      that of the empty tag
// A writer killed before it has changed nothing, one killed after it is finished by whoever locks the stripe next
// (repair()). Overflow counts are raised before an insert's tag and lowered after an erase's.
//
// The sequence in a state has 32 bits: a reader could be misled only if it slept between two loads while one bucket was
// changed exactly 2^31 times.
//
// One Table per Dict: used by one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engines/bucket_table/file.h"
#include "engines/value.h"

namespace dictbench::bucket_table {

// Where a key belongs.
struct Place {
  std::uint64_t region = 0;
  std::uint32_t home = 0;  // group of the region
  std::uint64_t tag = 0;   // 1 to 255
  unsigned slot = 0;       // of its home, where it goes if that is empty
};

// Where a key is.
struct Spot {
  std::uint64_t region = 0;
  std::uint32_t home = 0, group = 0;
  unsigned slot = 0;
  std::uint64_t bucket = 0;
};

inline std::uint32_t following(std::uint32_t group, std::uint32_t groups) noexcept {
  return group + 1 == groups ? 0 : group + 1;
}

enum class Answer { found, missing, changed };  // changed: ask again

class Table {
 public:
  explicit Table(TableFile file) : file_(std::move(file)) {}

  TableFile& file() noexcept { return file_; }
  const TableFile& file() const noexcept { return file_; }

  // The dict is in a larger file; this one stays as it was when it moved.
  bool moved() const noexcept { return file_.header().moved.load(std::memory_order_acquire) != 0; }

  std::uint64_t hash_of(std::string_view key) const noexcept { return file_.hasher()(key); }

  // Region, group, slot and tag come from parts of the hash that do not overlap.
  Place place_of(std::uint64_t hash) const noexcept {
    const Geometry& sizes = file_.geometry();
    const std::uint64_t lower = hash & 0xffffffff;
    const std::uint64_t tag = hash & 0xff;
    return {.region = sizes.region_of(hash),
            .home = static_cast<std::uint32_t>(lower * sizes.groups >> 32),
            .tag = tag == 0 ? 1 : tag,
            .slot = static_cast<unsigned>((hash >> 8 & 0xffff) * kGroupBuckets >> 16)};
  }

  // Without a lock.
  Answer get(const Place& place, std::string_view key, Value& out) const;
  void prefetch_tags(const Place& place) const noexcept;
  void prefetch_bucket(const Place& place) const noexcept;  // where the tags are in the cache
  std::uint64_t size() const;

  // The item in a bucket, copied; missing when its tag is empty. Without a lock.
  bool read(std::uint64_t region, std::uint32_t group, unsigned slot, Value& key, Value& value) const;

  // With the lock of the region's stripe held.
  std::optional<Spot> find(const Place& place, std::string_view key) const;
  std::string_view value_at(const Spot& spot) const;  // lives until the next change
  // False: the region is full. Throws Error(full) where the file system has no room, and the region's empty buckets
  // have no memory from earlier. Nothing has changed then.
  bool insert(const Place& place, std::string_view key, std::string_view value);
  // The same of a key that is new, in a table that nobody else sees yet; throws as soon as there is no room.
  bool copy_in(const Place& place, std::string_view key, std::string_view value);
  void overwrite(const Spot& spot, std::string_view value);
  void erase(const Spot& spot);
  void repair(std::uint64_t stripe);
  std::string broken(std::uint64_t region) const;  // or empty

 private:
  static State state_of(const char* bucket) noexcept {
    return {__atomic_load_n(reinterpret_cast<const std::uint64_t*>(bucket), __ATOMIC_ACQUIRE)};
  }
  static void set_state(char* bucket, State state, std::memory_order order) noexcept {
    std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(bucket)).store(state.word, order);
  }
  std::optional<Spot> empty_bucket(const Place& place) const;
  std::optional<Spot> empty_bucket_with_memory(const Place& place) const;
  Spot bucket_for_new(const Place& place, const Spot& wanted);
  void fill(const Place& place, const Spot& spot, std::string_view key, std::string_view value);
  std::string_view key_in(std::uint64_t bucket) const;
  std::uint64_t bucket_number(std::uint64_t region, std::uint32_t group, unsigned slot) const noexcept {
    return (region * file_.geometry().groups + group) * kGroupBuckets + slot;
  }
  static std::uint64_t marked(std::uint64_t mark, std::uint64_t count);
  std::uint32_t tags_in(std::uint64_t region) const noexcept;
  std::vector<std::uint64_t> overflow_counts(std::uint64_t region) const;
  void finish_overwrite(std::uint64_t stripe, std::uint64_t bucket);
  template <typename Visit>
  void for_each_in(std::uint64_t region, const Visit& visit) const;

  TableFile file_;
};

// A stripe's lock for a scope; what a killed holder left is repaired first. Throws Error(timeout), but not while a
// rebuilding that holds all stripes gets on.
class StripeLock {
 public:
  StripeLock(Table& table, std::uint64_t region)
      : guard_(table.file().stripe(region % kStripes).lock, table.file().timeout(), table.file().steps_are_noted()) {
    const Stripe& stripe = table.file().stripe(region % kStripes);
    if ((stripe.region_in_change.load(std::memory_order_relaxed) |
         stripe.bucket_in_change.load(std::memory_order_relaxed)) != 0) [[unlikely]]
      table.repair(region % kStripes);
  }

 private:
  RobustMutexGuard guard_;
};

}  // namespace dictbench::bucket_table
