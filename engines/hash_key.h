// What a hash needs so that nobody can foresee it: 128 random bits that a dict draws when it is made and only its
// processes know.
#pragma once

#include <cstdint>

namespace dictbench {

struct HashKey {
  std::uint64_t first = 0, second = 0;

  // From the kernel. Throws Error(unavailable) when it gives none.
  static HashKey random();
};

}  // namespace dictbench
