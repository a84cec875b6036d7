// A process's private copy of the dict, and how far it has come.
//
// A plain hash map, changed by applying records in the order of the stream. `bytes` is always what a dump of the map
// takes. Owned by one Dict, one thread.
#pragma once

#include <cstdint>
#include <memory>

#include "engines/stream_log/areas.h"
#include "engines/stream_log/record.h"
#include "engines/stream_log/replica_map.h"

namespace dictbench::stream_log {

struct Replica {
  ReplicaMap map;
  std::uint64_t bytes = 0;
  Place place;                 // the generation that it follows; generation 0: nothing is known, load a dump
  std::uint64_t position = 0;  // all changes before it are in the map; 0: as above
  std::uint64_t erased = 0;    // since the map's table was made

  // Takes memory for so many keys in all. Throws std::bad_alloc; the map is as before then.
  void reserve(std::uint64_t keys);

  // One change. Throws std::bad_alloc; the map is as before then.
  void apply(const Change& change) { apply(change, HashedKey(change.key)); }
  void apply(const Change& change, const HashedKey& key);

  // What `bytes` will be after the change.
  std::uint64_t bytes_after(const Change& change) const;

  // Writes the map as records, `bytes` bytes in all.
  void dump(std::uint64_t* to) const;
};

// Reads stretches of records into a replica. Copies a few records at a time out of the shared memory before it looks at
// their keys, and fetches what the hash map will need for all of them, step by step, before it applies the first.
class RecordReader {
 public:
  // Applies the records of [from, from + bytes). False where something there is no record: damaged, or being written
  // over; the replica is not to be used then. Throws std::bad_alloc, likewise.
  bool apply(std::uint64_t* from, std::uint64_t bytes, Replica& to);

 private:
  std::uint64_t copy_some(std::uint64_t* from, std::uint64_t bytes);

  static constexpr unsigned kGroup = 16;
  static constexpr std::uint64_t kGroupBytes = 8 << 10;  // a longer record comes alone

  void fetch(const Replica& to);

  Change group_[kGroup];
  HashedKey keys_[kGroup];
  unsigned count_ = 0;
  std::unique_ptr<std::uint64_t[]> copy_;
  std::uint64_t capacity_ = 0;  // bytes
};

}  // namespace dictbench::stream_log
