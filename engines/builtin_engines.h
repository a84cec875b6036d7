// The engines that this build contains; written by CMake from the list in engines/CMakeLists.txt.
#pragma once

#include <vector>

#include "engines/registry.h"

namespace dictbench {

std::vector<EngineDescription> builtin_engines();

// Stands in the list for an engine whose library was not there when dictbench was built: it says which
// package to install.
EngineDescription missing_engine(const char* name, const char* package);

}  // namespace dictbench
