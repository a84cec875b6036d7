// The ledger: what torture's workers have begun and what the dict has acknowledged to them, in memory that outlives
// a SIGKILL of any of them.
//
// One shared anonymous mapping, made by the driver before it forks. Every figure has one writer at a time: the process
// in the slot, or the driver while the slot has none. A worker notes a version as begun before it calls the dict and
// as acknowledged when the call has returned; so at any time the dict must hold, of every key, a version in
// [acknowledged, begun]. Both words carry the key's generation, so that a reader who meets a change of
// generation between its two looks knows that it cannot judge.
//
// Retired keys: the call on them ended in a kill or an error, and may take effect now, later or never, but only once.
// Everybody may read and judge them; `seen` is the newest version that anybody has found.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "engines/error.h"
#include "harness/torture/load.h"

namespace dictbench::torture {

inline constexpr unsigned kMostSlots = 16;
inline constexpr unsigned kKeys = 512;  // of a slot; about 600 kB of values, so that tables grow as they fill
inline constexpr unsigned kCounters = 4;
inline constexpr unsigned kMostRetired = 512;
inline constexpr unsigned kMostPoints = 512;  // crash points of all engines
inline constexpr unsigned kErrorCodes = static_cast<unsigned>(ErrorCode::unavailable) + 1;

// A key's generation and version in one word, so that both are read at once.
struct Stamp {
  std::uint64_t generation = 0;
  std::uint64_t version = 0;

  static constexpr unsigned kVersionBits = 40;
  static Stamp of(std::uint64_t word) noexcept {
    return {word >> kVersionBits, word & ((std::uint64_t{1} << kVersionBits) - 1)};
  }
  std::uint64_t word() const noexcept { return generation << kVersionBits | version; }
};

struct KeyEntry {
  std::atomic<std::uint64_t> begun = 0, acknowledged = 0;  // Stamp::word()

  Stamp load_begun() const noexcept { return Stamp::of(begun.load(std::memory_order_acquire)); }
  Stamp load_acknowledged() const noexcept { return Stamp::of(acknowledged.load(std::memory_order_acquire)); }
};

struct CounterEntry {
  std::atomic<std::uint64_t> begun = 0, acknowledged = 0;  // sums of what was added
};

struct RetiredEntry {
  std::atomic<std::uint32_t> key = 0;
  std::atomic<std::uint64_t> generation = 0, low = 0, high = 0;
  std::atomic<std::uint64_t> seen = 0;
};

enum class SlotState : std::uint32_t {
  starting,  // has not yet attached
  running,
  lost,     // the dict said `corrupt`: the process has ended
  refused,  // the server is gone and attaching again is refused: the process has ended
};

struct alignas(128) Slot {
  std::array<KeyEntry, kKeys> keys;
  std::array<CounterEntry, kCounters> counters;
  std::atomic<std::uint32_t> filled = 0;  // keys from here on were never written

  // A ring: entries [retired_begin, retired_end), of which those before retired_kept are being erased.
  std::array<RetiredEntry, kMostRetired> retired;
  std::atomic<std::uint64_t> retired_begin = 0, retired_kept = 0, retired_end = 0;

  std::atomic<SlotState> state = SlotState::starting;
  std::atomic<bool> leave = false;            // this slot's process ends in order
  std::atomic<std::uint64_t> operations = 0;  // acknowledged, reads included
  std::atomic<std::int64_t> last_progress_ns = 0;
  std::atomic<std::int64_t> longest_stall_ns = 0;  // between two operations of one process that no fault hit
  std::atomic<std::uint32_t> hits = 0;             // faults that hit this slot: a stall across one is not a survivor's
  std::array<std::atomic<std::uint64_t>, kErrorCodes> errors{};
  std::array<char, 256> last_error{};

  RetiredEntry& retired_at(std::uint64_t index) noexcept { return retired[index % kMostRetired]; }
};

struct Ledger {
  std::array<Slot, kMostSlots> slots;
  std::array<std::atomic<std::uint64_t>, kMostPoints> point_visits{};  // in the order of crash_point_names()

  std::atomic<bool> stop = false;  // workers end in order
  std::atomic<std::uint64_t> lost = 0;
  std::atomic<std::uint32_t> broken = 0;  // 0: nothing; 1: somebody writes the text; 2: it is there
  std::array<char, 512> broken_text{};

  // The first one wins.
  void report_broken(const std::string& what) noexcept;
  bool is_broken() const noexcept { return broken.load(std::memory_order_acquire) == 2; }

  // After the slot's process ended or could not tell whether its calls took effect: retires the keys in flight. Called
  // by the process in the slot, or by the driver when it has none. Throws std::runtime_error when there is no room.
  void retire_in_flight(unsigned slot);

  // The dict of a slot's process was private and died with it: its keys begin a new generation, its counters at 0.
  void begin_anew(unsigned slot) noexcept;

  // Sums over the slots `first` to `last`.
  std::uint64_t counter_begun(unsigned counter, unsigned first, unsigned last) const noexcept;
  std::uint64_t counter_acknowledged(unsigned counter, unsigned first, unsigned last) const noexcept;
};

// Owns the mapping; the driver's. Throws std::system_error.
class LedgerMapping {
 public:
  LedgerMapping();
  ~LedgerMapping();
  LedgerMapping(const LedgerMapping&) = delete;
  LedgerMapping& operator=(const LedgerMapping&) = delete;

  Ledger& operator*() const noexcept { return *ledger_; }
  Ledger* operator->() const noexcept { return ledger_; }

 private:
  Ledger* ledger_;
};

}  // namespace dictbench::torture
