// What the tests of engines that can be full share: keys by number, a dict filled to the brim, a /dev/shm of a few
// megabytes.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "engines/engine.h"
#include "harness/torture/small_file_system.h"
#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {

inline std::string key_of(unsigned i) { return std::to_string(i); }

// Sets keys 0, 1, ... until the dict says `full`; returns how many it took.
inline unsigned fill_up(Dict& dict, const std::string& value) {
  unsigned i = 0;
  EXPECT_EQ(error_code_of([&] {
              for (; i < 10'000'000; ++i) dict.set(key_of(i), value);
            }),
            ErrorCode::full);
  return i;
}

inline unsigned count_present(Dict& dict, unsigned keys, const std::string& value) {
  Value out;
  unsigned present = 0;
  for (unsigned i = 0; i < keys; ++i) present += dict.get(key_of(i), out) && out.view() == value;
  return present;
}

// `test` in a child whose /dev/shm has that size: 0 where all is well. Skips the test where the system allows no mount
// namespaces. To be called last in a test.
inline void expect_done_in_small_dev_shm(const std::string& size, const std::function<int()>& test) {
  constexpr int kNotAllowed = 77;
  ChildProcess child([&] { _exit(use_small_dev_shm(size) ? test() : kNotAllowed); });
  const int status = child.wait();
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == kNotAllowed) GTEST_SKIP() << "no mount namespaces here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace dictbench
