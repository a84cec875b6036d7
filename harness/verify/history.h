// A concurrent history: what every operation on a dict was asked, answered, and when it began and ended.
//
// Plain values of 48 bytes, because some millions of them are recorded in memory that processes share and that
// outlives the death of its writer. Times are CLOCK_MONOTONIC nanoseconds, one clock for all processes: `begin`
// is taken before the call and `end` after the return, so the instant at which the operation took effect lies
// between them. An operation whose process was killed, or that ended with an error that leaves its fate unknown,
// stays open: it took effect at any time after its begin, or never.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dictbench {

enum class OperationKind : std::uint8_t { get, set, erase, add };

enum class Outcome : std::uint8_t {
  none,       // a set's; an open operation's
  missing,    // the key was not there
  found,      // the key was there: get and add have `result`
  forgotten,  // of an erase whose answer plays no part (harness/verify/smallest_history.h)
};

struct Operation {
  static constexpr std::int64_t kOpen = std::numeric_limits<std::int64_t>::max();

  std::int64_t begin_ns = 0;
  std::int64_t end_ns = kOpen;
  std::int64_t argument = 0;  // value to set, or what to add
  std::int64_t result = 0;    // value read, or sum
  std::uint32_t process = 0;
  std::uint32_t key = 0;
  OperationKind kind = OperationKind::get;
  Outcome outcome = Outcome::none;

  bool open() const noexcept { return end_ns == kOpen; }
};
static_assert(sizeof(Operation) <= 48);

// The result of a get that read bytes which nobody wrote: torn, cut or another's. No set writes it.
inline constexpr std::int64_t kUnreadable = std::numeric_limits<std::int64_t>::min();

// The process of a set or erase that stands for all that happened before a history begins.
inline constexpr std::uint32_t kBeforeHistory = std::numeric_limits<std::uint32_t>::max();

std::string_view to_string(OperationKind kind);

// "set 17", "get", "add -3"; "ok", "17", "missing", "was there", "never returned".
std::string operation_text(const Operation& operation);
std::string outcome_text(const Operation& operation);

// A table for people, in order of the begins: process, operation, result, begin and end in microseconds from the
// first begin. Marks operations[marked].
std::string history_table(std::span<const Operation> operations, std::optional<std::size_t> marked);

}  // namespace dictbench
