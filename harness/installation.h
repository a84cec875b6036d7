// Where the program's data lie: workloads, the documents' figures, committed records, what draws the report.
//
// One rule for all: the environment variable (DICTBENCH_WORKLOADS, _PUBLISHED, _RESULTS, _PLOTS), else
// share/dictbench beside the executable's bin, else the source tree that it was built from. The rooms that read the
// data know the first and the last; main calls use_installed_data() for the one between.
#pragma once

#include <filesystem>
#include <optional>

namespace dictbench {

// PREFIX/share/dictbench of an executable in PREFIX/bin or PREFIX/libexec/dictbench; nothing where there is none.
std::optional<std::filesystem::path> installed_data(const std::filesystem::path& executable);

// Sets the variables that are not set and whose folders are installed. Before any thread or child is started: it
// changes the environment, which children inherit.
void use_installed_data();

}  // namespace dictbench
