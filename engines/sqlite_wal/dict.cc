#include "engines/sqlite_wal/dict.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "engines/counter.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/ownership.h"
#include "engines/sqlite_wal/waiting_sets.h"

namespace dictbench {
namespace {

// More than this is written before the batch is complete, so that large values do not fill the memory.
constexpr std::size_t kMostWaitingBytes = std::size_t{16} << 20;

class SqliteDict final : public Dict {
 public:
  SqliteDict(const std::string& path, const SqliteSettings& settings, std::uint64_t batch)
      : connection_(path, settings, 0), batch_(batch) {
    check_ours(path);
    sqlite3_create_function_v2(connection_.get(), "counter_sum", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY, this, counter_sum,
                               nullptr, nullptr, nullptr);
    get_ = connection_.prepare("SELECT value FROM dict WHERE key = ?1");
    set_ = connection_.prepare(
        "INSERT INTO dict(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value");
    erase_ = connection_.prepare("DELETE FROM dict WHERE key = ?1");
    add_ = connection_.prepare(
        "INSERT INTO dict(key, value) VALUES(?1, counter_sum(NULL, ?2))"
        " ON CONFLICT(key) DO UPDATE SET value = counter_sum(value, ?2) RETURNING value");
    size_ = connection_.prepare("SELECT COUNT(*) FROM dict");
    begin_ = connection_.prepare("BEGIN IMMEDIATE");
    commit_ = connection_.prepare("COMMIT");
    begin_reading_ = connection_.prepare("BEGIN");
  }

  ~SqliteDict() override {
    if (!connection_.ours()) {  // in a forked child: finalizing would touch the parent's connection
      for (SqliteStatement* statement : {&get_, &set_, &erase_, &add_, &size_, &begin_, &commit_, &begin_reading_})
        static_cast<void>(statement->release());
      return;
    }
    try {
      write_waiting();
    } catch (const Error& error) {
      fmt::print(stderr, "{} writes are lost: {}\n", waiting_.count(), error.what());
    }
  }

  bool get(std::string_view key, Value& out) override {
    check_key(key);
    write_waiting();
    return read(key, out);
  }

  void set(std::string_view key, std::string_view value) override {
    check_key(key);
    check_value(value);
    if (batch_ == 1 || (full_ && waiting_.count() == 0)) {
      put(key, value);
      full_ = false;
      CRASH_POINT("sqlite-wal.set.done");
      connection_.checkpoint_if_due();
      return;
    }
    waiting_.push(key, value);
    if (waiting_.count() < batch_ && waiting_.bytes() < kMostWaitingBytes) return;
    try {
      write_batch();
    } catch (const Error&) {
      waiting_.pop();  // refused; the others were accepted and wait on
      throw;
    }
  }

  bool erase(std::string_view key) override {
    check_key(key);
    write_waiting();
    bool found = false;
    {
      SqliteUse statement(erase_);
      statement.bind(1, key);
      connection_.step(statement.get());
      found = sqlite3_changes(connection_.get()) != 0;
    }
    CRASH_POINT("sqlite-wal.erase.done");
    connection_.checkpoint_if_due();
    return found;
  }

  std::int64_t add(std::string_view key, std::int64_t delta) override {
    check_key(key);
    write_waiting();
    refusal_.reset();
    std::int64_t sum = 0;
    try {
      SqliteUse statement(add_);
      statement.bind(1, key);
      statement.bind(2, delta);
      connection_.step(statement.get());
      sum = counter_value(statement.column(0));
      CRASH_POINT("sqlite-wal.add.changed");
      connection_.step(statement.get());  // to the end, which commits
    } catch (const Error&) {
      if (refusal_) throw *refusal_;
      throw;
    }
    connection_.checkpoint_if_due();
    return sum;
  }

  std::uint64_t size() override {
    write_waiting();
    const SqliteUse statement(size_);
    connection_.step(statement.get());
    return static_cast<std::uint64_t>(sqlite3_column_int64(statement.get(), 0));
  }

  void for_each(const Visitor& visit) override {
    write_waiting();
    walk({}, SIZE_MAX, visit);
  }

  std::size_t scan(std::string_view first, std::size_t limit, const Visitor& visit) override {
    write_waiting();
    return walk(first, limit, visit);
  }

  // In one read transaction, which saves two lock calls a key.
  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override {
    for (const std::string_view key : keys) check_key(key);
    write_waiting();
    std::size_t hits = 0;
    in_transaction(begin_reading_, [&] {
      for (std::size_t i = 0; i < keys.size(); ++i) hits += found[i] = read(keys[i], out[i]);
    });
    return hits;
  }

  // One transaction.
  void set_many(std::span<const KeyValue> items) override {
    for (const KeyValue& item : items) {
      check_key(item.key);
      check_value(item.value);
    }
    write_waiting();
    in_transaction(begin_, [&] {
      for (const KeyValue& item : items) put(item.key, item.value);
    });
    connection_.checkpoint_if_due();
  }

 private:
  static void check_key(std::string_view key) {
    if (key.size() > kSqliteLargestKey)
      throw Error(ErrorCode::too_large,
                  fmt::format("sqlite-wal: a key of {} bytes; at most {}", key.size(), kSqliteLargestKey));
  }

  static void check_value(std::string_view value) {
    if (value.size() > kSqliteLargestValue)
      throw Error(ErrorCode::too_large,
                  fmt::format("sqlite-wal: a value of {} bytes; at most {}", value.size(), kSqliteLargestValue));
  }

  void check_ours(const std::string& path) {
    const SqliteStatement statement = connection_.prepare("PRAGMA application_id");
    if (!connection_.step(statement.get()) || sqlite3_column_int(statement.get(), 0) != kSqliteApplicationId)
      throw Error(ErrorCode::unavailable, fmt::format("sqlite-wal: {} is no dict; give the address of one", path));
  }

  // SQL function counter_sum(old value or NULL, delta), so that add() is one atomic statement.
  static void counter_sum(sqlite3_context* context, int, sqlite3_value** arguments) {
    auto& dict = *static_cast<SqliteDict*>(sqlite3_user_data(context));
    try {
      std::int64_t old = 0;
      if (sqlite3_value_type(arguments[0]) != SQLITE_NULL) {
        const void* const bytes = sqlite3_value_blob(arguments[0]);
        const auto size = static_cast<std::size_t>(sqlite3_value_bytes(arguments[0]));
        old = counter_value({static_cast<const char*>(bytes), size});
      }
      CRASH_POINT("sqlite-wal.add.read");
      const CounterText sum(checked_add(old, sqlite3_value_int64(arguments[1])));
      sqlite3_result_blob64(context, sum.view().data(), sum.view().size(), SQLITE_TRANSIENT);
    } catch (const Error& error) {
      dict.refusal_ = error;
      sqlite3_result_error(context, error.what(), -1);
    }
  }

  bool read(std::string_view key, Value& out) {
    SqliteUse statement(get_);
    statement.bind(1, key);
    if (!connection_.step(statement.get())) return false;
    out.assign(statement.column(0));
    return true;
  }

  void put(std::string_view key, std::string_view value) {
    SqliteUse statement(set_);
    statement.bind(1, key);
    statement.bind(2, value);
    connection_.step(statement.get());
  }

  // Everything that waits must be written before the dict is looked at or changed otherwise. Accepted sets are not
  // refused after the fact: they may go beyond `max` once, by one batch; then each set is written at once until one
  // fits.
  void write_waiting() {
    if (waiting_.count() == 0) return;
    try {
      write_batch();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full) throw;
      full_ = true;
      connection_.beyond_max([this] { write_batch(); });
    }
  }

  void write_batch() {
    in_transaction(begin_, [&] { waiting_.for_each([&](auto key, auto value) { put(key, value); }); });
    waiting_.clear();
    connection_.checkpoint_if_due();
  }

  template <typename Body>
  void in_transaction(const SqliteStatement& begin, const Body& body) {
    connection_.step(SqliteUse(begin).get());
    CRASH_POINT("sqlite-wal.transaction.begun");
    try {
      body();
      CRASH_POINT("sqlite-wal.transaction.changed");
      connection_.step(SqliteUse(commit_).get());
      CRASH_POINT("sqlite-wal.transaction.committed");
    } catch (...) {
      // SQLite may have rolled back by itself (a full disk); a second time is then refused, which is fine.
      sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }

  // A statement of its own, so that the visitor may get() or walk this dict.
  std::size_t walk(std::string_view first, std::size_t limit, const Visitor& visit) {
    const SqliteStatement walking = connection_.prepare("SELECT key, value FROM dict WHERE key >= ?1 ORDER BY key");
    SqliteUse statement(walking);
    statement.bind(1, first);
    std::size_t visited = 0;
    while (visited < limit && connection_.step(statement.get())) {
      ++visited;
      if (!visit(statement.column(0), statement.column(1))) break;
    }
    return visited;
  }

  SqliteConnection connection_;
  std::uint64_t batch_;
  WaitingSets waiting_;
  bool full_ = false;             // accepted sets went beyond `max`
  std::optional<Error> refusal_;  // why counter_sum failed
  SqliteStatement get_{nullptr, sqlite3_finalize};
  SqliteStatement set_{nullptr, sqlite3_finalize};
  SqliteStatement erase_{nullptr, sqlite3_finalize};
  SqliteStatement add_{nullptr, sqlite3_finalize};
  SqliteStatement size_{nullptr, sqlite3_finalize};
  SqliteStatement begin_{nullptr, sqlite3_finalize};
  SqliteStatement commit_{nullptr, sqlite3_finalize};
  SqliteStatement begin_reading_{nullptr, sqlite3_finalize};
};

}  // namespace

void create_sqlite_dict(SqliteConnection& connection, SqliteLayout layout, const std::string& owner) {
  connection.execute(fmt::format("PRAGMA application_id={}", kSqliteApplicationId));
  {
    const SqliteStatement wal = connection.prepare("PRAGMA journal_mode=WAL");
    const SqliteUse statement(wal);
    if (!connection.step(statement.get()) || statement.column(0) != "wal")
      throw Error(ErrorCode::unavailable, "sqlite-wal: this file system does not allow WAL; set path= to a local disk");
  }
  connection.execute(
      fmt::format("CREATE TABLE dict(key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL) {};"
                  "CREATE TABLE owner(identity TEXT NOT NULL)",
                  layout == SqliteLayout::clustered ? "WITHOUT ROWID" : ""));
  const SqliteStatement insert = connection.prepare("INSERT INTO owner VALUES(?1)");
  SqliteUse statement(insert);
  sqlite3_bind_text(statement.get(), 1, owner.data(), static_cast<int>(owner.size()), SQLITE_STATIC);
  connection.step(statement.get());
}

std::string check_sqlite_dict(const std::string& path, const SqliteSettings& settings) {
  try {
    SqliteConnection connection(path, settings, 0);
    const SqliteStatement check = connection.prepare("PRAGMA integrity_check(3)");
    const SqliteUse statement(check);
    std::string broken;
    while (connection.step(statement.get())) {
      const std::string_view line = statement.column(0);
      if (line != "ok") broken.append(broken.empty() ? "" : "; ").append(line);
    }
    return broken;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::corrupt) return error.what();
    throw;
  }
}

std::unique_ptr<Dict> open_sqlite_dict(const std::string& path, const SqliteSettings& settings, std::uint64_t batch) {
  // SQLite's locks are fcntl(2)'s, which the kernel keeps for open files, whatever a process's pid is and in whichever
  // container. But its WAL shares memory, so all must be on one machine.
  require_own_directory(std::filesystem::path(path).parent_path(), Sharing::on_machine);
  return std::make_unique<SqliteDict>(path, settings, batch);
}

}  // namespace dictbench
