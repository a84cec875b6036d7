// What this binary was made from, for the record.
#pragma once

#include <string>
#include <vector>

#include "results/record.h"

namespace dictbench {

std::string source_commit();  // "unknown" outside a checkout
bool source_dirty();
std::string compiler_version();
std::string compiler_flags();
std::string build_type();

// Of the engines' libraries and servers that these specs use.
Facts versions(const std::vector<std::string>& engine_specs);

}  // namespace dictbench
