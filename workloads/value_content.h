// Values that say whose write they are, and the check of what comes back.
//
// `tagged` layout (little endian), from the first byte: u32 key tag, u8 writer, u40 sequence: 10 bytes;
// then filler that depends on writer and sequence; the same 10 bytes again at every multiple of 256 and
// at the very end when there is room. A value torn between two writes, cut, or stored under another
// key so differs from what its stamp promises. Writing costs one 16-byte store per 256 bytes, because
// stamping many small stores would break store-to-load forwarding in the engine that copies it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "workloads/operation_stream.h"
#include "workloads/workload.h"

namespace dictbench {

inline constexpr std::uint8_t kPreloadWriter = 255;  // `writer` of values set by the preload

// Who wrote a value and with which of its operations (counted from 0 over all phases of one process).
struct Stamp {
  std::uint8_t writer = 0;
  std::uint64_t sequence = 0;  // below 2^40

  bool operator==(const Stamp&) const = default;
};

// Makes values; one per process and phase, used by one thread.
class ValueWriter {
 public:
  ValueWriter(const Workload& workload, const Phase& phase, std::uint8_t writer);

  // The value for this operation; lives until the next call.
  std::string_view make(const Operation& operation, std::uint64_t sequence) noexcept;

 private:
  struct State;
  struct Delete {
    void operator()(State* state) const noexcept;
  };
  std::unique_ptr<State, Delete> state_;
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
  Workload workload_;
  Phase phase_;
};

// 32 bits of the key's hash: what `Operation::key_tag` and tagged values hold.
std::uint32_t key_tag(std::string_view key) noexcept;

}  // namespace dictbench
