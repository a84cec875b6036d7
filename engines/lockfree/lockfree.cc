// `lockfree`: a hash table in shared memory in which no operation waits for another process (docs/lockfree.md).
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <new>

#include "engines/counter.h"
#include "engines/lockfree/audit.h"
#include "engines/lockfree/block.h"
#include "engines/lockfree/create.h"
#include "engines/lockfree/index.h"
#include "engines/lockfree/owner.h"
#include "engines/registry.h"

namespace dictbench {
namespace {

using lockfree::Space;

class LockfreeDict final : public Dict {
 public:
  explicit LockfreeDict(const std::string& segment_name)
      : segment_(lockfree::open(segment_name)),
        space_(segment_),
        arena_(space_),
        blocks_(space_, arena_.index()),
        index_(space_, blocks_) {}

  static std::unique_ptr<Dict> attach(const std::string& segment_name) try {
    return std::make_unique<LockfreeDict>(segment_name);
  } catch (const std::bad_alloc&) {
    throw no_memory();
  }

  bool get(std::string_view key, Value& out) override try {
    return index_.get(key, out);
  } catch (const std::bad_alloc&) {
    throw no_memory();
  }

  void set(std::string_view key, std::string_view value) override try {
    check(key, value.size());
    index_.set(key, value);
  } catch (const std::bad_alloc&) {
    throw no_memory();
  }

  bool erase(std::string_view key) override try { return index_.erase(key); } catch (const std::bad_alloc&) {
    throw no_memory();
  }

  std::int64_t add(std::string_view key, std::int64_t delta) override try {
    check(key, 0);
    std::int64_t sum = 0;
    CounterText text(0);
    index_.update(key, [&](std::optional<std::string_view> value) {
      sum = checked_add(value ? counter_value(*value) : 0, delta);
      text = CounterText(sum);
      return text.view();
    });
    return sum;
  } catch (const std::bad_alloc&) {
    throw no_memory();
  }

  std::uint64_t size() override { return index_.size(); }

  void for_each(const Visitor& visit) override {
    bool more = true;
    for (std::uint64_t at = 0; more && at < space_.root().partitions; ++at)
      for (const auto& [key, value] : items_of(at)) more = more && visit(key, value);
  }

  void set_many(std::span<const KeyValue> items) override try {
    for (const KeyValue& item : items) check(item.key, item.value.size());
    index_.set_many(items);
  } catch (const std::bad_alloc&) {
    throw no_memory();
  }

  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override
      try {
    return index_.get_many(keys, out, found);
  } catch (const std::bad_alloc&) {
    throw no_memory();
  }

 private:
  lockfree::Index::Items items_of(std::uint64_t partition) try {
    return index_.items_of(partition);
  } catch (const std::bad_alloc&) {
    throw no_memory();
  }

  static Error no_memory() { return {ErrorCode::full, "lockfree: the process has no memory left; see `ulimit -v`"}; }

  static void check(std::string_view key, std::size_t value) {
    if (key.size() > lockfree::kLongestKey)
      throw Error(ErrorCode::too_large,
                  fmt::format("lockfree: a key of {} bytes; at most {}", key.size(), lockfree::kLongestKey));
    if (value > lockfree::kLongestValue)
      throw Error(ErrorCode::too_large,
                  fmt::format("lockfree: a value of {} bytes; at most {}", value, lockfree::kLongestValue));
  }

  Segment segment_;
  Space space_;
  lockfree::ClaimedArena arena_;
  lockfree::Blocks blocks_;
  lockfree::Index index_;
};

class LockfreeEngine final : public Engine {
 public:
  explicit LockfreeEngine(const lockfree::Sizes& sizes) : segment_(lockfree::create(sizes)), space_(segment_) {}

  std::unique_ptr<Dict> attach() override { return LockfreeDict::attach(segment_.name()); }
  std::string address() const override { return segment_.name(); }
  StorageBytes storage_bytes() const override {
    return {.in_use = segment_.bytes_in_use(), .length = segment_.length()};
  }
  std::vector<std::pair<std::string, std::uint64_t>> held() const override {
    return {{"arenas", lockfree::arenas_in_use(space_)}};
  }
  std::optional<std::string> check_integrity() override { return lockfree::broken(space_); }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    if (!space_.root().wants_huge) return {{"pages", "4 KB: asked for by pages=4k"}};
    const std::uint64_t huge = space_.root().huge.load(), bytes = huge * kHugePageBytes;
    return {{"pages", huge == 0 ? "4 KB: no 2 MB page was granted"
                                : fmt::format("2 MB: {} granted, {} of {} KiB", huge, bytes >> 10,
                                              segment_.bytes_in_use() >> 10)}};
  }

 private:
  Segment segment_;
  Space space_;
};

Contract contract(const Spec&) {
  return {.survives_killed_writer = true,
          .survives_stopped_process = true,
          .largest_key = lockfree::kLongestKey,
          .largest_value = lockfree::kLongestValue};
}

std::unique_ptr<Engine> create(const Spec& spec, const SizeHint&) {
  std::uint64_t most = spec.get_bytes("max");
  if (most == 0) most = most_shared_memory();
  return std::make_unique<LockfreeEngine>(lockfree::Sizes{.max = most,
                                                          .items = spec.get_count("items"),
                                                          .partitions = spec.get_count("partitions"),
                                                          .huge_pages = spec.get("pages") == "2m",
                                                          .hasher = {KeyHash::of(spec)}});
}

}  // namespace

const EngineDescription& lockfree_engine() {
  static const EngineDescription description{
      .name = "lockfree",
      .summary = "hash table in a shared-memory segment in which nobody waits for anybody",
      .options = {{.name = "max",
                   .kind = OptionKind::bytes,
                   .default_value = "0",
                   .meaning = "bytes up to which it grows; default: all of /dev/shm",
                   .choices = {},
                   .least = 1 << 20},
                  {.name = "items",
                   .kind = OptionKind::count,
                   .default_value = "0",
                   .meaning = "items for which the tables are made at the start; default: they grow from nothing",
                   .choices = {}},
                  {.name = "partitions",
                   .kind = OptionKind::count,
                   .default_value = "1024",
                   .meaning = "tables that grow each on its own, a power of two from 1 to 65536",
                   .choices = {}},
                  {.name = "pages",
                   .kind = OptionKind::choice,
                   .default_value = "2m",
                   .meaning = "2m: pages of 2 MB where the system grants them; 4k: none",
                   .choices = {"2m", "4k"}},
                  KeyHash::option()},
      .contract = contract,
      .create = create,
      .attach = [](const Spec&, const std::string& address) -> std::unique_ptr<Dict> {
        return LockfreeDict::attach(address);
      },
      .version =
          [] { return fmt::format("xxHash {}.{}.{}", XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE); },
  };
  return description;
}

}  // namespace dictbench
