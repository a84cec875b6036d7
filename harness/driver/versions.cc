#include "harness/driver/versions.h"

#include <algorithm>

#include "commit.h"
#include "engines/registry.h"

namespace dictbench {

std::string source_commit() { return kCommit; }

bool source_dirty() { return kDirty; }

std::string compiler_version() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

std::string compiler_flags() { return DICTBENCH_FLAGS; }

std::string build_type() { return DICTBENCH_BUILD_TYPE; }

Facts versions(const std::vector<std::string>& engine_specs) {
  Facts facts;
  for (const std::string& text : engine_specs) {
    const Spec spec = parse_engine_spec(text);
    const EngineDescription& description = find_engine(spec.name());
    const bool told = std::ranges::any_of(facts, [&](const auto& fact) { return fact.first == description.name; });
    const bool missing = description.missing != nullptr && description.missing(spec);
    if (description.version != nullptr && !told && !missing)
      facts.emplace_back(description.name, description.version());
  }
  return facts;
}

}  // namespace dictbench
