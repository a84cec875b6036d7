// What programs of the variants with small numbers have in common: versions and sequence numbers wear out after three
// changes, and a retired table's memory may be used again after kGrace further retirements.
#pragma once

#include <string>
#include <vector>

#include "engines/lockfree/slot_view.h"
#include "tests/engines/lockfree/explorer/program.h"

namespace dictbench::explorer {

// Sets of key 0 by the first fiber, where it was set once before: each third one finds its slot worn and rebuilds the
// table. From the rebuild on that frees the first table's memory, a sweep follows, so that the next rebuild takes the
// free block that was used first. So `times` rebuilds use the first times - kGrace - 1 tables' memory again.
inline std::vector<Step> wear_out(unsigned times) {
  std::vector<Step> steps;
  for (unsigned i = 0; i < 3 * times; ++i) {
    steps.push_back(set(0, 2 + i % 7));
    if (i % 3 == 2 && i / 3 >= lockfree::kGrace) steps.push_back(sweep());
  }
  return steps;
}

}  // namespace dictbench::explorer
