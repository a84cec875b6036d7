// LMDB's environment, shared by all dicts of a process.
//
// LMDB forbids opening one file twice in a process: closing the second would drop the first one's
// fcntl locks. So open environments are counted by path, under one mutex, and the last handle closes.
// A forked child inherits the parent's environment, which it may neither use nor close (the parent's
// reader slots are in it): it opens one of its own and leaves the inherited one alone.
//
// A handle may be used by any thread; transactions are not tied to threads (MDB_NOTLS), so that every
// dict has a reader slot of its own.
#pragma once

#include <lmdb.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engines/error.h"
#include "engines/lmdb/queue.h"

namespace dictbench {

// What went wrong in `action` ("write to") at `path`, from LMDB's or errno's code.
Error lmdb_error(int code, std::string_view action, const std::string& path);

// What to do on opening about the reader slots of dead processes.
enum class DeadReaders { clear, keep };

class LmdbEnvironment {
 public:
  // Opens the files in folder `path`, or joins those that this process has open. `flags` are those of
  // mdb_env_open. `map_size`, bytes, limits what the file can hold; 0: as the file was made with.
  // Throws Error(unavailable, corrupt).
  LmdbEnvironment(const std::string& path, unsigned flags, std::uint64_t map_size,
                  DeadReaders dead = DeadReaders::clear);
  ~LmdbEnvironment();
  LmdbEnvironment(const LmdbEnvironment&) = delete;
  LmdbEnvironment& operator=(const LmdbEnvironment&) = delete;

  MDB_env* env() const noexcept { return env_; }
  MDB_dbi table() const noexcept { return table_; }
  const std::string& path() const noexcept { return path_; }

  // False in a process forked from the one that opened it: then hands off.
  bool ours() const noexcept;

  // Held by whoever has a write transaction.
  RobustMutex& write_lock() const noexcept { return queue_->write(); }

  // Begins a transaction (flags: 0, with write_lock() held, or MDB_RDONLY). When no reader slot is free, those of dead
  // processes are cleared first. Throws Error.
  MDB_txn* begin(unsigned flags);

  // Turns a reset read transaction to the latest committed state. Throws Error.
  void renew(MDB_txn* reader);

  // Whether `bytes` more fit and still leave pages over for erasing: LMDB copies pages before it changes
  // them, so that a map filled to the last page could not even erase. Call with the write lock held;
  // `reader` is a reset read transaction.
  bool has_room(std::size_t bytes, MDB_txn* reader);

  // Reader slots taken, by living processes or dead ones.
  std::uint64_t readers() const;

  // Reads every page that the tree and the free list reach, and the keys in their order: what is broken, or empty.
  // Takes the write lock for an instant. Throws Error.
  std::string broken();

  // Frees the reader slots of dead processes, which keep old pages from being reused; returns how many.
  int clear_dead_readers();

 private:
  std::string path_;
  pid_t process_;
  MDB_env* env_ = nullptr;
  LmdbQueue* queue_ = nullptr;  // the registry's, as the environment
  MDB_dbi table_ = 0;
  std::size_t page_bytes_ = 0;
};

// A transaction that is aborted unless it is committed.
class LmdbTransaction {
 public:
  LmdbTransaction(LmdbEnvironment& environment, unsigned flags) {
    if ((flags & MDB_RDONLY) == 0) guard_.emplace(environment.write_lock());
    txn_ = environment.begin(flags);
  }
  ~LmdbTransaction() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  LmdbTransaction(const LmdbTransaction&) = delete;
  LmdbTransaction& operator=(const LmdbTransaction&) = delete;

  MDB_txn* get() const noexcept { return txn_; }

  // LMDB's code; the transaction is over in any case.
  [[nodiscard]] int commit() {
    MDB_txn* const ended = txn_;
    txn_ = nullptr;
    return mdb_txn_commit(ended);
  }

 private:
  std::optional<RobustMutexGuard> guard_;  // given back when the transaction is over
  MDB_txn* txn_ = nullptr;
};

}  // namespace dictbench
