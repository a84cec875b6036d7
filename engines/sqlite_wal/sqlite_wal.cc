// `sqlite-wal`: one table in an SQLite database in WAL mode: readers do not wait for the writer, writers
// take turns. A set is one prepared statement and one transaction.
//
// A process that is stopped (SIGSTOP) inside a write holds up writers, who say `timeout`; reads go on. One stopped
// while it opens the database after a kill may hold up everybody: SQLite recovers the log then.
//
// `max` limits the database file. Its log (WAL) comes on top: about 4 MB, more while a slow reader keeps it.
#include <fmt/format.h>

#include "engines/registry.h"
#include "engines/shm/files_place.h"
#include "engines/shm/private_directory.h"
#include "engines/sqlite_wal/database_file.h"
#include "engines/sqlite_wal/dict.h"
#include "engines/timeout_option.h"

namespace dictbench {
namespace {

SqliteSettings settings(const Spec& spec) {
  return {.sync = spec.get("sync"),
          .timeout = timeout_of(spec),
          .cache_bytes = spec.get_bytes("cache"),
          .mmap_bytes = spec.get_bytes("mmap"),
          .max_bytes = spec.get_bytes("max")};
}

// SQLite's own advice for WITHOUT ROWID is rows under a twentieth of a page (sqlite.org/withoutrowid.html);
// beyond a quarter of a page, every comparison of keys there loads the whole row.
SqliteLayout layout(const Spec& spec, const SizeHint& hint) {
  constexpr std::uint64_t kShortRow = 4096 / 20;
  const std::string& given = spec.get("layout");
  if (given == "clustered") return SqliteLayout::clustered;
  if (given == "rowid") return SqliteLayout::rowid;
  return hint.key_bytes + hint.value_bytes <= kShortRow ? SqliteLayout::clustered : SqliteLayout::rowid;
}

class SqliteWalEngine final : public Engine {
 public:
  SqliteWalEngine(const Spec& spec, const SizeHint& hint)
      : file_(spec.get("path"), files_folder(spec, spec.get("sync") == "full")),
        settings_(settings(spec)),
        batch_(spec.get_count("batch")),
        layout_(layout(spec, hint)) {
    // Made and closed again: no connection is open when the workers are forked.
    SqliteConnection connection(file_.path(), settings_, SQLITE_OPEN_CREATE);
    create_sqlite_dict(connection, layout_, file_.owner());
  }

  std::unique_ptr<Dict> attach() override { return open_sqlite_dict(file_.path(), settings_, batch_); }
  std::string address() const override { return file_.path(); }
  StorageBytes storage_bytes() const override { return file_.bytes(); }
  std::optional<std::string> check_integrity() override { return check_sqlite_dict(file_.path(), settings_); }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"table_layout", layout_ == SqliteLayout::clustered ? "clustered" : "rowid"},
            {"pages", "4 KB"},
            {"filesystem", filesystem_name(file_.path())}};
  }

 private:
  SqliteDatabaseFile file_;
  SqliteSettings settings_;
  std::uint64_t batch_;
  SqliteLayout layout_;
};

Contract contract(const Spec& spec) {
  const bool batched = spec.get_count("batch") > 1;  // others do not see a set until its batch is written
  const bool in_memory = spec.get("files") == "memory" && spec.get("path").empty();
  return {.stores = true,
          .shared_between_processes = true,
          .survives_killed_writer = true,
          .durable = spec.get("sync") == "full" && !batched && !in_memory,
          .consistency = batched ? Consistency::buffered_sets : Consistency::linearizable,
          .ordered = true,
          .atomic_add = true,
          .largest_key = kSqliteLargestKey,
          .largest_value = kSqliteLargestValue,
          .binary_keys = true,
          .empty_key = true,
          .lists = true,
          .needs_server = false};
}

std::vector<OptionRule> options() {
  constexpr std::uint64_t kLargestBatch = 1'000'000;
  constexpr std::uint64_t kSmallestCache = 64 << 10;
  constexpr std::uint64_t kSmallestFile = 64 << 10;  // the tables' roots and some rows
  return {
      {.name = "sync",
       .kind = OptionKind::choice,
       .default_value = "normal",
       .meaning = "PRAGMA synchronous: flush never, at checkpoints (a power cut may lose the last writes), at commits",
       .choices = {"off", "normal", "full"}},
      {.name = "batch",
       .kind = OptionKind::count,
       .default_value = "1",
       .meaning = "sets of one process that make one transaction; others see them when it is complete",
       .choices = {},
       .least = 1,
       .most = kLargestBatch},
      timeout_option("milliseconds to wait for another process's lock"),
      {.name = "layout",
       .kind = OptionKind::choice,
       .default_value = "auto",
       .meaning = "table by key (clustered), or by number with an index (rowid); auto: clustered for short values",
       .choices = {"auto", "clustered", "rowid"}},
      {.name = "path",
       .kind = OptionKind::text,
       .default_value = "",
       .meaning = "the database file, made new and removed at the end; default: in a folder of our own (`files`)",
       .choices = {}},
      {.name = "cache",
       .kind = OptionKind::bytes,
       .default_value = "2M",
       .meaning = "page cache of each process",
       .choices = {},
       .least = kSmallestCache},
      {.name = "mmap",
       .kind = OptionKind::bytes,
       .default_value = "1G",
       .meaning = "read the file through a map of up to this size (0: none): twice as quick for 1 MiB values",
       .choices = {}},
      {.name = "max",
       .kind = OptionKind::bytes,
       .default_value = "0",
       .meaning = "bytes that the database file may take at most, its log not counted; 0: no limit",
       .choices = {},
       .least = kSmallestFile},
      files_option(),
  };
}

}  // namespace

const EngineDescription& sqlite_wal_engine() {
  static const EngineDescription description{
      .name = "sqlite-wal",
      .summary = "SQLite with a write-ahead log: an SQL table, one writer at a time",
      .options = options(),
      .contract = contract,
      .create = [](const Spec& spec, const SizeHint& hint) -> std::unique_ptr<Engine> {
        return std::make_unique<SqliteWalEngine>(spec, hint);
      },
      .attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
        return open_sqlite_dict(address, settings(spec), spec.get_count("batch"));
      },
      .missing = nullptr,
      .version = [] { return fmt::format("sqlite {}", sqlite3_libversion()); },
  };
  return description;
}

}  // namespace dictbench
