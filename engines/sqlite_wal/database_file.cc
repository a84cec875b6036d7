#include "engines/sqlite_wal/database_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "engines/shm/process_identity.h"
#include "engines/sqlite_wal/dict.h"

namespace dictbench {
namespace {

constexpr std::array kSuffixes = {"", "-wal", "-shm"};

void remove_files(const std::string& path) {
  for (const char* suffix : kSuffixes) unlink((path + suffix).c_str());
}

// Read without SQLite, which would recover (and so change) somebody else's database. Offset and byte
// order: sqlite.org/fileformat2.html, "application ID".
bool is_ours(const std::string& path) {
  constexpr std::size_t kApplicationIdAt = 68;
  std::array<unsigned char, kApplicationIdAt + 4> header{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(header.data()), header.size())) return false;
  std::uint32_t id = 0;
  for (std::size_t i = kApplicationIdAt; i < header.size(); ++i) id = id << 8 | header[i];
  return std::memcmp(header.data(), "SQLite format 3", 16) == 0 && id == kSqliteApplicationId;
}

// Whether the run that made this dict is over, as far as can be told. A file without an owner is one
// whose maker was killed while making it, or is making it now: hands off.
bool owner_is_dead(const std::string& path) {
  SqliteConnection connection(path, SqliteSettings{}, 0);
  const SqliteStatement select = connection.prepare("SELECT identity FROM owner");
  const SqliteUse statement(select);
  if (!connection.step(statement.get())) return false;
  const auto owner = ProcessIdentity::parse(statement.column(0));
  return owner && liveness(*owner) == Liveness::dead;
}

void claim(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return;
    throw Error(ErrorCode::unavailable, fmt::format("sqlite-wal: path {}: {}", path, std::strerror(errno)));
  }
  if (S_ISREG(info.st_mode) && info.st_size == 0) return;
  const auto refuse = [&](std::string_view why) {
    return Error(ErrorCode::unavailable,
                 fmt::format("sqlite-wal: path {}: {}; name a file that does not exist", path, why));
  };
  if (!S_ISREG(info.st_mode) || !is_ours(path)) throw refuse("it exists and was not made by dictbench");
  bool dead = false;
  try {
    dead = owner_is_dead(path);
  } catch (const Error& error) {
    throw refuse(error.what());
  }
  if (!dead) throw refuse("another run uses it");
  remove_files(path);
}

}  // namespace

SqliteDatabaseFile::SqliteDatabaseFile(const std::string& path, const std::filesystem::path& folder)
    : process_(getpid()) {
  if (path.empty()) {
    path_ = directory_.emplace(folder).path() / "dict.sqlite";
    return;
  }
  path_ = std::filesystem::absolute(path);  // the address must hold in any working directory
  claim(path_);
}

SqliteDatabaseFile::~SqliteDatabaseFile() {
  if (getpid() == process_) remove_files(path_);
}

std::string SqliteDatabaseFile::owner() const { return ProcessIdentity::self().text(); }

StorageBytes SqliteDatabaseFile::bytes() const {
  constexpr std::uint64_t kBlock = 512;  // unit of st_blocks
  StorageBytes bytes;
  for (const char* suffix : kSuffixes) {
    struct stat info {};
    if (stat((path_ + suffix).c_str(), &info) != 0) continue;
    bytes.in_use += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
    bytes.length += static_cast<std::uint64_t>(info.st_size);
  }
  return bytes;
}

}  // namespace dictbench
