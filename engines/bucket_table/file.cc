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
#include <new>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "engines/error.h"
#include "engines/key_hash.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/file_memory.h"
#include "engines/shm/ownership.h"
#include "engines/shm/process_identity.h"
#include "engines/shm/whereabouts.h"

namespace dictbench::bucket_table {
namespace {

std::string reason(int error) { return std::strerror(error); }

// Who cannot tell the boot must not make locks anew: others may hold them.
std::array<char, 40> this_boot(const std::string& path) {
  std::array<char, 40> id{};
  const int error = read_boot_id(std::span(id).first<kBootIdBytes>());
  if (error == 0) return id;
  throw Error(ErrorCode::unavailable,
              fmt::format("bucket-table: {}: whether its locks were made since the machine was started cannot be told: "
                          "{}: {}; see that /proc is mounted and nothing over it, and `ulimit -n`",
                          path, kBootIdFile, reason(error)));
}

// The file of a dict that goes with its maker tells in its name whose it is, and where it was made: its locks are of
// this boot, for no other domain opens it. One that the user named may have been made anywhere.
std::optional<ProcessIdentity> maker_of(const std::string& path) {
  return owner_in_name(std::filesystem::path(path).filename().native());
}

std::uint64_t geometry_hash(const Geometry& geometry) { return XXH3_64bits(&geometry, sizeof geometry); }

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
  const auto booted = maker_of(path) ? std::array<char, 40>{} : this_boot(path);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    throw Error(errno == ENOSPC ? ErrorCode::full : ErrorCode::unavailable,
                fmt::format("bucket-table: cannot make {}: {}; path= names another place", path, reason(errno)));
  TableFile made(path, file, plan.timeout);
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
  header.booted = booted;
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

TableFile TableFile::open(const std::string& path, std::chrono::milliseconds timeout) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0)
    throw Error(ErrorCode::unavailable, fmt::format("bucket-table: cannot open {}: {}; {}", path, reason(errno),
                                                    errno == ENOENT ? "its owner has ended or the name is wrong"
                                                                    : "it must be one of this user"));
  TableFile opened(path, file, timeout);
  require_own_file(file, path);
  if (const auto maker = maker_of(path)) require_own_domain(*maker, path);
  struct stat info {};
  if (fstat(file, &info) != 0)
    throw Error(ErrorCode::unavailable, fmt::format("bucket-table: cannot look at {}: {}", path, reason(errno)));
  if (info.st_size == 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("bucket-table: {} is empty: it is being made, or its maker was killed: remove it", path));
  opened.check(static_cast<std::uint64_t>(info.st_size));
  opened.map(static_cast<std::uint64_t>(info.st_size));
  opened.adopt(opened.header().geometry, opened.header().hasher);
  opened.make_locks_of_this_boot();
  return opened;
}

// The header is read, not mapped: a file that is none of ours may have no room to be mapped in, or no page there.
void TableFile::check(std::uint64_t length) const {
  const auto refuse = [&](ErrorCode code, const std::string& what) {
    return Error(code, fmt::format("bucket-table: {} {}", path_, what));
  };
  alignas(Header) std::array<char, sizeof(Header)> bytes;
  const int error = length < kPage ? ENODATA : read_header(file_, bytes);
  if (error == ENODATA)
    throw refuse(ErrorCode::corrupt, fmt::format("is no bucket-table or is truncated: {} bytes", length));
  if (error != 0) throw refuse(ErrorCode::unavailable, fmt::format("cannot be read: {}", reason(error)));
  const Header& found = *reinterpret_cast<const Header*>(bytes.data());
  const std::uint64_t magic = found.magic.load(std::memory_order_relaxed);
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
  if (length != found.length)
    throw refuse(ErrorCode::corrupt,
                 fmt::format("is {} bytes long where its header says {}: truncated?", length, found.length));
  if (!found.hasher.is_known()) throw refuse(ErrorCode::corrupt, "says nothing of its hash that this dictbench knows");
}

// A lock that was held when the machine stopped would stay held for ever. The file lock keeps two openers apart.
void TableFile::make_locks_of_this_boot() const {
  if (maker_of(path_)) return;
  Header& shared = header();
  const auto booted = this_boot(path_);
  if (shared.booted == booted) return;
  lock_file();
  if (shared.booted != booted) {
    new (&shared.growing) RobustMutex;
    new (&shared.allocating) RobustMutex;
    for (unsigned i = 0; i < kStripes; ++i) new (&stripe(i).lock) RobustMutex;
    shared.booted = booted;
  }
  flock(file_, LOCK_UN);
}

// flock(2) waits without an end, so it is only tried.
void TableFile::lock_file() const {
  constexpr std::chrono::milliseconds kPause{1};
  const auto until = std::chrono::steady_clock::now() + timeout_;
  while (flock(file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      throw Error(ErrorCode::unavailable, fmt::format("bucket-table: cannot lock {}: {}", path_, reason(errno)));
    if (std::chrono::steady_clock::now() >= until) throw lock_timeout(timeout_);
    std::this_thread::sleep_for(kPause);
  }
}

TableFile::TableFile(TableFile&& other) noexcept { *this = std::move(other); }

TableFile& TableFile::operator=(TableFile&& other) noexcept {
  if (this == &other) return *this;
  release();
  path_ = std::move(other.path_);
  file_ = std::exchange(other.file_, -1);
  timeout_ = other.timeout_;
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

void TableFile::adopt(const Geometry& geometry, const KeyHash& hasher) {
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
    const RobustMutexGuard guard(header().allocating, timeout_);
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
