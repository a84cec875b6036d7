// Values that say who wrote them: writer, sequence number, and a filling that follows from both, so that
// a torn, foreign or stale value is recognised. Their sizes jump between 24 and 6,000 bytes, so that an
// overwrite often changes how the value is stored.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dictbench::conformance {

struct Stamp {
  std::uint64_t writer = 0;
  std::uint64_t sequence = 0;
};

std::string stamped_value(Stamp stamp);

// Throws std::runtime_error when the bytes are not exactly those of one stamped value.
Stamp read_stamp(std::string_view value);

}  // namespace dictbench::conformance
