// Verification by a process that wrote nothing: a forked child attaches to the dict and reads it back.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "engines/engine.h"
#include "harness/verify/readback.h"

namespace dictbench {

// What `read` finds, in a child that `attach`es. A child that dies or does not end in time is told as `not_done`.
// Called by the driver; the workers may be attached, but none may write.
Readback verify_in_new_process(const std::function<std::unique_ptr<Dict>()>& attach,
                               const std::function<Readback(Dict&)>& read, std::chrono::seconds timeout);

}  // namespace dictbench
