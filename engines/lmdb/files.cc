#include "engines/lmdb/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "engines/lmdb/environment.h"
#include "engines/shm/ownership.h"

namespace dictbench {
namespace {

// The free list's place in a meta page, as LMDB 0.9 lays it out on 64-bit machines (mdb.c: MDB_meta, data version 1):
// a page header of 16 bytes, magic, version, address and size of the map, and then the free list's MDB_db.
struct MetaPage {
  std::array<char, 40> before;
  std::uint32_t pad;
  std::uint16_t flags, depth;
  std::uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
  std::array<char, 48> main_table;
  std::uint64_t last_page, commit;
};
static_assert(sizeof(MetaPage) == 152);

// Whether the free list of this commit is one page, and that one before page `end`.
bool free_list_is_before(int file, std::size_t page_bytes, std::size_t end, std::size_t commit) {
  for (const std::size_t number : {0, 1}) {
    MetaPage meta{};
    const auto at = static_cast<off_t>(number * page_bytes);
    if (pread(file, &meta, sizeof meta, at) != sizeof meta || meta.commit != commit) continue;
    return meta.depth == 1 && meta.overflow_pages == 0 && meta.root < end;
  }
  return false;
}

// Whether the free list has all pages from `first` to `last`.
bool all_free(MDB_env* env, std::size_t first, std::size_t last, std::size_t commit) {
  constexpr MDB_dbi kFreeList = 0;  // each entry holds pages that one transaction freed, their number first
  MDB_txn* txn = nullptr;
  if (mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn) != MDB_SUCCESS) return false;
  MDB_cursor* cursor = nullptr;
  MDB_val key{}, freed{};
  std::size_t found = 0;
  const bool reading = mdb_txn_id(txn) == commit && mdb_cursor_open(txn, kFreeList, &cursor) == MDB_SUCCESS;
  while (reading && mdb_cursor_get(cursor, &key, &freed, MDB_NEXT) == MDB_SUCCESS) {
    const auto* const numbers = static_cast<const std::size_t*>(freed.mv_data);
    for (std::size_t i = 1; i <= numbers[0]; ++i) found += numbers[i] >= first && numbers[i] <= last ? 1 : 0;
  }
  if (cursor != nullptr) mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  return found == last - first + 1;
}

}  // namespace

void make_lmdb_lock_file(const std::string& path, unsigned reader_slots) {
  constexpr off_t kSlotBytes = 64, kHeaderSlots = 64;  // a slot is a cache line; the header takes three
  const int file = open((path + "/lock.mdb").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  // LMDB takes a file that is longer than it needs as it is.
  const int code = file < 0 ? errno : posix_fallocate(file, 0, kSlotBytes * (reader_slots + kHeaderSlots));
  if (file >= 0) close(file);
  if (code != 0) throw lmdb_error(code, "make", path);
}

void require_lmdb_files(const std::string& path) {
  require_own_directory(path);
  for (const char* name : {"/data.mdb", "/lock.mdb"}) {
    struct stat info {};
    if (stat((path + name).c_str(), &info) != 0 || info.st_size == 0)
      throw Error(ErrorCode::unavailable,
                  fmt::format("lmdb: {}{} is missing or empty: its owner has ended, or somebody removed it; make the "
                              "dict anew",
                              path, name));
  }
}

// The last pages may be missing by right: LMDB does not write those that a transaction took and gave back (loose
// pages), but they are in the free list. Where that cannot be told safely, the file counts as whole.
void check_lmdb_length(MDB_env* env, const std::string& path) {
  constexpr std::size_t kMostLoose = 64;  // more than one transaction of ours gives back
  constexpr int kAttempts = 10;           // writers may commit in between
  MDB_stat table{};
  mdb_env_stat(env, &table);
  int file = -1;
  mdb_env_get_fd(env, &file);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    MDB_envinfo info{};
    mdb_env_info(env, &info);
    struct stat length {};
    fstat(file, &length);
    const std::size_t whole = static_cast<std::size_t>(length.st_size) / table.ms_psize;
    if (whole > info.me_last_pgno) return;
    if (info.me_last_pgno - whole >= kMostLoose) continue;
    if (!free_list_is_before(file, table.ms_psize, whole, info.me_last_txnid)) continue;
    if (all_free(env, whole, info.me_last_pgno, info.me_last_txnid)) return;
  }
  throw lmdb_error(MDB_CORRUPTED, "use the truncated file in", path);
}

}  // namespace dictbench
