// An engine whose dicts are all one table of this process, for tables that threads can share and processes cannot.
//
// A process that forks after making the engine and attaches in the child has a table of its own there: a copy of
// what the table held at the fork, as a rule nothing. The table lives as long as the engine or one of its dicts.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engines/in_process/huge_page_pool.h"
#include "engines/registry.h"

namespace dictbench {

// TableDict is a Dict made from std::shared_ptr<Table>; any number of them, one a thread, at once.
template <typename Table, typename TableDict>
class TableEngine final : public Engine {
 public:
  TableEngine(std::string name, std::shared_ptr<Table> table) : name_(std::move(name)), table_(std::move(table)) {}

  std::unique_ptr<Dict> attach() override { return std::make_unique<TableDict>(table_); }
  std::string address() const override { return name_; }
  std::vector<std::pair<std::string, std::string>> facts() const override { return {{"pages", private_pages()}}; }

 private:
  std::string name_;
  std::shared_ptr<Table> table_;
};

// What such a table promises: to processes nothing, each has its own; to threads everything.
inline Contract thread_table_contract() {
  return {.shared_between_processes = false,
          .shared_between_threads = true,
          .survives_killed_writer = true,
          .survives_stopped_process = true,
          .consistency = Consistency::none,
          .largest_key = std::numeric_limits<std::ptrdiff_t>::max(),
          .largest_value = std::numeric_limits<std::ptrdiff_t>::max()};
}

}  // namespace dictbench
