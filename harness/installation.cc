#include "harness/installation.h"

#include <array>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace dictbench {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<const char*, const char*>, 4> kFolders = {{{"DICTBENCH_WORKLOADS", "workloads"},
                                                                          {"DICTBENCH_PUBLISHED", "published"},
                                                                          {"DICTBENCH_RESULTS", "hosts"},
                                                                          {"DICTBENCH_PLOTS", "plots"}}};

}  // namespace

std::optional<fs::path> installed_data(const fs::path& executable) {
  const fs::path folder = executable.parent_path();
  std::error_code ignored;  // a folder that cannot be looked at is none
  for (const fs::path& prefix : {folder.parent_path(), folder.parent_path().parent_path()}) {
    const fs::path data = prefix / "share" / "dictbench";
    if (fs::is_directory(data / "workloads", ignored)) return data;
  }
  return std::nullopt;
}

void use_installed_data() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return;
  const auto data = installed_data(self);
  if (!data) return;
  constexpr int kKeep = 0;  // what the user has set stays
  for (const auto& [variable, folder] : kFolders)
    if (fs::is_directory(*data / folder, error)) setenv(variable, (*data / folder).c_str(), kKeep);
}

}  // namespace dictbench
