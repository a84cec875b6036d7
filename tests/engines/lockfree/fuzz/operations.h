// A sequence of operations read from bytes, done to a lock-free table and to a std::map: they must agree.
#pragma once

#include <string>
#include <string_view>

namespace dictbench {

// What differs first, or empty. Two attached dicts take turns; the segment is so small that it gets full.
std::string first_difference(std::string_view bytes);

}  // namespace dictbench
