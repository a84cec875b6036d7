#include "engines/bucket_table/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <utility>

#include "engines/bucket_table/hash.h"
#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/file_memory.h"
#include "engines/shm/ownership.h"

namespace dictbench::bucket_table {
namespace {

std::string reason(int error) { return std::strerror(error); }

std::array<char, 40> this_boot() {
  std::array<char, 40> id{};
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  file.read(id.data(), 36);
  return id;
}

std::uint64_t geometry_hash(const Geometry& geometry) { return XXH3_64bits(&geometry, sizeof geometry); }

// The file of a dict that goes with its maker tells in its name whose it is, and where it was made. One that the user
// named may have been made anywhere.
void require_own_domain_of(const std::string& path) {
  const auto owner = owner_in_name(std::filesystem::path(path).filename().native());
  if (owner) require_own_domain(*owner, path);
}

}  // namespace

Geometry Geometry::for_capacity(std::uint32_t key_bytes, std::uint32_t value_bytes, std::uint64_t capacity,
                                unsigned load) {
  const std::uint64_t buckets = (capacity * 100 + load - 1) / load;
  return Geometry{.key_bytes = key_bytes, .value_bytes = value_bytes, .regions = 0, .groups = 0}.with_groups(
      (buckets + kGroupBuckets - 1) / kGroupBuckets);
}

Geometry Geometry::with_groups(std::uint64_t wanted) const {
  Geometry geometry = *this;
  const std::uint64_t all = wanted == 0 ? 1 : wanted;
  geometry.regions = static_cast<std::uint32_t>((all + kMostGroups - 1) / kMostGroups);
  geometry.groups = static_cast<std::uint32_t>((all + geometry.regions - 1) / geometry.regions);
  return geometry;
}

TableFile TableFile::create(const std::string& path, const Plan& plan) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    throw Error(errno == ENOSPC ? ErrorCode::full : ErrorCode::unavailable,
                fmt::format("bucket-table: cannot make {}: {}; path= names another place", path, reason(errno)));
  TableFile made(path, file);
  made.remove_ = true;
  CRASH_POINT("bucket-table.create.named");
  const std::uint64_t length = plan.geometry.length();
  if (ftruncate(file, static_cast<off_t>(length)) != 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("bucket-table: cannot give {} a length of {} bytes: {}", path, length, reason(errno)));
  made.reserve(0, plan.geometry.buckets_at());
  made.map(length);
  made.adopt(plan.geometry, plan.hasher);
  CRASH_POINT("bucket-table.create.mapped");
  Header& header = *new (made.map_) Header;
  header.magic.store(0, std::memory_order_relaxed);
  header.version = Header::kVersion;
  header.header_bytes = sizeof(Header);
  header.layout = Header::kLayout;
  header.geometry = plan.geometry;
  header.geometry_hash = geometry_hash(plan.geometry);
  header.hasher = plan.hasher;
  header.length = length;
  header.dict = plan.dict;
  header.generation = plan.generation;
  header.most = plan.most;
  header.grows = plan.grows ? 1 : 0;
  header.joined.store(0, std::memory_order_relaxed);
  header.booted = this_boot();
  header.moved.store(0, std::memory_order_relaxed);
  for (unsigned i = 0; i < kStripes; ++i) {
    Stripe& stripe = *new (&made.stripe(i)) Stripe;
    stripe.region_in_change.store(0, std::memory_order_relaxed);
    stripe.bucket_in_change.store(0, std::memory_order_relaxed);
  }
  return made;
}

void TableFile::publish() {
  CRASH_POINT("bucket-table.create.filled");
  header().magic.store(Header::kMagic, std::memory_order_release);
  remove_ = false;
  CRASH_POINT("bucket-table.create.published");
}

TableFile TableFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0)
    throw Error(ErrorCode::unavailable, fmt::format("bucket-table: cannot open {}: {}; {}", path, reason(errno),
                                                    errno == ENOENT ? "its owner has ended or the name is wrong"
                                                                    : "it must be one of this user"));
  TableFile opened(path, file);
  require_own_file(file, path);
  require_own_domain_of(path);
  struct stat info {};
  if (fstat(file, &info) != 0)
    throw Error(ErrorCode::unavailable, fmt::format("bucket-table: cannot look at {}: {}", path, reason(errno)));
  if (info.st_size == 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("bucket-table: {} is empty: it is being made, or its maker was killed: remove it", path));
  if (static_cast<std::uint64_t>(info.st_size) < kPage)
    throw Error(ErrorCode::corrupt,
                fmt::format("bucket-table: {} is no bucket-table or is truncated: {} bytes", path, info.st_size));
  opened.map(static_cast<std::uint64_t>(info.st_size));
  opened.check();
  opened.adopt(opened.header().geometry, opened.header().hasher);
  opened.make_locks_of_this_boot();
  return opened;
}

void TableFile::check() const {
  const auto refuse = [&](ErrorCode code, const std::string& what) {
    return Error(code, fmt::format("bucket-table: {} {}", path_, what));
  };
  const Header& found = header();
  const std::uint64_t magic = found.magic.load(std::memory_order_acquire);
  if (magic == 0)
    throw refuse(ErrorCode::unavailable, "is not finished: it is being made, or its maker was killed: remove it");
  if (magic != Header::kMagic)
    throw refuse(ErrorCode::corrupt, fmt::format("is no bucket-table: its magic number is {:#x}", magic));
  if (found.version != Header::kVersion || found.header_bytes != sizeof(Header) || found.layout != Header::kLayout)
    throw refuse(ErrorCode::corrupt, fmt::format("has layout version {}, this dictbench reads {}; use one dictbench",
                                                 found.version, Header::kVersion));
  if (found.geometry_hash != geometry_hash(found.geometry) || !found.geometry.is_possible() ||
      found.length != found.geometry.length())
    throw refuse(ErrorCode::corrupt, "has sizes that contradict one another");
  if (length_ != found.length)
    throw refuse(ErrorCode::corrupt,
                 fmt::format("is {} bytes long where its header says {}: truncated?", length_, found.length));
  if (!found.hasher.is_known()) throw refuse(ErrorCode::corrupt, "says nothing of its hash that this dictbench knows");
}

// A lock that was held when the machine stopped would stay held for ever. The file lock keeps two openers apart.
void TableFile::make_locks_of_this_boot() const {
  Header& shared = header();
  if (shared.booted == this_boot()) return;
  while (flock(file_, LOCK_EX) != 0)
    if (errno != EINTR)
      throw Error(ErrorCode::unavailable, fmt::format("bucket-table: cannot lock {}: {}", path_, reason(errno)));
  if (shared.booted != this_boot()) {
    new (&shared.growing) RobustMutex;
    new (&shared.allocating) RobustMutex;
    for (unsigned i = 0; i < kStripes; ++i) new (&stripe(i).lock) RobustMutex;
    shared.booted = this_boot();
  }
  flock(file_, LOCK_UN);
}

TableFile::TableFile(TableFile&& other) noexcept { *this = std::move(other); }

TableFile& TableFile::operator=(TableFile&& other) noexcept {
  if (this == &other) return *this;
  release();
  path_ = std::move(other.path_);
  file_ = std::exchange(other.file_, -1);
  remove_ = std::exchange(other.remove_, false);
  map_ = std::exchange(other.map_, nullptr);
  length_ = other.length_;
  geometry_ = other.geometry_;
  hasher_ = other.hasher_;
  groups_ = other.groups_;
  buckets_ = other.buckets_;
  bucket_bytes_ = other.bucket_bytes_;
  return *this;
}

TableFile::~TableFile() { release(); }

void TableFile::release() noexcept {
  if (map_ != nullptr) munmap(map_, length_);
  if (file_ >= 0) close(file_);
  if (remove_) unlink(path_.c_str());
}

void TableFile::map(std::uint64_t length) {
  void* const mapping = map_shared(file_, length);
  if (mapping == MAP_FAILED)
    throw Error(ErrorCode::unavailable, fmt::format("bucket-table: cannot map {} bytes of {}: {}; see `ulimit -v`",
                                                    length, path_, reason(errno)));
  map_ = static_cast<char*>(mapping);
  length_ = length;
}

void TableFile::adopt(const Geometry& geometry, const Hasher& hasher) {
  geometry_ = geometry;
  hasher_ = hasher;
  groups_ = reinterpret_cast<Group*>(map_ + geometry_.tags_at());
  buckets_ = map_ + geometry_.buckets_at();
  bucket_bytes_ = geometry_.bucket_bytes();
}

void TableFile::reserve(std::uint64_t from, std::uint64_t to) const {
  const int error = allocate_file(file_, from, to);
  if (error == 0) return;
  const bool is_full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw Error(is_full ? ErrorCode::full : ErrorCode::unavailable,
              fmt::format("bucket-table: no room for {} bytes more of {}: {}; {}", to - from, path_, reason(error),
                          is_full ? "free some" : "path= names a file on another file system"));
}

// They follow one another: those between a bucket's first and last chunk are no other bucket's, and all are marked in
// order, so that a process killed at it leaves the last ones.
TableFile::Chunks TableFile::missing(std::uint64_t bucket) const noexcept {
  const std::uint64_t begin = bucket * bucket_bytes_;
  Chunks found;
  for (std::uint64_t chunk = begin / kChunk; chunk <= (begin + bucket_bytes_ - 1) / kChunk; ++chunk) {
    if (chunks()[chunk].load(std::memory_order_acquire) != 0) [[likely]]
      continue;
    if (found.count == 0) found.first = chunk;
    found.count = chunk + 1 - found.first;
  }
  return found;
}

void TableFile::allocate(std::uint64_t bucket) {
  if (is_allocated(bucket)) [[likely]]
    return;
  std::uint64_t from = 0, to = 0;
  {
    // One at a time: an allocation that fails undoes what another has allocated beside it and nobody has touched.
    const RobustMutexGuard guard(header().allocating);
    const Chunks wanted = missing(bucket);
    if (wanted.count == 0) return;
    from = geometry_.buckets_at() + wanted.first * kChunk;
    to = std::min(from + wanted.count * kChunk, length_);
    CRASH_POINT("bucket-table.allocate.begun");
    reserve(from, to);  // all or, in memory, nothing
    CRASH_POINT("bucket-table.allocate.reserved");
    for (std::uint64_t i = 0; i < wanted.count; ++i) chunks()[wanted.first + i].store(1, std::memory_order_release);
    CRASH_POINT("bucket-table.allocate.done");
  }
  for (std::uint64_t page = from / kHugePageBytes * kHugePageBytes; page < to; page += kHugePageBytes) join_pages(page);
}

// One page of the 2 MB from `begin` on, once all of it is allocated, as where buckets are short soon happens: that
// takes no memory, and with pages of 4 KB a get waits for the address translation about as long as for the bucket (120
// of 290 ns in 256 MB, on a virtual machine). It takes 1.2 ms, once; who is killed before it leaves small pages.
void TableFile::join_pages(std::uint64_t begin) const {
  if (begin + kHugePageBytes > length_) return;
  const std::uint64_t buckets_at = geometry_.buckets_at();
  for (std::uint64_t at = std::max(begin, buckets_at); at < begin + kHugePageBytes; at += kChunk)
    if (chunks()[(at - buckets_at) / kChunk].load(std::memory_order_relaxed) == 0) return;
  if (make_huge_page(map_ + begin)) header().joined.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace dictbench::bucket_table
