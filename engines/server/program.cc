#include "engines/server/program.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string_view>

namespace dictbench {
namespace {

bool is_program(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(path.c_str(), X_OK) == 0;
}

// As one word of a shell command.
std::string shell_quoted(std::string_view text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string first_line_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.c_str(), "re"), pclose);
  std::array<char, 512> line{};
  if (output == nullptr || std::fgets(line.data(), line.size(), output.get()) == nullptr) return {};
  std::string text = line.data();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

std::optional<std::string> find_program(const std::vector<std::string>& names) {
  const char* path = std::getenv("PATH");
  const std::string folders =
      fmt::format("{}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", path == nullptr ? "" : path);
  for (const std::string& name : names) {
    std::istringstream list(folders);
    for (std::string folder; std::getline(list, folder, ':');) {
      if (folder.empty()) continue;
      std::string candidate = fmt::format("{}/{}", folder, name);
      if (is_program(candidate)) return candidate;
    }
  }
  return std::nullopt;
}

std::string program_version_line(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, std::string> known;
  const std::lock_guard lock(mutex);
  const auto [entry, added] = known.try_emplace(path);
  if (added) entry->second = first_line_of(shell_quoted(path) + " --version 2>/dev/null </dev/null");
  return entry->second;
}

}  // namespace dictbench
