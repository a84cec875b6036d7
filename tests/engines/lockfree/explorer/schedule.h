// A schedule as text: which fiber made how many accesses, one after the other. "A31 B12 A! C7": A makes 31 accesses, B
// 12, then A is killed before its next access, then C makes 7. It says all about an execution, whatever the explorer
// knew of shared words when it found it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dictbench::explorer {

struct Run {
  unsigned fiber = 0;
  std::uint64_t accesses = 0;
  bool killed = false;  // after them
};

using Schedule = std::vector<Run>;

std::string to_text(const Schedule& schedule);

// Throws std::invalid_argument for what is no schedule.
Schedule schedule_of(const std::string& text);

constexpr char fiber_name(unsigned fiber) { return static_cast<char>('A' + fiber); }

}  // namespace dictbench::explorer
