// `rival-tbb`: oneTBB's concurrent_hash_map in the process's own memory, for threads. Not shared between processes: a
// yardstick for tables that are.
//
// The transparent HashCompare lets it look keys up without making a std::string. A value is reached through an
// accessor, which holds the item's lock: for reading a const_accessor, so that readers of one key do not keep each
// other out.
#include <fmt/format.h>
#include <oneapi/tbb/concurrent_hash_map.h>
#include <oneapi/tbb/version.h>

#include <new>
#include <utility>

#include "engines/counter.h"
#include "engines/in_process/string_table.h"
#include "engines/in_process/table_engine.h"

namespace dictbench {
namespace {

constexpr const char* kName = "rival-tbb";

struct HashCompare {
  using is_transparent = void;
  std::size_t hash(std::string_view key) const noexcept { return StringHash()(key); }
  bool equal(std::string_view one, std::string_view other) const noexcept { return one == other; }
};

using Table = tbb::concurrent_hash_map<PooledString, PooledString, HashCompare,
                                       HugePageAllocator<std::pair<const PooledString, PooledString>>>;

class TbbDict final : public Dict {
 public:
  explicit TbbDict(std::shared_ptr<Table> table) : table_(std::move(table)) {}

  bool get(std::string_view key, Value& out) override {
    Table::const_accessor found;
    if (!table_->find(found, key)) return false;
    copy_out(found->second, out);
    return true;
  }

  void set(std::string_view key, std::string_view value) override try {
    Table::accessor place;
    table_->insert(place, key);
    place->second.assign(value);
  } catch (const std::bad_alloc&) {
    throw process_is_full(kName);
  }

  bool erase(std::string_view key) override { return table_->erase(key); }

  std::int64_t add(std::string_view key, std::int64_t delta) override try {
    Table::accessor place;
    const bool fresh = table_->insert(place, key);
    const std::int64_t sum = checked_add(fresh ? 0 : counter_value(place->second), delta);
    place->second.assign(CounterText(sum).view());
    return sum;
  } catch (const std::bad_alloc&) {
    throw process_is_full(kName);
  }

  std::uint64_t size() override { return table_->size(); }

  void for_each(const Visitor&) override {
    throw Error(ErrorCode::unsupported,
                "rival-tbb: oneTBB's table cannot be walked while others write; get keys by name");
  }

 private:
  std::shared_ptr<Table> table_;
};

Contract contract(const Spec&) {
  Contract contract = thread_table_contract();
  contract.lists = false;
  return contract;
}

}  // namespace

const EngineDescription& rival_tbb_engine() {
  static const EngineDescription description{
      .name = kName,
      .summary = "oneTBB's concurrent_hash_map in one process, shared by its threads only: a yardstick",
      .options = {},
      .contract = contract,
      .create = [](const Spec&, const SizeHint&) -> std::unique_ptr<Engine> {
        return std::make_unique<TableEngine<Table, TbbDict>>(kName, std::make_shared<Table>());
      },
      .attach = [](const Spec&, const std::string&) -> std::unique_ptr<Dict> {
        return std::make_unique<TbbDict>(std::make_shared<Table>());
      },
      .version = [] { return fmt::format("oneTBB {}", TBB_runtime_version()); },
  };
  return description;
}

}  // namespace dictbench
