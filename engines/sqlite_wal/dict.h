// The dict of `sqlite-wal`: prepared statements over one connection.
//
// With a batch of N > 1, sets are kept in this process and written N at a time in one transaction.
// Nothing holds a lock meanwhile, so no two batching processes can wait for each other. Every other
// operation, and the destructor, writes them first. A batch that cannot be written is kept.
#pragma once

#include <memory>
#include <string>

#include "engines/engine.h"
#include "engines/sqlite_wal/connection.h"

namespace dictbench {

// SQLite's default limit on a row is 1,000,000,000 bytes (SQLITE_MAX_LENGTH): key, value and a header.
inline constexpr std::size_t kSqliteLargestKey = 1'000'000;
inline constexpr std::size_t kSqliteLargestValue = 998'000'000;

// Marks a database file as ours (PRAGMA application_id): "Dict".
inline constexpr std::int32_t kSqliteApplicationId = 0x44696374;

enum class SqliteLayout {
  clustered,  // rows in the key's own tree (WITHOUT ROWID): one look-up a get, best for short values
  rowid,      // rows by number, keys in an index: comparing keys does not load long values
};

// Makes the table in a new database and turns on WAL. `owner` tells later runs who made it.
void create_sqlite_dict(SqliteConnection& connection, SqliteLayout layout, const std::string& owner);

// PRAGMA integrity_check: what is broken, or empty. Throws Error(unavailable, timeout).
std::string check_sqlite_dict(const std::string& path, const SqliteSettings& settings);

// `batch`: sets a transaction. Throws Error(unavailable) when the file is no dict of ours, or lies in a private
// directory of another container or machine (engines/shm/ownership.h).
std::unique_ptr<Dict> open_sqlite_dict(const std::string& path, const SqliteSettings& settings, std::uint64_t batch);

}  // namespace dictbench
