// The reading half of a torture worker: reads keys and counters and judges what it finds by the ledger and by what this
// process has seen before. What does not hold goes to the ledger (harness/torture/worker.h says what must).
// One thread of the worker process.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engines/engine.h"
#include "harness/torture/ledger.h"
#include "harness/torture/worker.h"

namespace dictbench::torture {

// Which key of which slot.
struct Place {
  unsigned slot = 0, key = 0;
};

class Reader {
 public:
  static constexpr std::size_t kMostAtOnce = 4;

  Reader(Ledger& ledger, unsigned slot, const Rules& rules);

  void read(Dict& dict, Place place);
  void read_many(Dict& dict, std::span<const Place> places);  // up to kMostAtOnce in one get_many
  void read_counter(Dict& dict, unsigned counter);

  // One that this slot has retired: whether the operation in flight at a kill took effect wholly or not at all, and has
  // not flipped back. `choice` picks it; false when there is none.
  bool read_retired(Dict& dict, unsigned slot, std::uint64_t choice);

  // What add() has returned; `low`: it cannot be less.
  void judge_counter(unsigned counter, std::uint64_t low, std::int64_t sum);
  std::uint64_t acknowledged_sum(unsigned counter) const;

  // This process has written its own key; so of engines that promise nothing across processes it must see that.
  void has_written(unsigned key) { written_[key] = 1; }
  bool is_bound(Place place) const;

  void report_lost(const std::string& what);

 private:
  // What is known of a key before it is read.
  struct Before {
    Place place;
    Stamp stamp;

    KeyId id() const { return {place.slot, place.key, stamp.generation}; }
  };

  Before look(Place place) const;
  void judge(const Before& before, bool found, std::string_view value);

  unsigned first_sharer() const { return rules_.contract.shared_between_processes ? 0 : slot_; }
  unsigned last_sharer() const { return rules_.contract.shared_between_processes ? rules_.processes - 1 : slot_; }

  Ledger& ledger_;
  const unsigned slot_;
  const Rules& rules_;
  std::vector<Stamp> seen_;            // newest version that this process knows, by slot and key
  std::vector<std::uint8_t> written_;  // own keys that this process has written
  std::array<std::uint64_t, kCounters> counters_seen_{};
  Value out_;
  std::array<Value, kMostAtOnce> outs_;
};

}  // namespace dictbench::torture
