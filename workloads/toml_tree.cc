#include "workloads/toml_tree.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>

#include "workloads/workload.h"

namespace dictbench {
namespace {

TomlNode convert(const toml::node& node) {
  TomlNode result;
  result.line = node.source().begin.line;
  if (const auto* table = node.as_table()) {
    TomlTable& entries = result.value.emplace<TomlTable>();
    for (const auto& [key, value] : *table) entries.emplace_back(std::string(key.str()), convert(value));
  } else if (const auto* array = node.as_array()) {
    TomlArray& elements = result.value.emplace<TomlArray>();
    for (const toml::node& element : *array) elements.push_back(convert(element));
  } else if (const auto* text = node.as_string()) {
    result.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    result.value = integer->get();
  } else if (const auto* number = node.as_floating_point()) {
    result.value = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    result.value = boolean->get();
  }
  return result;
}

}  // namespace

TomlNode parse_toml(std::string_view text, const std::string& where) {
  try {
    return convert(toml::parse(text, where));
  } catch (const toml::parse_error& error) {
    std::string reason(error.description());
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    throw WorkloadError(fmt::format("{}:{}: no TOML: {}", where, error.source().begin.line, reason));
  }
}

}  // namespace dictbench
