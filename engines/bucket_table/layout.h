// How a bucket-table lies in its file. docs/bucket-table.md draws it.
//
//   Header | 64 stripes | 64 journals | items of each region | chunks allocated | tags | buckets
//
// A *bucket* holds one item: a state word, the key, the value, each at a fixed place. Fourteen buckets are a *group*,
// whose tags (8 bits of each key's hash, 0: empty) stand together in 16 bytes with the group's overflow count. Up to 64
// groups are a *region*: a key's hash chooses region, group and tag; where the group is full the item goes to the next
// group of its region that is not. A *stripe* is a lock with a journal, for every 64th region.
//
// Invariants, of a region whose stripe nobody holds:
//  - a tag that is not 0 names a bucket with a whole key and value, and no key stands in two buckets;
//  - a group's overflow count is the number of items that were placed past it, so a search ends at the first group
//    with 0. It may be too high where a process was killed, never too low;
//  - an item never moves.
//
// A group may be passed that has empty buckets: theirs had no memory when the file system was full.
//
// Plain layout: shared by all processes that map the file; changed as table.h says.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engines/key_hash.h"
#include "engines/shm/robust_mutex.h"

namespace dictbench::bucket_table {

inline constexpr unsigned kGroupBuckets = 14;
inline constexpr unsigned kMostGroups = 64;  // of a region
inline constexpr unsigned kStripes = 64;
inline constexpr std::uint64_t kPage = 4096;
inline constexpr std::uint64_t kChunk = kPage;  // bytes of buckets that are allocated at once
inline constexpr std::size_t kMostKey = 4 << 10;
inline constexpr std::size_t kMostValue = 64 << 10;

constexpr std::uint64_t round_up(std::uint64_t bytes, std::uint64_t unit) { return (bytes + unit - 1) / unit * unit; }

// Everything that follows from the sizes chosen at creation.
struct Geometry {
  std::uint32_t key_bytes = 0, value_bytes = 0;  // the largest, inclusive
  std::uint32_t regions = 0, groups = 0;         // groups of each region

  // Room for `capacity` items when `load` percent of the buckets are used.
  static Geometry for_capacity(std::uint32_t key_bytes, std::uint32_t value_bytes, std::uint64_t capacity,
                               unsigned load);
  Geometry with_groups(std::uint64_t groups_in_all) const;
  Geometry doubled() const { return with_groups(2 * groups_in_all()); }

  // Every further bit of the hash's upper half parts the keys of a region among more regions.
  std::uint64_t region_of(std::uint64_t hash) const { return (hash >> 32) * regions >> 32; }

  bool operator==(const Geometry&) const = default;

  // Whether a file can have it: nothing below overflows then.
  bool is_possible() const {
    return key_bytes >= 1 && key_bytes <= kMostKey && value_bytes >= 1 && value_bytes <= kMostValue && regions >= 1 &&
           groups >= 1 && groups <= kMostGroups;
  }

  std::uint64_t groups_in_all() const { return std::uint64_t{regions} * groups; }
  std::uint64_t region_buckets() const { return std::uint64_t{groups} * kGroupBuckets; }
  std::uint64_t buckets() const { return regions * region_buckets(); }
  std::uint64_t key_room() const { return round_up(key_bytes, 8); }
  std::uint64_t bucket_bytes() const { return 8 + key_room() + round_up(value_bytes, 8); }
  std::uint64_t chunks() const { return (buckets() * bucket_bytes() + kChunk - 1) / kChunk; }

  // Offsets in the file.
  std::uint64_t journal_bytes() const { return round_up(value_bytes, 64); }
  std::uint64_t items_at() const;
  std::uint64_t chunks_at() const { return round_up(items_at() + 4 * std::uint64_t{regions}, 64); }
  std::uint64_t tags_at() const { return round_up(chunks_at() + chunks(), 64); }
  std::uint64_t buckets_at() const { return round_up(tags_at() + 16 * groups_in_all(), kPage); }
  std::uint64_t length() const { return buckets_at() + buckets() * bucket_bytes(); }
};

struct Header {
  static constexpr std::uint64_t kMagic = 0x656c6261742d6264;  // "db-table" as bytes on a little-endian machine
  static constexpr std::uint32_t kVersion = 4;
  static constexpr std::array<char, 32> kLayout = {"bucket-table"};

  std::atomic<std::uint64_t> magic;  // stored last
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::array<char, 32> layout;
  Geometry geometry;
  std::uint64_t geometry_hash;                    // XXH3
  KeyHash hasher;                                 // of keys; the same in each generation
  std::uint64_t length;                           // of the file
  std::uint64_t dict;                             // random; a file that took this one's place after growth has the same
  std::uint64_t generation;                       // 1 at first, 1 more after each growth
  std::uint64_t most;                             // bytes that files may take; 0: no limit
  std::uint32_t grows;                            // 1: a full table is rebuilt into a larger file
  std::atomic<std::uint64_t> joined;              // 2 MB pages that were granted
  std::array<char, 40> booted;                    // id of the boot in which the locks were made
  alignas(128) std::atomic<std::uint32_t> moved;  // 1: the dict is in the file of the next generation
  std::atomic<std::uint32_t> steps;               // counts up while the table is rebuilt or walked
  alignas(128) RobustMutex growing;               // held while the table is rebuilt or walked
  alignas(128) RobustMutex allocating;
};
static_assert(sizeof(Header) <= kPage);

struct alignas(128) Stripe {
  RobustMutex lock;
  std::atomic<std::uint64_t> region_in_change;  // its number + 1 while an insert or erase is under way
  std::atomic<std::uint64_t> bucket_in_change;  // its number + 1 while the journal may hold its value
};

inline constexpr std::uint64_t kStripesAt = kPage;
inline constexpr std::uint64_t kJournalsAt = kStripesAt + kStripes * sizeof(Stripe);

inline std::uint64_t Geometry::items_at() const { return kJournalsAt + kStripes * journal_bytes(); }

// Tags of a group, byte by byte: eight in `low`, six in `high`, whose upper 16 bits are the overflow count. Changed
// with the stripe's lock held, read by anybody.
struct Group {
  std::atomic<std::uint64_t> low, high;
};
static_assert(sizeof(Group) == 16);

// A bucket's state: what a reader needs to take the key and the value, and a sequence that every change moves on.
struct State {
  enum Phase : std::uint64_t {
    stable = 0,
    filling = 1,    // key and value are being written; no tag names the bucket
    journaled = 2,  // the value is in the stripe's journal, and being copied from there
  };

  std::uint64_t word = 0;

  static State of(std::uint64_t sequence, Phase phase, std::size_t key_size, std::size_t value_size) {
    return {sequence << 32 | std::uint64_t{value_size} << 15 | std::uint64_t{key_size} << 2 | phase};
  }
  Phase phase() const { return static_cast<Phase>(word & 3); }
  std::size_t key_size() const { return word >> 2 & 0x1fff; }
  std::size_t value_size() const { return word >> 15 & 0x1ffff; }
  std::uint64_t sequence() const { return word >> 32; }
  bool operator==(const State&) const = default;
};
inline constexpr std::size_t kKeyAt = sizeof(State);  // in a bucket; the value follows the key's room
static_assert(kMostKey <= 0x1fff && kMostValue <= 0x1ffff);

}  // namespace dictbench::bucket_table
