// The one exception type that crosses the engine interface.
//
// A message says what happened and what to do about it; the code is what the driver, the
// conformance suite and the records act on. Throwing never means that an acknowledged write is gone.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace dictbench {

enum class ErrorCode {
  full,          // no room for this write; everything stored before it is still there
  too_large,     // this key, value or counter passes what the contract allows
  disconnected,  // the server is gone; attach again
  timeout,       // no answer in time; the connection is closed, because a late answer would be misread
  corrupt,       // the shared state is not to be trusted (killed writer, foreign layout)
  unsupported,   // this engine does not have this operation, or not for this value
  unavailable,   // the engine cannot be used here at all (not installed, no permission)
};

// The code's name as records print it: "full", "too_large", ...
std::string_view to_string(ErrorCode code);

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace dictbench
