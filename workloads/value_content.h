// Values that say whose write they are, and the check of what comes back.
//
// `tagged` layout (little endian), from the first byte: u32 key tag xor a hash of what follows, u8 writer,
// u40 sequence: the stamp, 10 bytes. It is there again at every multiple of 256 where 10 bytes fit (of a
// higher power of two where the phase's longest value would have more than 16 stamps) and in the last 10
// bytes of values of 20 bytes or more. Between them stands filler that depends on the writer and on which of
// its buffers held the value. A value torn between two writes, cut, or stored under another key so differs
// from what its stamp promises; the hash shows that in a bare stamp, too. The length, where a phase has
// several, follows from writer and sequence.
//
// A stamp is written with one 16-byte store, because many small stores would break store-to-load
// forwarding in the engine that copies the value. Stamps are few because each touches a cache line, and
// the filler is laid out beforehand, so that making a large value costs little beside copying it.
//
// In workloads with `add` the values are counters: the decimal text of a number. Nobody makes those.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/operation_stream.h"
#include "workloads/tagged_value.h"
#include "workloads/workload.h"

namespace dictbench {

inline constexpr std::uint8_t kPreloadWriter = 255;  // `writer` of values set by the preload; sequence: key number

// Makes values; one per process and phase, used by one thread.
class ValueWriter {
 public:
  // `alive`: how many values are used at once, where an engine groups calls; at least phase.batch are
  // alive anyhow.
  ValueWriter(const Workload& workload, const Phase& phase, std::uint8_t writer, std::uint32_t alive = 1);

  // The value for this operation (not a scan). It lives until max(phase.batch, alive) further calls were made.
  // Readable padding follows up to a multiple of 16.
  std::string_view make(const Operation& operation, std::uint64_t sequence) noexcept {
    if (!only_stamp_)
      return fixed_tagged_ ? make_tagged(operation.key_tag, sequence, fixed_bytes_) : make_other(operation, sequence);
    // Values of 10 to 16 bytes: inline, as they cost next to nothing.
    char* const slot = next_slot();
    const StampBytes stamp = stamp_bytes(operation.key_tag, writer_, sequence, 0);
    std::memcpy(slot, &stamp, sizeof(stamp));
    return {slot, fixed_bytes_};
  }

 private:
  struct Free {
    void operator()(char* storage) const noexcept;
  };

  char* next_slot() noexcept {
    char* const slot = slot_;
    slot_ = slot == last_slot_ ? first_slot_ : slot + slot_stride_;
    return slot;
  }

  std::string_view make_other(const Operation& operation, std::uint64_t sequence) noexcept;
  std::string_view make_tagged(std::uint32_t tag, std::uint64_t sequence, std::size_t bytes) noexcept;
  std::string_view make_key(std::string_view key, std::size_t bytes) noexcept;

  bool only_stamp_;
  bool fixed_tagged_;  // all values have one length
  std::uint8_t writer_;
  ContentKind content_;
  std::size_t fixed_bytes_;
  char* slot_ = nullptr;  // the next one of a ring of equal slots
  char* first_slot_ = nullptr;
  char* last_slot_ = nullptr;
  std::size_t slot_stride_ = 0;
  std::size_t distance_;  // of stamps
  SizeChooser sizes_;
  std::vector<std::string> texts_;  // `repeat`: the longest value of each group
  std::unique_ptr<char[], Free> storage_;
};

// Checks values; one per process and phase whose values are expected, used by one thread.
class ValueChecker {
 public:
  ValueChecker(const Workload& workload, const Phase& phase);

  // Empty when the value is whole and belongs to this key; else what is wrong, for a person:
  // "torn at byte 512", "belongs to another key", "9 bytes instead of 10".
  std::string check(std::string_view key, std::uint64_t key_number, std::string_view value) const;

  // The stamp of a `tagged` value that passed check(); nothing for other contents.
  std::optional<Stamp> stamp(std::string_view value) const;

 private:
  std::string check_tagged(std::string_view key, std::uint64_t key_number, std::string_view value) const;

  ContentKind content_;
  bool counters_;
  SizeChooser sizes_;
  KeySpec keys_;
  std::vector<std::string> texts_;
};

// 32 bits of the key's hash: what `Operation::key_tag` and tagged values hold.
std::uint32_t key_tag(std::string_view key) noexcept;

}  // namespace dictbench
