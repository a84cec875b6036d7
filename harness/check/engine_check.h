// Holds one engine against what its contract promises about the order of operations: records rounds and decides
// their histories. Rounds bound the memory: 10 M operations took the driver 240 MB, 120 bytes for each of the 2 M of a
// round.
//
// Called by the driver's main thread; nothing is left of the engine and its processes on return.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "harness/verify/history_file.h"
#include "harness/verify/smallest_history.h"
#include "results/record.h"

namespace dictbench {

struct CheckOptions {
  std::uint64_t operations = 200'000;
  unsigned processes = 4;
  std::uint32_t keys = 16;
  std::uint64_t kills = 0;
  std::uint64_t seed = 1;
  std::chrono::seconds limit{60};  // for deciding what was recorded
};

struct CheckResult {
  CheckRecord record;                       // all but run_id
  std::optional<SmallestHistory> smallest;  // of an illegal one
};

// Called after each round with the operations recorded so far.
using CheckProgress = std::function<void(std::uint64_t operations)>;

// `writer` may be null. Throws SpecError for a spec that cannot be used.
CheckResult check_engine(const std::string& spec, const CheckOptions& options, HistoryWriter* writer,
                         const CheckProgress& progress);

// Decides a history that was read from a file.
CheckResult check_history(const HistoryFile& history, std::chrono::seconds limit);

}  // namespace dictbench
