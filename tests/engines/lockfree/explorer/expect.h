// Exploring a program in a test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/engines/lockfree/explorer/program.h"

namespace dictbench::explorer {

// Every schedule within the program's bounds gives a right result. Prints how many executions that took: with no
// preemption, one, two ...
inline void expect_right(const Program& program) {
  const auto start = std::chrono::steady_clock::now();
  const Exploration result = explore(program);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::string counts;
  for (const std::uint64_t count : result.executions) counts += std::to_string(count) + " ";
  std::printf("             executions %sand %llu abandoned, %.2f s%s\n", counts.c_str(),
              static_cast<unsigned long long>(result.abandoned), seconds, result.finished ? "" : ", unfinished");
  if (result.failure) ADD_FAILURE() << report(program, *result.failure);
}

}  // namespace dictbench::explorer
