// The option `timeout`, which means the same wherever an engine has it (docs/design.md): the milliseconds to wait for
// an answer or a lock, after which the error is `timeout`. Pure functions.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "engines/spec.h"

namespace dictbench {

// `meaning`: what is waited for, as one line for `dictbench list engines`.
inline OptionRule timeout_option(std::string meaning) {
  return {.name = "timeout",
          .kind = OptionKind::count,
          .default_value = "5000",
          .meaning = std::move(meaning),
          .choices = {},
          .least = 1,
          .most = 3'600'000};
}

// Of a spec that is bound to a rule of that name.
inline std::chrono::milliseconds timeout_of(const Spec& spec) {
  return std::chrono::milliseconds(spec.get_count("timeout"));
}

}  // namespace dictbench
