// One SQLite connection to a database in WAL mode: opening, waiting for locks, errors, checkpoints.
//
// Used by one thread of the process that opened it. SQLite keeps its file locks in tables of the
// process, which fork copies though the kernel drops the locks: so a process that inherited an open
// connection may not open the same file (it is refused), and must not close the inherited one either
// (the destructor leaves it alone).
//
// Checkpoints are ours, not SQLite's automatic ones: these take the write lock first
// (SQLITE_CHECKPOINT_FULL). Versions before 3.51.3 can lose a commit when a checkpoint overlaps a commit
// that starts the WAL anew (sqlite.org/wal.html, "the WAL-reset bug"); under the write lock it cannot.
#pragma once

#include <sqlite3.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engines/error.h"

namespace dictbench {

struct SqliteSettings {
  std::string sync = "normal";  // PRAGMA synchronous
  std::chrono::milliseconds timeout{5000};
  std::uint64_t cache_bytes = 0;  // of this connection
  std::uint64_t mmap_bytes = 0;
  std::uint64_t max_bytes = 0;  // of the database file, without its WAL; 0: no limit
};

using SqliteStatement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

class SqliteConnection {
 public:
  // Opens the existing file (`flags` 0), or SQLITE_OPEN_CREATE. Throws Error(unavailable, corrupt).
  SqliteConnection(const std::string& path, const SqliteSettings& settings, int flags);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  sqlite3* get() const noexcept { return db_; }
  bool ours() const noexcept;

  SqliteStatement prepare(std::string_view sql);

  // One step. True: a row. Waits for locks up to the timeout, then throws Error(timeout). `statement`
  // must be reset by the caller.
  bool step(sqlite3_stmt* statement);

  // Runs statements without rows, or ignores the rows.
  void execute(const std::string& sql);

  // Allows the file to grow beyond max_bytes while `work` runs.
  template <typename Work>
  void beyond_max(const Work& work) {
    limit_pages(0);
    try {
      work();
    } catch (...) {
      limit_pages(max_pages_);
      throw;
    }
    limit_pages(max_pages_);
  }

  // To be called after each commit, outside any statement.
  void checkpoint_if_due() {
    if (wal_pages_ >= next_checkpoint_) [[unlikely]]
      checkpoint();
  }

  // The error for SQLite's code.
  Error error(int code) const;

 private:
  void close();
  void limit_pages(std::uint64_t pages);  // 0: no limit
  void checkpoint();
  bool empty_log();  // true: worth another try
  bool wait();       // false: the time is over
  static int on_busy(void* self, int count);
  static int on_commit(void* self, sqlite3* db, const char* name, int pages);

  // Pages in the WAL at which it is copied back: SQLite's own default, about 4 MB.
  static constexpr int kCheckpointPages = 1000;

  std::string path_;
  std::chrono::milliseconds timeout_;
  pid_t process_;
  std::uint64_t max_pages_ = 0;
  sqlite3* db_ = nullptr;
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;
  unsigned waits_ = 0;
  bool checkpointing_ = false;
  int wal_pages_ = 0;
  int next_checkpoint_ = kCheckpointPages;
};

// Resets a statement at the end of its use, so that its locks go and it can be run again.
class SqliteUse {
 public:
  explicit SqliteUse(const SqliteStatement& statement) : statement_(statement.get()) {}
  ~SqliteUse() { sqlite3_reset(statement_); }
  SqliteUse(const SqliteUse&) = delete;
  SqliteUse& operator=(const SqliteUse&) = delete;

  sqlite3_stmt* get() const noexcept { return statement_; }

  // The bytes must live until the reset.
  void bind(int index, std::string_view bytes) {
    // A null pointer would bind NULL, not an empty blob.
    sqlite3_bind_blob64(statement_, index, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC);
  }
  void bind(int index, std::int64_t number) { sqlite3_bind_int64(statement_, index, number); }

  // Lives until the next step or reset.
  std::string_view column(int index) const {
    // The blob before its size is SQLite's order; an empty blob is a null pointer.
    const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, index));
    return bytes == nullptr
               ? std::string_view("")
               : std::string_view(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, index)));
  }

 private:
  sqlite3_stmt* statement_;
};

}  // namespace dictbench
