#include "harness/torture/inventory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>

#include "engines/shm/private_directory.h"
#include "engines/shm/process_identity.h"

namespace dictbench::torture {
namespace {

namespace fs = std::filesystem;

std::set<std::string> names_of_ours() {
  const std::string prefix = fmt::format("{}{}.", own_name_prefix(), ProcessIdentity::self().text());
  std::set<std::string> names;
  for (const fs::path& folder : own_folders()) {
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
      if (entry->path().filename().native().starts_with(prefix)) names.insert(entry->path().string());
  }
  return names;
}

std::size_t open_descriptors() {
  std::error_code error;
  const fs::directory_iterator open("/proc/self/fd", error);
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

}  // namespace

Inventory Inventory::take() {
  Inventory inventory;
  inventory.names_ = fmt::format("{}", fmt::join(names_of_ours(), " "));
  std::ifstream children(fmt::format("/proc/self/task/{}/children", gettid()));
  std::getline(children, inventory.children_);
  inventory.descriptors_ = open_descriptors();
  return inventory;
}

std::string Inventory::more_than(const Inventory& before) const {
  if (names_ != before.names_) return fmt::format("left over: {}", names_);
  if (children_ != before.children_) return fmt::format("left over: processes {}", children_);
  if (descriptors_ > before.descriptors_)
    return fmt::format("left over: {} open file descriptors of the driver, before there were {}", descriptors_,
                       before.descriptors_);
  return {};
}

}  // namespace dictbench::torture
