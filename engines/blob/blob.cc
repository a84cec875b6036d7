// `blob`: the whole dict is one serialised block that every write makes anew: shared-memory-dict's idea. Its layout and
// what makes it hold: docs/blob.md.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <vector>

#include "engines/blob/store.h"
#include "engines/counter.h"
#include "engines/registry.h"
#include "engines/timeout_option.h"

namespace dictbench {
namespace {

using blob::Block;
using blob::Editor;
using blob::Store;

constexpr std::size_t kLargestKey = 1 << 20;
constexpr std::size_t kLargestValue = 1 << 30;

void check_sizes(std::string_view key, std::string_view value) {
  if (key.size() > kLargestKey)
    throw Error(ErrorCode::too_large, fmt::format("blob: a key of {} bytes; at most {}", key.size(), kLargestKey));
  if (value.size() > kLargestValue)
    throw Error(ErrorCode::too_large,
                fmt::format("blob: a value of {} bytes; at most {}", value.size(), kLargestValue));
}

// What a set brings. What it frees is not counted where the new value is shorter.
void count(Store::Growth& growth, const Block& block, std::uint64_t hash, std::string_view key, std::size_t value) {
  const std::uint64_t bytes = blob::item_bytes(key.size(), value);
  const auto found = block.find(hash, key);
  if (!found) growth.items += 1;
  const std::uint64_t before = found ? found->bytes() : 0;
  growth.bytes += bytes > before ? bytes - before : 0;
}

class BlobDict final : public Dict {
 public:
  BlobDict(const std::string& segment_name, std::chrono::milliseconds timeout)
      : store_(segment_name, timeout), hash_(store_.hash()) {}

  bool get(std::string_view key, Value& out) override {
    const std::uint64_t hash = hash_(key);
    bool found = false;
    store_.read([&](const Block& block) {
      const auto item = block.find(hash, key);
      found = item.has_value();
      if (found) block.take(*item, out);
    });
    return found;
  }

  void set(std::string_view key, std::string_view value) override {
    const KeyValue item{key, value};
    set_many({&item, 1});
  }

  // One new block for all.
  void set_many(std::span<const KeyValue> items) override {
    if (items.empty()) return;
    for (const KeyValue& item : items) check_sizes(item.key, item.value);
    store_.change(
        [&](const Block& block) {
          Store::Growth growth;
          for (const KeyValue& item : items) count(growth, block, hash_(item.key), item.key, item.value.size());
          return growth;
        },
        [&](Editor& editor) {
          for (const KeyValue& item : items) editor.set(hash_(item.key), item.key, item.value);
        });
  }

  bool erase(std::string_view key) override {
    const std::uint64_t hash = hash_(key);
    bool found = false;
    store_.change(
        [&](const Block& block) -> std::optional<Store::Growth> {
          found = block.find(hash, key).has_value();
          return found ? std::optional(Store::Growth{}) : std::nullopt;
        },
        [&](Editor& editor) { editor.erase(hash, key); });
    return found;
  }

  std::int64_t add(std::string_view key, std::int64_t delta) override {
    check_sizes(key, {});
    const std::uint64_t hash = hash_(key);
    std::int64_t sum = 0;
    store_.change(
        [&](const Block& block) {
          Value value;
          const auto item = block.find(hash, key);
          if (item) block.take(*item, value);
          sum = checked_add(item ? counter_value(value.view()) : 0, delta);
          Store::Growth growth;
          count(growth, block, hash, key, CounterText(sum).view().size());
          return growth;
        },
        [&](Editor& editor) { editor.set(hash, key, CounterText(sum).view()); });
    return sum;
  }

  std::uint64_t size() override {
    std::uint64_t items = 0;
    store_.read([&](const Block& block) { items = block.items(); });
    return items;
  }

  void for_each(const Visitor& visit) override {
    const Copy copy = take();
    copy.block().for_each(visit);
  }

  std::string broken() { return take().block().broken(); }

 private:
  // The dict at one moment, in private memory.
  struct Copy {
    std::unique_ptr<char[]> memory;
    std::uint64_t bytes = 0;
    const MultilinearHash& hash;
    Block block() const { return {memory.get(), bytes, hash}; }
  };

  Copy take() {
    Copy copy{.memory = nullptr, .bytes = 0, .hash = hash_};
    store_.read([&](const Block& block) {
      const std::uint64_t bytes = std::min(block.bytes(), block.room());
      if (bytes > copy.bytes) copy.memory = std::make_unique_for_overwrite<char[]>(bytes);
      copy.bytes = bytes;
      load_words(copy.memory.get(), block.memory(), bytes);
    });
    return copy;
  }

  Store store_;
  MultilinearHash hash_;
};

class BlobEngine final : public Engine {
 public:
  BlobEngine(std::uint64_t most_bytes, std::uint64_t most_items, std::chrono::milliseconds timeout)
      : timeout_(timeout), segment_(Store::create(most_bytes, most_items)) {}

  std::unique_ptr<Dict> attach() override { return std::make_unique<BlobDict>(segment_.name(), timeout_); }
  std::string address() const override { return segment_.name(); }
  StorageBytes storage_bytes() const override {
    return {.in_use = segment_.bytes_in_use(), .length = segment_.length()};
  }
  std::vector<std::pair<std::string, std::string>> facts() const override { return {{"pages", segment_.pages_fact()}}; }
  std::optional<std::string> check_integrity() override { return BlobDict(segment_.name(), timeout_).broken(); }

 private:
  std::chrono::milliseconds timeout_;
  Segment segment_;
};

Contract contract(const Spec& spec) {
  return {.survives_killed_writer = true,
          .largest_key = kLargestKey,
          .largest_value = kLargestValue,
          .most_items = spec.get_count("items")};
}

std::unique_ptr<Engine> create(const Spec& spec, const SizeHint&) {
  std::uint64_t most = spec.get_bytes("max");
  if (most == 0) {
    const SharedMemorySpace space = shared_memory_space();
    constexpr std::uint64_t kNoLimit = std::uint64_t{64} << 30;
    most = space.total != 0 ? std::max<std::uint64_t>(space.total, 1 << 20) : kNoLimit;
  }
  return std::make_unique<BlobEngine>(most, spec.get_count("items"), timeout_of(spec));
}

}  // namespace

const EngineDescription& blob_engine() {
  static const EngineDescription description{
      .name = "blob",
      .summary = "the whole dict is one block that each write makes anew; readers take no lock",
      .options = {{.name = "items",
                   .kind = OptionKind::count,
                   .default_value = "16384",
                   .meaning = "the most keys it takes: each set copies them all",
                   .choices = {},
                   .least = 1},
                  {.name = "max",
                   .kind = OptionKind::bytes,
                   .default_value = "0",
                   .meaning = "bytes up to which its two slots grow; default: all of /dev/shm",
                   .choices = {},
                   .least = 64 << 10},
                  timeout_option("milliseconds that a writer waits for another one")},
      .contract = contract,
      .create = create,
      .attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
        return std::make_unique<BlobDict>(address, timeout_of(spec));
      },
  };
  return description;
}

}  // namespace dictbench
