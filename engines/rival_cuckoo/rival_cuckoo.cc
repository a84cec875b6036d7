// `rival-cuckoo`: libcuckoo's concurrent hash table in the process's own memory, for threads. Not shared between
// processes: a yardstick for tables that are.
//
// All its functions take any type of key that hash and equality take, so nothing but the insert of a new key makes a
// std::string. find_fn() and upsert() run under the bucket's locks, which saves a copy.
#include <libcuckoo/cuckoohash_map.hh>
#include <new>
#include <utility>
#include <vector>

#include "engines/counter.h"
#include "engines/in_process/string_table.h"
#include "engines/in_process/table_engine.h"

namespace dictbench {
namespace {

constexpr const char* kName = "rival-cuckoo";

using Table = libcuckoo::cuckoohash_map<PooledString, PooledString, StringHash, std::equal_to<>,
                                        HugePageAllocator<std::pair<const PooledString, PooledString>>>;

class CuckooDict final : public Dict {
 public:
  explicit CuckooDict(std::shared_ptr<Table> table) : table_(std::move(table)) {}

  bool get(std::string_view key, Value& out) override {
    return table_->find_fn(key, [&out](const PooledString& value) { copy_out(value, out); });
  }

  void set(std::string_view key, std::string_view value) override try {
    table_->upsert(
        key, [value](PooledString& old) { old.assign(value); }, value);
  } catch (const std::bad_alloc&) {
    throw process_is_full(kName);
  }

  bool erase(std::string_view key) override { return table_->erase(key); }

  std::int64_t add(std::string_view key, std::int64_t delta) override try {
    std::int64_t sum = delta;
    const auto count_on = [&sum, delta](PooledString& text) {
      sum = checked_add(counter_value(text), delta);
      text.assign(CounterText(sum).view());
    };
    table_->upsert(key, count_on, CounterText(delta).view());
    return sum;
  } catch (const std::bad_alloc&) {
    throw process_is_full(kName);
  }

  std::uint64_t size() override { return table_->size(); }

  // Of a copy: while the table is locked for a walk, not even a get of the visitor's own gets through.
  void for_each(const Visitor& visit) override {
    std::vector<std::pair<PooledString, PooledString>> all;
    {
      const auto locked = table_->lock_table();
      all.assign(locked.begin(), locked.end());
    }
    for (const auto& [key, value] : all)
      if (!visit(key, value)) return;
  }

 private:
  std::shared_ptr<Table> table_;
};

// As its documentation makes one: with room for 262,144 keys. A smaller one may die of SIGSEGV when several threads
// fill it: libcuckoo 0.3 then also grows its array of locks, which others read meanwhile.
std::shared_ptr<Table> empty_table() { return std::make_shared<Table>(); }

}  // namespace

const EngineDescription& rival_cuckoo_engine() {
  static const EngineDescription description{
      .name = kName,
      .summary = "libcuckoo's cuckoohash_map in one process, shared by its threads only: a yardstick",
      .options = {},
      .contract = [](const Spec&) { return thread_table_contract(); },
      .create = [](const Spec&, const SizeHint&) -> std::unique_ptr<Engine> {
        return std::make_unique<TableEngine<Table, CuckooDict>>(kName, empty_table());
      },
      .attach = [](const Spec&, const std::string&) -> std::unique_ptr<Dict> {
        return std::make_unique<CuckooDict>(empty_table());
      },
      .version = [] { return std::string("libcuckoo " DICTBENCH_LIBCUCKOO_VERSION); },
  };
  return description;
}

}  // namespace dictbench
