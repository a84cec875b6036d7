#include "workloads/table_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace dictbench {

TableReader::TableReader(const TomlNode& node, std::string where, std::string path)
    : node_(&node), table_(&std::get<TomlTable>(node.value)), where_(std::move(where)), path_(std::move(path)) {}

const TomlNode* TableReader::find(std::string_view key) {
  if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) asked_.emplace_back(key);
  for (const auto& [name, value] : *table_)
    if (name == key) return &value;
  return nullptr;
}

bool TableReader::has(std::string_view key) { return find(key) != nullptr; }

const TomlNode& TableReader::need(std::string_view key, std::string_view what) {
  if (const TomlNode* node = find(key)) return *node;
  throw error(key, "is missing", what);
}

WorkloadError TableReader::error(std::string_view key, std::string_view reason, std::string_view allowed) const {
  unsigned line = node_->line;
  for (const auto& [name, value] : *table_)
    if (name == key && value.line != 0) line = value.line;
  std::string full(path_);
  full += key;
  if (key.empty() && full.ends_with('.')) full.pop_back();
  return WorkloadError(fmt::format("{}{}: {}: {}; allowed: {}", where_, line == 0 ? "" : fmt::format(":{}", line),
                                   full.empty() ? "file" : full, reason, allowed));
}

std::int64_t TableReader::checked_integer(std::string_view key, const TomlNode& node, std::int64_t least,
                                          std::int64_t most) const {
  const std::string allowed = fmt::format("whole numbers from {} to {}", least, most);
  const auto* integer = std::get_if<std::int64_t>(&node.value);
  if (integer == nullptr) throw error(key, "is no whole number", allowed);
  if (*integer < least || *integer > most) throw error(key, fmt::format("{} is out of range", *integer), allowed);
  return *integer;
}

std::int64_t TableReader::integer(std::string_view key, std::int64_t least, std::int64_t most,
                                  std::optional<std::int64_t> otherwise) {
  if (otherwise && !has(key)) return *otherwise;
  return checked_integer(key, need(key, fmt::format("whole numbers from {} to {}", least, most)), least, most);
}

double TableReader::number(std::string_view key, double least, double most, std::optional<double> otherwise) {
  if (otherwise && !has(key)) return *otherwise;
  const std::string allowed = fmt::format("numbers from {} to {}", least, most);
  const TomlNode& node = need(key, allowed);
  double number = 0;
  if (const auto* integer = std::get_if<std::int64_t>(&node.value))
    number = static_cast<double>(*integer);
  else if (const auto* real = std::get_if<double>(&node.value))
    number = *real;
  else
    throw error(key, "is no number", allowed);
  if (!(number >= least && number <= most)) throw error(key, fmt::format("{} is out of range", number), allowed);
  return number;
}

bool TableReader::boolean(std::string_view key, bool otherwise) {
  const TomlNode* node = find(key);
  if (node == nullptr) return otherwise;
  if (const auto* boolean = std::get_if<bool>(&node->value)) return *boolean;
  throw error(key, "is no truth value", "true, false");
}

std::string TableReader::text(std::string_view key, std::optional<std::string> otherwise) {
  if (otherwise && !has(key)) return *otherwise;
  const TomlNode& node = need(key, "text in quotes");
  if (const auto* text = std::get_if<std::string>(&node.value)) return *text;
  throw error(key, "is no text", "text in quotes");
}

const TomlArray& TableReader::array(std::string_view key, std::string_view what) {
  const TomlNode& node = need(key, what);
  const auto* array = std::get_if<TomlArray>(&node.value);
  if (array == nullptr) throw error(key, "is no list", what);
  if (array->empty()) throw error(key, "is an empty list", what);
  return *array;
}

std::vector<std::string> TableReader::texts(std::string_view key) {
  constexpr std::string_view kAllowed = "a list of texts in quotes";
  std::vector<std::string> result;
  for (const TomlNode& element : array(key, kAllowed)) {
    const auto* text = std::get_if<std::string>(&element.value);
    if (text == nullptr) throw error(key, "holds something that is no text", kAllowed);
    result.push_back(*text);
  }
  return result;
}

std::vector<std::int64_t> TableReader::integers(std::string_view key, std::int64_t least, std::int64_t most) {
  std::vector<std::int64_t> result;
  for (const TomlNode& element : array(key, fmt::format("a list of whole numbers from {} to {}", least, most)))
    result.push_back(checked_integer(key, element, least, most));
  return result;
}

bool TableReader::is_table(std::string_view key) {
  const TomlNode* node = find(key);
  return node != nullptr && std::holds_alternative<TomlTable>(node->value);
}

bool TableReader::is_text(std::string_view key) {
  const TomlNode* node = find(key);
  return node != nullptr && std::holds_alternative<std::string>(node->value);
}

TableReader TableReader::table(std::string_view key) {
  const std::string allowed = fmt::format("a table [{0}] or {0} = {{...}}", key);
  const TomlNode& node = need(key, allowed);
  if (!std::holds_alternative<TomlTable>(node.value)) throw error(key, "is no table", allowed);
  return {node, where_, fmt::format("{}{}.", path_, key)};
}

std::vector<TableReader> TableReader::tables(std::string_view key) {
  const std::string allowed = fmt::format("a list of tables, like [[{}]]", key);
  std::vector<TableReader> result;
  for (const TomlNode& element : array(key, allowed)) {
    if (!std::holds_alternative<TomlTable>(element.value))
      throw error(key, "holds something that is no table", allowed);
    result.emplace_back(element, where_, fmt::format("{}{} {}.", path_, key, result.size() + 1));
  }
  return result;
}

void TableReader::finish() const {
  for (const auto& [name, value] : *table_)
    if (std::find(asked_.begin(), asked_.end(), name) == asked_.end())
      throw error(name, "is not known", fmt::format("{}", fmt::join(asked_, ", ")));
}

}  // namespace dictbench
