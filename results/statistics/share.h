// What a count of yes and no says of the share of yes: the exact interval of Clopper and Pearson ("The use of
// confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934).
//
// Pure; any thread may call it.
#pragma once

#include <cstddef>

namespace dictbench {

struct ShareInterval {
  double low = 0, high = 1;
};

// Of `count` of `tried` independent ones, each with the same chance: holds the chance with at least `level`. Nothing
// tried: 0 to 1. More counted than tried is a programming error (std::invalid_argument).
ShareInterval share_interval(std::size_t count, std::size_t tried, double level = 0.95);

}  // namespace dictbench
