// The code of the Error that a call throws.
#pragma once

#include <optional>

#include "engines/error.h"

namespace dictbench {

// Nothing when the call throws no Error.
template <typename Call>
std::optional<ErrorCode> error_code_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

}  // namespace dictbench
