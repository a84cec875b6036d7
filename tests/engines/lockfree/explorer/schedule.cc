#include "tests/engines/lockfree/explorer/schedule.h"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

namespace dictbench::explorer {

std::string to_text(const Schedule& schedule) {
  std::string text;
  for (const Run& run : schedule) {
    if (run.accesses > 0) text += fmt::format("{}{} ", fiber_name(run.fiber), run.accesses);
    if (run.killed) text += fmt::format("{}! ", fiber_name(run.fiber));
  }
  if (!text.empty()) text.pop_back();
  return text;
}

Schedule schedule_of(const std::string& text) {
  Schedule schedule;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word.size() < 2 || word[0] < 'A' || word[0] > 'H')
      throw std::invalid_argument(fmt::format("schedule: '{}' is no run; A31 and A! are", word));
    const auto fiber = static_cast<unsigned>(word[0] - 'A');
    if (word == fmt::format("{}!", word[0])) {
      if (!schedule.empty() && schedule.back().fiber == fiber)
        schedule.back().killed = true;
      else
        schedule.push_back({.fiber = fiber, .killed = true});
    } else {
      schedule.push_back({.fiber = fiber, .accesses = std::stoull(word.substr(1))});
    }
  }
  return schedule;
}

}  // namespace dictbench::explorer
