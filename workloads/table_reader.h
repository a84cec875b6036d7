// Typed, checked access to one table of a workload file. Whatever is wrong becomes a WorkloadError of one
// line: file, line, key, reason, what is allowed. Keys that nobody asked for are refused by finish(), with
// the list of those that there are. Used by the loader, by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workloads/toml_tree.h"
#include "workloads/workload.h"

namespace dictbench {

class TableReader {
 public:
  // `path` is what leads to the table, as it is told: "" for the file's own, "phase 2 (get)." and the like. The node
  // must be a table and outlive the reader.
  TableReader(const TomlNode& node, std::string where, std::string path);

  bool has(std::string_view key);

  // Each returns `otherwise` where the key is missing; without one the key must be there.
  std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most,
                       std::optional<std::int64_t> otherwise = {});
  double number(std::string_view key, double least, double most, std::optional<double> otherwise = {});
  bool boolean(std::string_view key, bool otherwise);
  std::string text(std::string_view key, std::optional<std::string> otherwise = {});
  std::vector<std::string> texts(std::string_view key);  // a list of texts, not empty
  std::vector<std::int64_t> integers(std::string_view key, std::int64_t least, std::int64_t most);

  template <typename Enum>
  Enum choice(std::string_view key, const std::vector<std::pair<std::string_view, Enum>>& choices, Enum otherwise) {
    if (!has(key)) return otherwise;
    const std::string chosen = text(key);
    std::string names;
    for (const auto& [name, value] : choices) {
      if (name == chosen) return value;
      names += (names.empty() ? "\"" : ", \"") + std::string(name) + '"';
    }
    throw error(key, "\"" + chosen + "\" is not known", names);
  }

  bool is_table(std::string_view key);
  bool is_text(std::string_view key);
  TableReader table(std::string_view key);
  std::vector<TableReader> tables(std::string_view key);  // a list of tables, not empty

  void set_path(std::string path) { path_ = std::move(path); }
  void finish() const;

  // For checks of the caller's own: `allowed` says what would be right. An empty key means the table.
  WorkloadError error(std::string_view key, std::string_view reason, std::string_view allowed) const;

 private:
  const TomlNode* find(std::string_view key);
  const TomlNode& need(std::string_view key, std::string_view what);
  const TomlArray& array(std::string_view key, std::string_view what);
  std::int64_t checked_integer(std::string_view key, const TomlNode& node, std::int64_t least, std::int64_t most) const;

  const TomlNode* node_;
  const TomlTable* table_;
  std::string where_, path_;
  std::vector<std::string> asked_;  // in the order of asking, which is the order of the documentation
};

}  // namespace dictbench
