// `boost-map`: an ordered map in shared memory from Boost's parts, with a lock that survives its holders:
// what a program gets that takes Boost.Interprocess off the shelf and uses it rightly.
//
// A process that is stopped (SIGSTOP) inside an operation holds up writers, and readers while a writer waits or writes;
// they say `timeout`. Attaching waits for nobody.
#include <fmt/format.h>

#include <algorithm>
#include <boost/version.hpp>
#include <chrono>

#include "engines/boost_map/map.h"
#include "engines/registry.h"
#include "engines/timeout_option.h"

namespace dictbench {
namespace {

using boost_map::SharedMap;
using boost_map::Sizes;
using boost_map::view;

class BoostMapDict final : public Dict {
 public:
  BoostMapDict(const std::string& segment_name, std::chrono::milliseconds timeout)
      : map_(segment_name), timeout_(timeout) {}

  bool get(std::string_view key, Value& out) override {
    const SharedGuard guard(map_.lock(), timeout_);
    map_.check_whole();
    return find(key, out);
  }

  void set(std::string_view key, std::string_view value) override {
    const ExclusiveGuard guard(map_.lock(), timeout_);
    map_.check_whole();
    map_.set(key, value);
  }

  bool erase(std::string_view key) override {
    const ExclusiveGuard guard(map_.lock(), timeout_);
    map_.check_whole();
    return map_.erase(key);
  }

  std::int64_t add(std::string_view key, std::int64_t delta) override {
    const ExclusiveGuard guard(map_.lock(), timeout_);
    map_.check_whole();
    return map_.add(key, delta);
  }

  std::uint64_t size() override {
    const SharedGuard guard(map_.lock(), timeout_);
    map_.check_whole();
    return map_.map().size();
  }

  void for_each(const Visitor& visit) override {
    const SharedGuard guard(map_.lock(), timeout_);
    map_.check_whole();
    for (const auto& [key, value] : map_.map())
      if (!visit(view(key), view(value))) return;
  }

  std::size_t scan(std::string_view first, std::size_t limit, const Visitor& visit) override {
    const SharedGuard guard(map_.lock(), timeout_);
    map_.check_whole();
    std::size_t visited = 0;
    for (auto at = map_.map().lower_bound(first); at != map_.map().end() && visited < limit; ++at) {
      ++visited;
      if (!visit(view(at->first), view(at->second))) break;
    }
    return visited;
  }

  // The lock is taken once a batch.
  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override {
    const SharedGuard guard(map_.lock(), timeout_);
    map_.check_whole();
    std::size_t hits = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      found[i] = find(keys[i], out[i]);
      hits += found[i];
    }
    return hits;
  }

  void set_many(std::span<const KeyValue> items) override {
    const ExclusiveGuard guard(map_.lock(), timeout_);
    map_.check_whole();
    for (const KeyValue& item : items) map_.set(item.key, item.value);
  }

 private:
  bool find(std::string_view key, Value& out) const {
    const boost_map::String* const stored = map_.find(key);
    if (stored == nullptr) return false;
    out.assign(view(*stored));
    return true;
  }

  SharedMap map_;
  std::chrono::milliseconds timeout_;
};

class BoostMapEngine final : public Engine {
 public:
  BoostMapEngine(const Sizes& sizes, RwLockHandle::Readers readers, std::chrono::milliseconds timeout)
      : most_(sizes.most), timeout_(timeout), segment_(SharedMap::create(sizes, readers)) {}

  std::unique_ptr<Dict> attach() override { return std::make_unique<BoostMapDict>(segment_.name(), timeout_); }
  std::string address() const override { return segment_.name(); }
  StorageBytes storage_bytes() const override {
    return {.in_use = segment_.bytes_in_use(), .length = segment_.length()};
  }
  std::vector<std::pair<std::string, std::uint64_t>> held() const override {
    return {{"reader slots", SharedMap::readers(segment_)}};
  }
  std::optional<std::string> check_integrity() override {
    SharedMap map(segment_.name());
    const SharedGuard guard(map.lock(), timeout_);
    return map.broken();
  }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"pages", segment_.pages_fact()},
            {"max_bytes", fmt::format("{}", most_)},
            {"committed_bytes", fmt::format("{}", segment_.committed())}};
  }

 private:
  std::uint64_t most_;
  std::chrono::milliseconds timeout_;
  Segment segment_;
};

Contract contract(const Spec&) {
  return {.survives_killed_writer = false,
          .ordered = true,
          .largest_key = boost_map::kLargestKey,
          .largest_value = boost_map::kLargestValue};
}

std::unique_ptr<Engine> create(const Spec& spec, const SizeHint&) {
  constexpr std::uint64_t kStart = 1 << 20;  // where size= does not say: some thousand small items
  std::uint64_t most = spec.get_bytes("max");
  std::uint64_t initial = spec.get_bytes("size");
  if (most == 0) most = std::max(most_shared_memory(), initial);
  if (initial > most) throw SpecError(fmt::format("engine boost-map: size={} is more than max={}", initial, most));
  if (initial == 0) initial = std::min(kStart, most);
  const auto readers = spec.get("lock") == "rw" ? RwLockHandle::Readers::share : RwLockHandle::Readers::exclude;
  return std::make_unique<BoostMapEngine>(Sizes{.initial = initial, .most = most}, readers, timeout_of(spec));
}

}  // namespace

const EngineDescription& boost_map_engine() {
  constexpr std::uint64_t kLeastSize = 64 << 10;  // the lock's slots and a few items
  static const EngineDescription description{
      .name = "boost-map",
      .summary = "Boost.Interprocess map in a shared-memory segment under a robust reader-writer lock",
      .options = {{.name = "lock",
                   .kind = OptionKind::choice,
                   .default_value = "rw",
                   .meaning = "readers share (rw), or everybody takes one mutex",
                   .choices = {"rw", "mutex"}},
                  {.name = "size",
                   .kind = OptionKind::bytes,
                   .default_value = "0",
                   .meaning = "bytes allocated at the start; default: 1M, or max",
                   .choices = {},
                   .least = kLeastSize},
                  {.name = "max",
                   .kind = OptionKind::bytes,
                   .default_value = "0",
                   .meaning = "bytes up to which it grows; default: all of /dev/shm",
                   .choices = {},
                   .least = kLeastSize},
                  timeout_option("milliseconds that a process waits for others' operations")},
      .contract = contract,
      .create = create,
      .attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
        return std::make_unique<BoostMapDict>(address, timeout_of(spec));
      },
      .version =
          [] {
            return fmt::format("Boost {}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                               BOOST_VERSION % 100);
          },
  };
  return description;
}

}  // namespace dictbench
