// LMDB's two files, seen to before LMDB itself relies on them: it does not ask whether they are there, whole, or have
// room on the disk, and what it finds out too late is a SIGBUS or an empty dict.
//
// For LmdbEnvironment only, under its registry's mutex: closing a descriptor of the lock file drops this process's
// locks on it, so the process must not have the environment open.
#pragma once

#include <lmdb.h>

#include <string>

namespace dictbench {

// By whoever makes the environment: makes the lock file with all its pages allocated, because LMDB writes to it
// through a map. Throws Error(full, unavailable).
void make_lmdb_lock_file(const std::string& path, unsigned reader_slots);

// By whoever attaches: LMDB would make what is missing anew, an empty dict or a second lock file beside the one that
// others hold. And its locks, robust mutexes in the lock file, hold in one domain only (engines/shm/ownership.h).
// Throws Error(unavailable).
void require_lmdb_files(const std::string& path);

// Of an open environment: the data file has all pages that its last commit counts. Throws Error(corrupt).
void check_lmdb_length(MDB_env* env, const std::string& path);

}  // namespace dictbench
