#include "harness/torture/things.h"

#include <fmt/format.h>

#include <algorithm>

#include "engines/shm/private_directory.h"

namespace dictbench::torture {

namespace fs = std::filesystem;

std::vector<fs::path> things_of(const ProcessIdentity& owner) {
  std::vector<fs::path> things;
  const std::string prefix = fmt::format("{}{}.", own_name_prefix(), owner.text());
  // Of a process that could not tell its own start time: such a name is nobody's, and stays for ever.
  const std::string nameless = fmt::format("{}{}.0.", own_name_prefix(), owner.pid);
  for (const fs::path& folder : own_folders()) {
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
      if (const std::string name = entry->path().filename(); name.starts_with(prefix) || name.starts_with(nameless))
        things.push_back(entry->path());
  }
  std::ranges::sort(things);
  return things;
}

std::vector<fs::path> files_at(const std::string& address) {
  if (!address.starts_with('/')) return {};
  const fs::path segment = fmt::format("/dev/shm{}", address);
  if (fs::exists(segment)) return {segment};
  if (!fs::is_directory(address)) return fs::exists(address) ? std::vector<fs::path>{address} : std::vector<fs::path>{};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(address))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace dictbench::torture
