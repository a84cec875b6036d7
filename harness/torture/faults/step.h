// The fault `step`: an operation is led through instruction by instruction, and stopped or killed at any of them.
#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "harness/torture/fault.h"
#include "harness/torture/step_page.h"

namespace dictbench::torture {

// With its name, for the registry.
Fault step_fault();

// The same on some operations only. `most`: the time in which so many tries are to be made, where it is another than
// the fault's own.
TortureRecord step_through(const Subject& subject, const Options& options, std::span<const Operation> operations,
                           std::optional<std::chrono::steady_clock::duration> most = {});

}  // namespace dictbench::torture
