// A TOML file as a plain tree: keeps the slow-to-compile parser (toml++) out of everything but
// toml_tree.cc. Every node knows its line. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dictbench {

struct TomlNode;
using TomlArray = std::vector<TomlNode>;
using TomlTable = std::vector<std::pair<std::string, TomlNode>>;  // keys are unique

struct TomlNode {
  unsigned line = 0;  // 0: unknown
  // Dates and times, which no workload has, are monostate.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, TomlArray, TomlTable> value;
};

// The file's table. Throws WorkloadError for text that is no TOML; `where` names the text.
TomlNode parse_toml(std::string_view text, const std::string& where);

}  // namespace dictbench
