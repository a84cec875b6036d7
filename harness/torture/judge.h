// How a fault becomes a record: its body runs in a process of its own and throws what it finds.
//
// That way a signal or a hang in the engine under the fault is one more finding and not the end of the driver. When
// the body returns, the process looks round: whatever bears its name in shared places, and every child that still
// runs, is a broken invariant ("nothing is left over").
// Used by the driver's main thread.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "harness/torture/child.h"
#include "harness/torture/fault.h"

namespace dictbench::torture {

// An invariant does not hold: "broken: WHAT".
class Broken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The fault can not be inflicted on this engine after all: "not applicable: WHY".
class NotApplicable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// This machine does not allow the fault: "unavailable: WHY".
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <typename... Arguments>
void require(bool holds, fmt::format_string<Arguments...> what, Arguments&&... arguments) {
  if (!holds) throw Broken(fmt::format(what, std::forward<Arguments>(arguments)...));
}

// The Error that the call threw, or nothing. Anything else that it throws passes through.
template <typename Call>
std::optional<Error> error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

// "full" or "nothing".
std::string code_of(const std::optional<Error>& error);

// What a body says that has not ended after 60 s.
enum class Late {
  broken,       // something hangs
  unavailable,  // nothing: it looks for what hangs itself, by a finer limit
};

// Runs `body`, which fills in the record's counts and `found`. Never throws what the engine or the body threw.
TortureRecord judge(const Subject& subject, const Options& options,
                    const std::function<void(TortureRecord& record)>& body, Late late = Late::broken);

// After a clean-up: nothing of that owner's is there. Another command that cleans up may be at it, so this waits a bit.
void require_none_left(const ProcessIdentity& owner, std::string_view who);

// The spec names a running server of somebody else, of which there is but one.
bool names_a_server(const Subject& subject);

}  // namespace dictbench::torture
