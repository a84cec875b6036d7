// The database file of one `sqlite-wal` engine with its -wal and -shm: claimed at the beginning, removed
// at the end by the process that claimed it.
//
// A file named by the user is never overwritten unless it is empty, or a dict of ours whose owner is
// dead (a killed run's leftover).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "engines/engine.h"
#include "engines/shm/private_directory.h"

namespace dictbench {

class SqliteDatabaseFile {
 public:
  // `path` empty: dict.sqlite in a private directory below `folder`. Throws Error(unavailable).
  SqliteDatabaseFile(const std::string& path, const std::filesystem::path& folder);
  ~SqliteDatabaseFile();
  SqliteDatabaseFile(const SqliteDatabaseFile&) = delete;
  SqliteDatabaseFile& operator=(const SqliteDatabaseFile&) = delete;

  const std::string& path() const noexcept { return path_; }

  // The claiming process's identity, to be written into the database.
  std::string owner() const;

  StorageBytes bytes() const;

 private:
  std::optional<PrivateDirectory> directory_;
  std::string path_;
  pid_t process_;
};

}  // namespace dictbench
