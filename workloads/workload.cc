// Finding workloads: by name in the standard folder, or by path. Reading their text: workload_loader.cc.
#include "workloads/workload.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

namespace dictbench {
namespace {

constexpr std::string_view kExtension = ".toml";

}  // namespace

std::filesystem::path workload_folder() {
  const char* const chosen = std::getenv("DICTBENCH_WORKLOADS");
  return chosen != nullptr && *chosen != '\0' ? chosen : DICTBENCH_WORKLOAD_FOLDER;
}

std::vector<std::string> list_workloads() {
  std::vector<std::string> names;
  std::error_code ignored;  // a folder that is not there holds no workload
  for (const auto& entry : std::filesystem::directory_iterator(workload_folder(), ignored))
    if (entry.path().extension() == kExtension) names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

Workload load_workload(const std::string& name_or_path, double scale) {
  std::filesystem::path file = name_or_path;
  if (!name_or_path.ends_with(kExtension)) {
    const std::vector<std::string> names = list_workloads();
    if (std::find(names.begin(), names.end(), name_or_path) == names.end()) {
      const std::string known = names.empty() ? fmt::format("there is none in {}", workload_folder().string())
                                              : fmt::format("there are {}", fmt::join(names, ", "));
      throw WorkloadError(fmt::format("workload '{}' is not known; {}; or give a file that ends in {}", name_or_path,
                                      known, kExtension));
    }
    file = workload_folder() / (name_or_path + std::string(kExtension));
  }
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf()))
    throw WorkloadError(fmt::format("{}: cannot be read; give a workload's name or a readable file that ends in {}",
                                    file.string(), kExtension));
  return parse_workload(text.str(), file.string(), scale);
}

}  // namespace dictbench
