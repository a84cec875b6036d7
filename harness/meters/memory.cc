#include "harness/meters/memory.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <string>

namespace dictbench {

ProcessMemory memory_of(pid_t pid) {
  ProcessMemory memory;
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string name;
    std::uint64_t kibibytes = 0;
    if (!(fields >> name >> kibibytes)) continue;
    if (name == "Pss:") memory.pss_bytes = kibibytes * 1024;
    if (name == "Pss_Anon:") memory.anonymous_bytes = kibibytes * 1024;
  }
  return memory;
}

}  // namespace dictbench
