// For libFuzzer: build with clang and -DDICTBENCH_FUZZ=ON, then run build/tests/lockfree_fuzz [CORPUS].
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/engines/lockfree/fuzz/operations.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string difference = dictbench::first_difference({reinterpret_cast<const char*>(data), size});
  if (difference.empty()) return 0;
  std::fprintf(stderr, "%s\n", difference.c_str());
  std::abort();
}
