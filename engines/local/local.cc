// `local`: absl::flat_hash_map in the process's own memory. Not shared: the ceiling that a private
// dict sets, against which sharing is measured.
#include <absl/base/config.h>
#include <fmt/format.h>

#include <limits>
#include <new>
#include <string>

#include "engines/counter.h"
#include "engines/in_process/flat_map.h"
#include "engines/registry.h"

namespace dictbench {
namespace {

class LocalDict final : public Dict {
 public:
  bool get(std::string_view key, Value& out) override {
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    copy_out(found->second, out);
    return true;
  }

  void set(std::string_view key, std::string_view value) override try {
    const auto [at, inserted] = map_.try_emplace(key, value);
    if (!inserted) at->second.assign(value);
  } catch (const std::bad_alloc&) {
    throw process_is_full("local");
  }

  bool erase(std::string_view key) override { return map_.erase(key) != 0; }

  std::int64_t add(std::string_view key, std::int64_t delta) override try {
    const auto found = map_.find(key);
    const std::int64_t before = found == map_.end() ? 0 : counter_value(found->second);
    const std::int64_t sum = checked_add(before, delta);
    const CounterText text(sum);
    if (found == map_.end())
      map_.emplace(key, text.view());
    else
      found->second.assign(text.view());
    return sum;
  } catch (const std::bad_alloc&) {
    throw process_is_full("local");
  }

  std::uint64_t size() override { return map_.size(); }

  void for_each(const Visitor& visit) override {
    for (const auto& [key, value] : map_)
      if (!visit(key, value)) return;
  }

 private:
  FlatMap map_;
};

class LocalEngine final : public Engine {
 public:
  std::unique_ptr<Dict> attach() override { return std::make_unique<LocalDict>(); }
  std::string address() const override { return "local"; }
  std::vector<std::pair<std::string, std::string>> facts() const override { return {{"pages", private_pages()}}; }
};

Contract contract(const Spec&) {
  return {.shared_between_processes = false,
          .survives_killed_writer = true,
          .survives_stopped_process = true,
          .consistency = Consistency::none,
          .largest_key = std::numeric_limits<std::ptrdiff_t>::max(),
          .largest_value = std::numeric_limits<std::ptrdiff_t>::max()};
}

}  // namespace

const EngineDescription& local_engine() {
  static const EngineDescription description{
      .name = "local",
      .summary = "absl::flat_hash_map in each process's own memory, not shared: the ceiling a private dict sets",
      .options = {},
      .contract = contract,
      .create = [](const Spec&, const SizeHint&) -> std::unique_ptr<Engine> { return std::make_unique<LocalEngine>(); },
      .attach = [](const Spec&, const std::string&) -> std::unique_ptr<Dict> { return std::make_unique<LocalDict>(); },
      .version = [] { return fmt::format("abseil {}", ABSL_LTS_RELEASE_VERSION); },
  };
  return description;
}

}  // namespace dictbench
