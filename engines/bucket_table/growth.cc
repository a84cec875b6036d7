#include "engines/bucket_table/growth.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "engines/error.h"
#include "engines/shm/crash_point.h"

namespace dictbench::bucket_table {
namespace {

std::string next_path(const Table& table, const std::string& path) {
  return fmt::format("{}-{}", path, table.file().header().generation + 1);
}

std::uint64_t bytes_in_use(const std::string& path) {
  constexpr std::uint64_t kBlock = 512;  // unit of st_blocks
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_blocks) * kBlock : 0;
}

// Whoever finds `moved` does it; one of them succeeds, for the others the name is gone.
void rename_successor(const Table& table, const std::string& path) {
  if (rename(next_path(table, path).c_str(), path.c_str()) != 0 && errno != ENOENT)
    throw Error(ErrorCode::unavailable, fmt::format("bucket-table: cannot rename {} to {}: {}", next_path(table, path),
                                                    path, std::strerror(errno)));
}

// Of a table after it grew. A region is full only where about 85 % of all buckets are used, if nobody chose the hashes,
// so a table of twice the size has at most 3 an item. One that wants more has keys that no larger table parts.
constexpr std::uint64_t kMostBucketsAnItem = 16;

// Those that would lie in the key's region of the larger table too.
Error keys_of_one_hash(const Table& table, const Geometry& larger, std::uint64_t hash) {
  const Geometry& sizes = table.file().geometry();
  std::uint64_t alike = 0;
  Value key, value;
  for (std::uint32_t group = 0; group < sizes.groups; ++group)
    for (unsigned slot = 0; slot < kGroupBuckets; ++slot)
      if (table.read(sizes.region_of(hash), group, slot, key, value))
        alike += larger.region_of(table.hash_of(key.view())) == larger.region_of(hash);
  const bool keyed = table.file().hasher().is_keyed();
  return {ErrorCode::full,
          fmt::format("bucket-table is full for this key: {} keys of one hash or nearly one, as this key's, are there, "
                      "and even {} buckets for {} items would not part them; erase some{}",
                      alike, larger.buckets(), table.size(), keyed ? "" : ", or make it with a keyed hash")};
}

// False: a region of the new table is full.
bool copy_all(const Table& from, Table& to) {
  const Geometry& sizes = from.file().geometry();
  Value key, value;
  for (std::uint64_t region = 0; region < sizes.regions; ++region)
    for (std::uint32_t group = 0; group < sizes.groups; ++group) {
      from.file().note_step();
      for (unsigned slot = 0; slot < kGroupBuckets; ++slot)
        if (from.read(region, group, slot, key, value) &&
            !to.copy_in(to.place_of(to.hash_of(key.view())), key.view(), value.view()))
          return false;
    }
  return true;
}

// Writers are kept out as long as this lives; what killed ones left is repaired.
class AllStripes {
 public:
  explicit AllStripes(Table& table) {
    for (unsigned stripe = 0; stripe < kStripes; ++stripe) locks_[stripe].emplace(table, stripe);
  }

 private:
  std::array<std::optional<StripeLock>, kStripes> locks_;
};

}  // namespace

void grow(Table& table, const std::string& path, std::uint64_t hash) {
  const Header& header = table.file().header();
  const TableFile& file = table.file();
  const RobustMutexGuard growing(file.header().growing, file.timeout(), file.steps_are_noted());
  if (table.moved()) return;
  CRASH_POINT("bucket-table.grow.begun");
  if (header.grows == 0)
    throw Error(ErrorCode::full,
                fmt::format("bucket-table is full: all {} buckets of the key's region are used and growth=off; erase "
                            "keys, or make it with a larger capacity=",
                            table.file().geometry().region_buckets()));
  const AllStripes stripes(table);
  CRASH_POINT("bucket-table.grow.locked");
  const std::string next = next_path(table, path);
  const std::uint64_t most_buckets = kMostBucketsAnItem * table.size();
  // Twice is enough but for hashes that an adversary chose.
  for (Geometry larger = table.file().geometry().doubled();; larger = larger.doubled()) {
    if (larger.buckets() > most_buckets) throw keys_of_one_hash(table, larger, hash);
    if (header.most != 0 && larger.length() + bytes_in_use(path) > header.most)
      throw Error(ErrorCode::full,
                  fmt::format("bucket-table is full: {} bytes beside the {} in use are needed to grow; raise max=",
                              larger.length(), bytes_in_use(path)));
    unlink(next.c_str());  // of a process that was killed while it was at it
    TableFile next_file = TableFile::create(next, {.geometry = larger,
                                                   .most = header.most,
                                                   .grows = true,
                                                   .dict = header.dict,
                                                   .generation = header.generation + 1,
                                                   .hasher = table.file().hasher(),
                                                   .timeout = table.file().timeout()});
    CRASH_POINT("bucket-table.grow.made");
    Table grown(std::move(next_file));
    if (!copy_all(table, grown)) continue;
    CRASH_POINT("bucket-table.grow.copied");
    grown.file().publish();
    break;
  }
  table.file().header().moved.store(1, std::memory_order_release);
  CRASH_POINT("bucket-table.grow.moved");
  rename_successor(table, path);
  CRASH_POINT("bucket-table.grow.renamed");
}

Table successor(const Table& table, const std::string& path) {
  const Header& header = table.file().header();
  rename_successor(table, path);
  CRASH_POINT("bucket-table.follow.renamed");
  TableFile file = TableFile::open(path, table.file().timeout());
  if (file.header().dict != header.dict || file.header().generation <= header.generation)
    throw Error(ErrorCode::unavailable,
                fmt::format("bucket-table: {} has grown and its larger file is gone; attach again", path));
  return Table(std::move(file));
}

}  // namespace dictbench::bucket_table
