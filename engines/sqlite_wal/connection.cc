#include "engines/sqlite_wal/connection.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "engines/shm/crash_point.h"

namespace dictbench {
namespace {

using Clock = std::chrono::steady_clock;

// How long a checkpoint holds up writers for the sake of slow readers; it is tried again later.
constexpr std::chrono::milliseconds kCheckpointPatience{20};

struct OpenConnections {
  pid_t process = 0;
  unsigned count = 0;
};

std::mutex& registry_mutex() {
  static std::mutex mutex;
  return mutex;
}

// Connections by file, those inherited through fork included. Never destroyed: dicts may be static.
std::map<std::string, OpenConnections>& registry() {
  static auto& open = *new std::map<std::string, OpenConnections>;
  return open;
}

void enter(const std::string& path) {
  const std::lock_guard lock(registry_mutex());
  OpenConnections& open = registry()[path];
  if (open.count != 0 && open.process != getpid())
    throw Error(
        ErrorCode::unavailable,
        fmt::format("sqlite-wal: this process inherited an open connection to {}; fork before attaching, or close "
                    "the parent's dict before the fork",
                    path));
  open.process = getpid();
  ++open.count;
}

void leave(const std::string& path) {
  const std::lock_guard lock(registry_mutex());
  const auto open = registry().find(path);
  if (--open->second.count == 0) registry().erase(open);
}

}  // namespace

SqliteConnection::SqliteConnection(const std::string& path, const SqliteSettings& settings, int flags)
    : path_(path), timeout_(settings.timeout), process_(getpid()) {
  enter(path_);
  try {
    const int code = sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | flags, nullptr);
    if (code != SQLITE_OK) throw error(code);
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_handler(db_, on_busy, this);
    execute(fmt::format("PRAGMA synchronous={}; PRAGMA cache_size=-{}; PRAGMA mmap_size={}", settings.sync,
                        settings.cache_bytes / 1024, settings.mmap_bytes));
    if (settings.max_bytes != 0) {
      const SqliteStatement page_size = prepare("PRAGMA page_size");
      const SqliteUse use(page_size);
      step(use.get());
      max_pages_ = std::max<std::uint64_t>(settings.max_bytes / sqlite3_column_int64(use.get(), 0), 1);
      limit_pages(max_pages_);
    }
    sqlite3_wal_hook(db_, on_commit, this);  // takes the place of the automatic checkpoint
  } catch (...) {
    close();
    throw;
  }
}

SqliteConnection::~SqliteConnection() {
  if (ours()) close();
}

void SqliteConnection::close() {
  sqlite3_close(db_);
  leave(path_);
}

bool SqliteConnection::ours() const noexcept { return getpid() == process_; }

SqliteStatement SqliteConnection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  while (true) {
    const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code == SQLITE_OK) return {statement, sqlite3_finalize};
    if ((code & 0xff) != SQLITE_BUSY || !wait()) throw error(code);
  }
}

bool SqliteConnection::step(sqlite3_stmt* statement) {
  waiting_since_.reset();
  bool may_empty_log = sqlite3_get_autocommit(db_) != 0;  // within a transaction a statement cannot be run again
  while (true) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    if ((code & 0xff) == SQLITE_FULL && std::exchange(may_empty_log, false)) {
      sqlite3_reset(statement);
      if (empty_log()) continue;
      throw error(SQLITE_FULL);
    }
    // Some locks are refused without asking on_busy: a lost race for a snapshot, recovery by another.
    sqlite3_reset(statement);
    if ((code & 0xff) != SQLITE_BUSY || !wait()) throw error(code);
  }
}

void SqliteConnection::execute(const std::string& sql) {
  waiting_since_.reset();
  while (true) {
    const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return;
    if ((code & 0xff) != SQLITE_BUSY || !wait()) throw error(code);
  }
}

void SqliteConnection::limit_pages(std::uint64_t pages) {
  constexpr std::uint64_t kSqliteMostPages = 4294967294;
  execute(fmt::format("PRAGMA max_page_count={}", pages == 0 ? kSqliteMostPages : pages));
}

// SQLite's own handler sleeps 1, 2, 5 ... 100 ms, but a commit without a flush takes some 30 us. So the
// sleeps start short and double up to 1 ms.
bool SqliteConnection::wait() {
  using std::chrono::microseconds;
  constexpr unsigned kYields = 2;
  constexpr unsigned kDoublings = 5;
  constexpr microseconds kFirstSleep{31};
  const auto now = Clock::now();
  if (!waiting_since_) {
    waiting_since_ = now;
    waits_ = 0;
  }
  if (now - *waiting_since_ >= (checkpointing_ ? std::min(timeout_, kCheckpointPatience) : timeout_)) return false;
  if (waits_ < kYields)
    sched_yield();
  else
    std::this_thread::sleep_for(kFirstSleep * (1u << std::min(waits_ - kYields, kDoublings)));
  ++waits_;
  return true;
}

int SqliteConnection::on_busy(void* self, int) {
  auto* const connection = static_cast<SqliteConnection*>(self);
  if (connection->wait()) return 1;
  // Without the write lock the checkpoint would go on as a passive one, outside the write lock.
  if (connection->checkpointing_) sqlite3_interrupt(connection->db_);
  return 0;
}

int SqliteConnection::on_commit(void* self, sqlite3*, const char*, int pages) {
  auto* const connection = static_cast<SqliteConnection*>(self);
  if (pages < connection->wal_pages_) connection->next_checkpoint_ = kCheckpointPages;  // the WAL began anew
  connection->wal_pages_ = pages;
  return SQLITE_OK;
}

void SqliteConnection::checkpoint() {
  waiting_since_.reset();
  CRASH_POINT("sqlite-wal.checkpoint.begun");
  checkpointing_ = true;
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_FULL, nullptr, nullptr);
  checkpointing_ = false;
  CRASH_POINT("sqlite-wal.checkpoint.done");
  next_checkpoint_ = wal_pages_ + kCheckpointPages;
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_BUSY:       // another process is at it, or a reader is slow
    case SQLITE_INTERRUPT:  // we gave up waiting
    case SQLITE_FULL:       // the commit itself stands in the WAL; the next write will say it
      return;
    default: throw error(code);
  }
}

// On a full disk: copies the WAL back and cuts it off, which makes room as the same pages are in it many times.
bool SqliteConnection::empty_log() {
  struct stat log {};
  if (stat((path_ + "-wal").c_str(), &log) != 0 || log.st_size == 0) return false;
  waiting_since_.reset();
  checkpointing_ = true;
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  checkpointing_ = false;
  waiting_since_.reset();
  return code == SQLITE_OK;
}

Error SqliteConnection::error(int code) const {
  const char* const reason = db_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db_);
  // SQLite itself says no more than "unable to open database file".
  const int cause = db_ != nullptr && (code & 0xff) == SQLITE_CANTOPEN ? sqlite3_system_errno(db_) : 0;
  const auto make = [&](ErrorCode kind, std::string_view advice) {
    return Error(kind, fmt::format("sqlite-wal: {}: {}{}{}; {}", path_, reason, cause == 0 ? "" : ": ",
                                   cause == 0 ? "" : std::strerror(cause), advice));
  };
  if (db_ != nullptr && sqlite3_system_errno(db_) == ENOSPC)
    return make(ErrorCode::full, "free space there, or put the file elsewhere with files= or path=");
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return make(ErrorCode::timeout,
                  fmt::format("another process held the lock for {} ms; see timeout=", timeout_.count()));
    case SQLITE_FULL:
      return make(ErrorCode::full, max_pages_ != 0
                                       ? "erase keys or give more with max=BYTES"
                                       : "free space there, or put the file elsewhere with files= or path=");
    case SQLITE_TOOBIG: return make(ErrorCode::too_large, "see the contract's largest key and value");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_IOERR: return make(ErrorCode::corrupt, "make the dict anew");
    default: return make(ErrorCode::unavailable, "check the folder, its permissions and the memory");
  }
}

}  // namespace dictbench
