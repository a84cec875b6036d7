// `lmdb`: a B+tree in a memory-mapped file, one writer at a time, readers never wait (liblmdb).
//
// Every write is one transaction; a get reuses the dict's reader slot and makes no system call. LMDB's
// write lock is a robust mutex and its pages are copied on write, so a killed writer leaves the last
// committed state. A process that is stopped (SIGSTOP) inside a write holds up writers and, while it takes or gives a
// reader slot, attaching; reads go on. The file lies in a folder of our own (`files`) and is removed with the engine.
//
// `max` limits the file. As pages are copied before they are changed, some are kept free for erase(), which so
// succeeds in a full dict too; what it frees can be written again two transactions later.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <optional>

#include "engines/counter.h"
#include "engines/lmdb/environment.h"
#include "engines/registry.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/files_place.h"
#include "engines/shm/private_directory.h"

namespace dictbench {
namespace {

// LMDB writes at most 1 GiB at once (MAX_WRITE in mdb.c); more in one value would be cut short.
constexpr std::size_t kLargestValue = std::size_t{1} << 30;
constexpr std::size_t kLargestKey = 511;  // mdb_env_get_maxkeysize() as LMDB is built by default

constexpr std::uint64_t kSmallestMap = std::uint64_t{1} << 20;

// A killed reader's snapshot keeps pages from being reused, so writers look for one this often.
constexpr unsigned kWritesPerReaderCheck = 1024;

unsigned environment_flags(const Spec& spec) {
  const std::string& sync = spec.get("sync");
  const unsigned flushing = sync == "full" ? 0 : sync == "meta" ? MDB_NOMETASYNC : MDB_NOSYNC;
  return flushing | (spec.get("writemap") == "on" ? MDB_WRITEMAP : 0);
}

// The file is sparse and grows with use, so room that is never used costs address space only.
std::uint64_t map_size(const Spec& spec) {
  if (const std::uint64_t given = spec.get_bytes("max"); given != 0) return given;
  constexpr std::uint64_t kGenerous = std::uint64_t{64} << 30;
  constexpr std::uint64_t kShareOfLimit = 4;
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kGenerous;
  return std::min<std::uint64_t>(kGenerous, limit.rlim_cur / kShareOfLimit);
}

// LMDB declares its arguments without const but writes only to those that it returns.
MDB_val to_val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view to_view(const MDB_val& val) { return {static_cast<const char*>(val.mv_data), val.mv_size}; }

void check_key(std::string_view key) {
  if (key.empty()) throw Error(ErrorCode::unsupported, "lmdb: a key has at least one byte");
  if (key.size() > kLargestKey)
    throw Error(ErrorCode::too_large, fmt::format("lmdb: a key of {} bytes; at most {}", key.size(), kLargestKey));
}

void check_value(std::string_view value) {
  if (value.size() > kLargestValue)
    throw Error(ErrorCode::too_large,
                fmt::format("lmdb: a value of {} bytes; at most {}", value.size(), kLargestValue));
}

class LmdbDict final : public Dict {
 public:
  LmdbDict(const std::string& path, unsigned flags)
      : environment_(path, flags, 0), reader_(environment_.begin(MDB_RDONLY)) {
    CRASH_POINT("lmdb.attach.slot_taken");
    mdb_txn_reset(reader_);
  }

  ~LmdbDict() override {
    if (environment_.ours()) mdb_txn_abort(reader_);
  }

  bool get(std::string_view key, Value& out) override {
    check_key(key);
    const Snapshot snapshot(*this);
    CRASH_POINT("lmdb.get.begun");
    return read(key, out);
  }

  void set(std::string_view key, std::string_view value) override {
    check_key(key);
    check_value(value);
    write([&](MDB_txn* txn) {
      return environment_.has_room(key.size() + value.size(), reader_) ? put(txn, key, value) : MDB_MAP_FULL;
    });
  }

  bool erase(std::string_view key) override {
    check_key(key);
    bool found = false;
    write([&](MDB_txn* txn) {
      MDB_val k = to_val(key);
      const int code = mdb_del(txn, environment_.table(), &k, nullptr);
      found = code == MDB_SUCCESS;
      return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
    });
    return found;
  }

  std::int64_t add(std::string_view key, std::int64_t delta) override {
    check_key(key);
    std::int64_t sum = 0;
    write([&](MDB_txn* txn) {
      MDB_val k = to_val(key);
      MDB_val old{};
      const int code = mdb_get(txn, environment_.table(), &k, &old);
      if (code != MDB_SUCCESS && code != MDB_NOTFOUND) return code;
      sum = checked_add(code == MDB_SUCCESS ? counter_value(to_view(old)) : 0, delta);
      CRASH_POINT("lmdb.add.read");
      if (code == MDB_NOTFOUND && !environment_.has_room(key.size(), reader_)) return MDB_MAP_FULL;
      return put(txn, key, CounterText(sum).view());
    });
    return sum;
  }

  std::uint64_t size() override {
    const Snapshot snapshot(*this);
    MDB_stat stat{};
    check(mdb_stat(reader_, environment_.table(), &stat), "read");
    return stat.ms_entries;
  }

  void for_each(const Visitor& visit) override { walk({}, SIZE_MAX, visit); }

  std::size_t scan(std::string_view first, std::size_t limit, const Visitor& visit) override {
    return walk(first, limit, visit);
  }

  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override {
    const Snapshot snapshot(*this);
    std::size_t hits = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      check_key(keys[i]);
      found[i] = read(keys[i], out[i]);
      hits += found[i];
    }
    return hits;
  }

  // One transaction.
  void set_many(std::span<const KeyValue> items) override {
    std::size_t bytes = 0;
    for (const KeyValue& item : items) {
      check_key(item.key);
      check_value(item.value);
      bytes += item.key.size() + item.value.size();
    }
    write([&](MDB_txn* txn) {
      int code = environment_.has_room(bytes, reader_) ? MDB_SUCCESS : MDB_MAP_FULL;
      for (auto item = items.begin(); item != items.end() && code == MDB_SUCCESS; ++item)
        code = put(txn, item->key, item->value);
      return code;
    });
  }

 private:
  // The dict's reader slot, turned to the latest committed state and given free at the end.
  class Snapshot {
   public:
    explicit Snapshot(LmdbDict& dict) : reader_(dict.reader_) { dict.environment_.renew(reader_); }
    ~Snapshot() { mdb_txn_reset(reader_); }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

   private:
    MDB_txn* reader_;
  };

  void check(int code, std::string_view action) const {
    if (code != MDB_SUCCESS) [[unlikely]]
      throw lmdb_error(code, action, environment_.path());
  }

  bool read(std::string_view key, Value& out) {
    MDB_val k = to_val(key);
    MDB_val value{};
    const int code = mdb_get(reader_, environment_.table(), &k, &value);
    if (code == MDB_NOTFOUND) return false;
    check(code, "read");
    out.assign(to_view(value));  // the page may be reused as soon as the snapshot ends
    return true;
  }

  int put(MDB_txn* txn, std::string_view key, std::string_view value) {
    MDB_val k = to_val(key);
    MDB_val v = to_val(value);
    return mdb_put(txn, environment_.table(), &k, &v, 0);
  }

  // Runs `change` in a transaction. When there is no room, once more if a dead reader held pages.
  template <typename Change>
  void write(const Change& change) {
    if (++writes_ % kWritesPerReaderCheck == 0) environment_.clear_dead_readers();
    const auto attempt = [&] {
      LmdbTransaction transaction(environment_, 0);
      CRASH_POINT("lmdb.write.begun");
      const int code = change(transaction.get());
      CRASH_POINT("lmdb.write.changed");
      return code == MDB_SUCCESS ? transaction.commit() : code;
    };
    int code = attempt();
    CRASH_POINT("lmdb.write.done");
    if (code == MDB_MAP_FULL && environment_.clear_dead_readers() > 0) code = attempt();
    check(code, "write to");
  }

  // A transaction of its own, so that the visitor may get() from this dict.
  std::size_t walk(std::string_view first, std::size_t limit, const Visitor& visit) {
    const LmdbTransaction transaction(environment_, MDB_RDONLY);
    mdb_txn_reset(transaction.get());
    environment_.renew(transaction.get());
    MDB_cursor* opened = nullptr;
    check(mdb_cursor_open(transaction.get(), environment_.table(), &opened), "read");
    const std::unique_ptr<MDB_cursor, decltype(&mdb_cursor_close)> cursor(opened, mdb_cursor_close);
    MDB_val key = to_val(first);
    MDB_val value{};
    std::size_t visited = 0;
    MDB_cursor_op step = first.empty() ? MDB_FIRST : MDB_SET_RANGE;
    while (visited < limit) {
      const int code = mdb_cursor_get(cursor.get(), &key, &value, step);
      if (code == MDB_NOTFOUND) break;
      check(code, "read");
      ++visited;
      if (!visit(to_view(key), to_view(value))) break;
      step = MDB_NEXT;
    }
    return visited;
  }

  LmdbEnvironment environment_;
  MDB_txn* reader_;
  std::uint64_t writes_ = 0;
};

class LmdbEngine final : public Engine {
 public:
  explicit LmdbEngine(const Spec& spec)
      : directory_(files_folder(spec, spec.get("sync") != "off")),
        flags_(environment_flags(spec)),
        map_size_(map_size(spec)) {
    // Made and closed again: no environment is open when the workers are forked.
    const LmdbEnvironment made(directory_.path().string(), flags_, map_size_);
  }

  std::unique_ptr<Dict> attach() override { return std::make_unique<LmdbDict>(address(), flags_); }
  std::string address() const override { return directory_.path().string(); }

  StorageBytes storage_bytes() const override {
    const FolderBytes bytes = folder_bytes(directory_.path());
    return {.in_use = bytes.in_use, .length = bytes.length};
  }

  std::vector<std::pair<std::string, std::uint64_t>> held() const override {
    return {{"reader slots", LmdbEnvironment(address(), flags_, 0, DeadReaders::keep).readers()}};
  }

  std::optional<std::string> check_integrity() override { return LmdbEnvironment(address(), flags_, 0).broken(); }

  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"pages", "4 KB"},
            {"map_bytes", fmt::to_string(map_size_)},
            {"filesystem", filesystem_name(directory_.path())}};
  }

 private:
  PrivateDirectory directory_;
  unsigned flags_;
  std::uint64_t map_size_;
};

Contract contract(const Spec& spec) {
  return {.stores = true,
          .shared_between_processes = true,
          .survives_killed_writer = true,
          .durable = spec.get("sync") == "full" && spec.get("files") != "memory",
          .consistency = Consistency::linearizable,
          .ordered = true,
          .atomic_add = true,
          .largest_key = kLargestKey,
          .largest_value = kLargestValue,
          .binary_keys = true,
          .empty_key = false,
          .lists = true,
          .needs_server = false};
}

std::string version() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  mdb_version(&major, &minor, &patch);
  return fmt::format("lmdb {}.{}.{}", major, minor, patch);
}

}  // namespace

const EngineDescription& lmdb_engine() {
  static const EngineDescription description{
      .name = "lmdb",
      .summary = "LMDB: a memory-mapped B+tree, one writer at a time, readers never wait",
      .options = {{.name = "sync",
                   .kind = OptionKind::choice,
                   .default_value = "off",
                   .meaning = "flush to the disk: never, the data at each commit (meta), or data and root (full)",
                   .choices = {"off", "meta", "full"}},
                  {.name = "writemap",
                   .kind = OptionKind::choice,
                   .default_value = "off",
                   .meaning = "on: write through the map, no system call a write; a full disk then kills by SIGBUS",
                   .choices = {"off", "on"}},
                  {.name = "max",
                   .kind = OptionKind::bytes,
                   .default_value = "0",
                   .meaning =
                       "bytes that the file may take at most; default: 64G, or a quarter of the address space limit",
                   .choices = {},
                   .least = kSmallestMap},
                  files_option()},
      .contract = contract,
      .create = [](const Spec& spec, const SizeHint&) -> std::unique_ptr<Engine> {
        return std::make_unique<LmdbEngine>(spec);
      },
      .attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
        return std::make_unique<LmdbDict>(address, environment_flags(spec));
      },
      .missing = nullptr,
      .version = version,
  };
  return description;
}

}  // namespace dictbench
