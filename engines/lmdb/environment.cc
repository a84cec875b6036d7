#include "engines/lmdb/environment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

#include "engines/lmdb/files.h"

namespace dictbench {
namespace {

// Slots for read transactions of all processes together: one a dict and one a walk in progress.
constexpr unsigned kReaderSlots = 1024;

// Pages that only erase() may take: its transactions copy a path of the tree and of the free list, and
// what they free is usable two transactions later.
constexpr std::size_t kPagesForErasing = 64;

struct OpenEnvironment {
  MDB_env* env = nullptr;
  LmdbQueue* queue = nullptr;
  MDB_dbi table = 0;
  pid_t process = 0;
  unsigned users = 0;
};

std::mutex& registry_mutex() {
  static std::mutex mutex;
  return mutex;
}

// Never destroyed: dicts may live in static objects.
std::map<std::string, OpenEnvironment>& registry() {
  static auto& open = *new std::map<std::string, OpenEnvironment>;
  return open;
}

OpenEnvironment open_environment(const std::string& path, unsigned flags, std::uint64_t map_size, DeadReaders readers) {
  const auto check = [&](int code) {
    if (code != MDB_SUCCESS) throw lmdb_error(code, "open", path);
  };
  const bool making = map_size != 0;
  making ? make_lmdb_lock_file(path, kReaderSlots) : require_lmdb_files(path);
  if (making) LmdbQueue::make(path);
  auto queue = std::make_unique<LmdbQueue>(path);
  MDB_env* env = nullptr;
  check(mdb_env_create(&env));
  MDB_txn* txn = nullptr;
  try {
    OpenEnvironment open{.env = env, .queue = queue.get(), .table = 0, .process = getpid(), .users = 0};
    // Every opener says it: the first one after all have closed lays the slots out anew.
    check(mdb_env_set_maxreaders(env, kReaderSlots));
    if (making) check(mdb_env_set_mapsize(env, map_size));
    check(mdb_env_open(env, path.c_str(), flags | MDB_NOTLS, 0600));
    check_lmdb_length(env, path);
    const RobustMutexGuard guard(queue->readers());
    if (int cleared = 0; readers == DeadReaders::clear) check(mdb_reader_check(env, &cleared));
    check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn));
    check(mdb_dbi_open(txn, nullptr, 0, &open.table));
    MDB_txn* const ended = txn;
    txn = nullptr;
    check(mdb_txn_commit(ended));
    static_cast<void>(queue.release());  // the registry's from here on
    return open;
  } catch (...) {
    if (txn != nullptr) mdb_txn_abort(txn);
    mdb_env_close(env);
    throw;
  }
}

}  // namespace

Error lmdb_error(int code, std::string_view action, const std::string& path) {
  const auto error = [&](ErrorCode kind, std::string_view advice) {
    return Error(kind, fmt::format("lmdb: cannot {} {}: {}; {}", action, path, mdb_strerror(code), advice));
  };
  switch (code) {
    case MDB_MAP_FULL: return error(ErrorCode::full, "erase keys or give more with lmdb?max=BYTES");
    case MDB_TXN_FULL: return error(ErrorCode::full, "split the batch");
    case ENOSPC:
    case EDQUOT:
    case EIO:  // what LMDB makes of a write cut short by a full disk
      return error(
          ErrorCode::full,
          "its file system is full or failing: free space there, or put it elsewhere with lmdb?files=memory or =disk");
    case MDB_READERS_FULL: return error(ErrorCode::unavailable, "close some of the dicts");
    case ENOMEM: return error(ErrorCode::unavailable, "the map does not fit: give less with lmdb?max=BYTES");
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_BAD_TXN: return error(ErrorCode::corrupt, "make the dict anew");
    default: return error(ErrorCode::unavailable, "check the folder and its permissions");
  }
}

LmdbEnvironment::LmdbEnvironment(const std::string& path, unsigned flags, std::uint64_t map_size, DeadReaders dead)
    : path_(path), process_(getpid()) {
  const std::lock_guard lock(registry_mutex());
  OpenEnvironment& open = registry()[path];
  if (open.users == 0 || open.process != process_) {
    try {
      open = open_environment(path, flags, map_size, dead);
    } catch (...) {
      registry().erase(path);
      throw;
    }
  }
  ++open.users;
  env_ = open.env;
  queue_ = open.queue;
  table_ = open.table;
  MDB_stat stat{};
  mdb_env_stat(env_, &stat);
  page_bytes_ = stat.ms_psize;
}

LmdbEnvironment::~LmdbEnvironment() {
  if (!ours()) return;
  const std::lock_guard lock(registry_mutex());
  const auto open = registry().find(path_);
  if (--open->second.users != 0) return;
  delete open->second.queue;
  mdb_env_close(open->second.env);  // under the mutex: nobody may open the file meanwhile
  registry().erase(open);
}

bool LmdbEnvironment::ours() const noexcept { return getpid() == process_; }

MDB_txn* LmdbEnvironment::begin(unsigned flags) {
  MDB_txn* txn = nullptr;
  const auto attempt = [&] {
    const RobustMutexGuard guard(queue_->readers());
    return mdb_txn_begin(env_, nullptr, flags, &txn);
  };
  int code = attempt();
  if (code == MDB_READERS_FULL && clear_dead_readers() > 0) code = attempt();
  if (code != MDB_SUCCESS) throw lmdb_error(code, (flags & MDB_RDONLY) != 0 ? "read" : "write to", path_);
  return txn;
}

// LMDB's reader takes the number N of the last commit, then copies the root from the meta page that N
// names (mdb_txn_renew0). Metas are two, used in turn: when two commits come in between, the reader has
// the root of N + 2, perhaps half of it, before that is committed, and its next read may go back to
// N + 1. Commit N + 2 touches the page only after N + 1 is the last commit; so the copy is good if N is
// still the last one afterwards.
void LmdbEnvironment::renew(MDB_txn* reader) {
  while (true) {
    if (const int code = mdb_txn_renew(reader); code != MDB_SUCCESS) throw lmdb_error(code, "read", path_);
    const std::size_t commit = mdb_txn_id(reader);
    MDB_envinfo info{};
    mdb_env_info(env_, &info);
    if (info.me_last_txnid == commit) return;
    // me_last_txnid comes from the metas, which run ahead of the number that readers take (for ever, if a
    // writer dies in between). A new reader tells that number.
    if (mdb_txn_id(LmdbTransaction(*this, MDB_RDONLY).get()) == commit) return;
    mdb_txn_reset(reader);
  }
}

bool LmdbEnvironment::has_room(std::size_t bytes, MDB_txn* reader) {
  const std::size_t wanted = 2 * bytes / page_bytes_ + kPagesForErasing;  // pages are half full after a split
  MDB_envinfo info{};
  mdb_env_info(env_, &info);
  std::size_t pages = info.me_mapsize / page_bytes_ - (info.me_last_pgno + 1);
  if (pages >= wanted) return true;

  // The free list is table 0: each entry holds the pages that one transaction freed, their number first.
  constexpr MDB_dbi kFreeList = 0;
  if (const int code = mdb_txn_renew(reader); code != MDB_SUCCESS) throw lmdb_error(code, "read", path_);
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(reader, kFreeList, &cursor);
  MDB_val key{};
  MDB_val freed{};
  while (code == MDB_SUCCESS && pages < wanted) {
    code = mdb_cursor_get(cursor, &key, &freed, MDB_NEXT);
    if (code != MDB_SUCCESS) break;
    std::size_t count = 0;
    std::memcpy(&count, freed.mv_data, sizeof(count));
    pages += count;
  }
  if (cursor != nullptr) mdb_cursor_close(cursor);
  mdb_txn_reset(reader);
  if (code != MDB_SUCCESS && code != MDB_NOTFOUND) throw lmdb_error(code, "read", path_);
  return pages >= wanted;
}

std::uint64_t LmdbEnvironment::readers() const {
  // One line a slot after a line of headings, or one line alone that says that there is none.
  std::uint64_t lines = 0;
  const auto count = [](const char*, void* lines_seen) { return ++*static_cast<std::uint64_t*>(lines_seen), 0; };
  mdb_reader_list(env_, count, &lines);
  return lines == 0 ? 0 : lines - 1;
}

std::string LmdbEnvironment::broken() {
  {
    const LmdbTransaction transaction(*this, MDB_RDONLY);
    MDB_stat stat{};
    MDB_cursor* cursor = nullptr;
    int code = mdb_stat(transaction.get(), table_, &stat);
    if (code == MDB_SUCCESS) code = mdb_cursor_open(transaction.get(), table_, &cursor);
    std::size_t keys = 0;
    std::string before;
    MDB_val key{};
    MDB_val value{};
    for (; code == MDB_SUCCESS; ++keys) {
      code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
      if (code != MDB_SUCCESS) break;
      const std::string_view now(static_cast<const char*>(key.mv_data), key.mv_size);
      if (keys != 0 && now <= before) {
        mdb_cursor_close(cursor);
        return fmt::format("key {} of the walk is out of order", keys);
      }
      before = now;
    }
    if (cursor != nullptr) mdb_cursor_close(cursor);
    if (code != MDB_NOTFOUND) return mdb_strerror(code);
    if (keys != stat.ms_entries) return fmt::format("the walk finds {} keys, the root says {}", keys, stat.ms_entries);
  }
  // The compacting copy follows every branch and overflow page, and compares their number with the free list's.
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) throw lmdb_error(errno, "check", path_);
  const int code = mdb_env_copyfd2(env_, nowhere, MDB_CP_COMPACT);
  close(nowhere);
  return code == MDB_SUCCESS ? "" : fmt::format("the walk over all pages: {}", mdb_strerror(code));
}

int LmdbEnvironment::clear_dead_readers() {
  int dead = 0;
  const RobustMutexGuard guard(queue_->readers());
  if (const int code = mdb_reader_check(env_, &dead); code != MDB_SUCCESS)
    throw lmdb_error(code, "check the readers of", path_);
  return dead;
}

}  // namespace dictbench
