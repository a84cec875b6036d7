// What this program does when a test starts it anew as an unrelated process.
#pragma once

#include <string>

namespace dictbench::conformance {

// Plays `role` on the dict at `address`; returns the exit status.
int run_spawned(const std::string& role, const std::string& address);

}  // namespace dictbench::conformance
