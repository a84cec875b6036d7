#include "engines/shm/segment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/file_memory.h"
#include "engines/shm/ownership.h"
#include "engines/shm/private_directory.h"
#include "engines/shm/robust_mutex.h"

namespace dictbench {
namespace {

constexpr std::uint64_t kMagic = 0x6d68732d74636964;  // "dict-shm" as bytes on a little-endian machine
constexpr std::uint32_t kHeaderVersion = 2;

std::string reason(int error) { return std::strerror(error); }

std::uint64_t round_up_to_page(std::uint64_t bytes) {
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

}  // namespace

struct Segment::Header {
  std::atomic<std::uint64_t> magic;  // stored last, with release
  std::uint32_t version;
  std::uint32_t layout_version;
  std::array<char, SegmentLayout::kLongestName + 1> layout_name;
  std::uint64_t reserved;
  std::atomic<std::uint64_t> committed;
  ProcessIdentity owner;
  RobustMutex commit_mutex;  // a failing fallocate undoes pages of a parallel one that nobody has touched yet
  std::atomic<std::uint64_t> joined = 0;  // 2 MB pages that join_pages() got
};

Segment Segment::create(const SegmentLayout& layout, std::uint64_t reserve_bytes, std::uint64_t commit_bytes) {
  static_assert(sizeof(Header) <= kHeaderBytes);
  static std::atomic<unsigned> counter = 0;
  if (layout.name.empty() || layout.name.size() > SegmentLayout::kLongestName)
    throw std::invalid_argument(
        fmt::format("segment layout '{}': 1 to {} bytes", layout.name, SegmentLayout::kLongestName));

  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;  // no machine maps as much, and sums with it do not wrap
  if (std::max(reserve_bytes, commit_bytes) > kMost)
    throw Error(ErrorCode::unavailable, fmt::format("cannot reserve {} bytes of shared memory: reserve less",
                                                    std::max(reserve_bytes, commit_bytes)));

  const ProcessIdentity owner = ProcessIdentity::self();
  // The s keeps it apart from a PrivateDirectory that the same process makes in /dev/shm.
  std::string name = fmt::format("/{}{}.s{}", own_name_prefix(), owner.text(), counter++);
  const int file = shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
  if (file < 0)
    throw Error(errno == ENOSPC ? ErrorCode::full : ErrorCode::unavailable,
                fmt::format("cannot make shared memory {}: {}; see that /dev/shm is mounted and can be written", name,
                            reason(errno)));
  Segment segment(std::move(name), file, getpid());  // from here on its destructor unlinks
  CRASH_POINT("segment.create.named");

  const std::uint64_t reserved = round_up_to_page(std::max(reserve_bytes, commit_bytes));
  const std::uint64_t length = kHeaderBytes + reserved;
  if (ftruncate(file, static_cast<off_t>(length)) != 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("cannot reserve {} bytes in shared memory {}: {}", length, segment.name_, reason(errno)));
  CRASH_POINT("segment.create.sized");
  segment.map(length);
  segment.allocate(0, kHeaderBytes);
  CRASH_POINT("segment.create.header_allocated");
  auto* header = new (segment.mapping_) Header;
  header->version = kHeaderVersion;
  header->layout_version = layout.version;
  header->layout_name.fill('\0');
  layout.name.copy(header->layout_name.data(), SegmentLayout::kLongestName);
  header->reserved = reserved;
  header->committed.store(0, std::memory_order_relaxed);
  header->owner = owner;
  segment.commit(commit_bytes);
  CRASH_POINT("segment.create.committed");
  return segment;
}

void Segment::publish() noexcept {
  CRASH_POINT("segment.publish.begun");
  header().magic.store(kMagic, std::memory_order_release);
  CRASH_POINT("segment.publish.done");
}

Segment Segment::open(const std::string& name, const SegmentLayout& layout) {
  const int file = shm_open(name.c_str(), O_RDWR, 0);
  if (file < 0)
    throw Error(ErrorCode::unavailable, fmt::format("cannot open shared memory {}: {}; {}", name, reason(errno),
                                                    errno == ENOENT ? "its owner has ended or the name is wrong"
                                                                    : "it must be one of this user"));
  Segment segment(name, file, 0);
  require_own_file(file, fmt::format("shared memory {}", name));
  struct stat info {};
  if (fstat(file, &info) != 0)
    throw Error(ErrorCode::unavailable, fmt::format("cannot look at shared memory {}: {}", name, reason(errno)));
  if (info.st_size == 0)
    throw Error(ErrorCode::unavailable, fmt::format("shared memory {} is empty: its owner is still making it", name));
  const auto length = static_cast<std::uint64_t>(info.st_size);
  segment.check(layout, length);
  segment.map(length);
  return segment;
}

// The header is read, not mapped: of a file that is none of ours or too short, touching memory may be a SIGBUS, and a
// long one may have no room to be mapped in.
void Segment::check(const SegmentLayout& layout, std::uint64_t length) const {
  const auto refuse = [&](ErrorCode code, const std::string& what) {
    return Error(code, fmt::format("shared memory {} {}", name_, what));
  };
  alignas(Header) std::array<char, sizeof(Header)> bytes;
  const int error = length < kHeaderBytes ? ENODATA : read_header(file_, bytes);
  if (error == ENODATA)
    throw refuse(ErrorCode::corrupt,
                 fmt::format("is no segment of dictbench or is truncated: {} bytes, and the header alone takes {}",
                             length, kHeaderBytes));
  if (error != 0) throw refuse(ErrorCode::unavailable, fmt::format("cannot be read: {}", reason(error)));
  const Header& found = *reinterpret_cast<const Header*>(bytes.data());
  const std::uint64_t magic = found.magic.load(std::memory_order_relaxed);
  if (magic == 0) throw refuse(ErrorCode::unavailable, "is not finished: its owner is still making it");
  if (magic != kMagic)
    throw refuse(ErrorCode::corrupt, fmt::format("is no segment of dictbench: its magic number is {:#x}", magic));
  if (found.version != kHeaderVersion)
    throw refuse(ErrorCode::corrupt,
                 fmt::format("has header version {}, this dictbench reads {}; use the same dictbench for both",
                             found.version, kHeaderVersion));
  const std::string_view name(found.layout_name.data(), strnlen(found.layout_name.data(), SegmentLayout::kLongestName));
  if (name != layout.name || found.layout_version != layout.version)
    throw refuse(ErrorCode::corrupt, fmt::format("holds '{}' version {}, wanted is '{}' version {}", name,
                                                 found.layout_version, layout.name, layout.version));
  require_own_domain(found.owner, fmt::format("shared memory {}", name_));
  const std::uint64_t committed = found.committed.load(std::memory_order_relaxed);
  if (length != kHeaderBytes + found.reserved || committed > found.reserved)
    throw refuse(ErrorCode::corrupt,
                 fmt::format("is {} bytes long where its header says {} of which {} are committed: truncated?", length,
                             kHeaderBytes + found.reserved, kHeaderBytes + committed));
  if (committed < layout.least_bytes)
    throw refuse(ErrorCode::corrupt, fmt::format("has {} bytes committed, its root alone takes {}: truncated?",
                                                 committed, layout.least_bytes));
}

Segment::Segment(Segment&& other) noexcept
    : name_(std::move(other.name_)),
      file_(std::exchange(other.file_, -1)),
      creator_(std::exchange(other.creator_, 0)),
      mapping_(std::exchange(other.mapping_, nullptr)),
      mapped_(other.mapped_) {}

Segment::~Segment() {
  if (mapping_ != nullptr) munmap(mapping_, mapped_);
  if (file_ >= 0) close(file_);
  if (creator_ != 0 && creator_ == getpid()) shm_unlink(name_.c_str());
}

void Segment::map(std::uint64_t length) {
  void* const mapping = map_shared(file_, length);
  if (mapping == MAP_FAILED)
    throw Error(ErrorCode::unavailable,
                fmt::format("cannot map {} bytes of shared memory {}: {}; see `ulimit -v`, or reserve less", length,
                            name_, reason(errno)));
  mapping_ = mapping;
  mapped_ = length;
}

Segment::Header& Segment::header() const noexcept { return *static_cast<Header*>(mapping_); }
std::uint64_t Segment::reserved() const noexcept { return header().reserved; }
std::uint64_t Segment::committed() const noexcept { return header().committed.load(std::memory_order_acquire); }
ProcessIdentity Segment::owner() const noexcept { return header().owner; }
std::uint64_t Segment::length() const noexcept { return mapped_; }

std::uint64_t Segment::bytes_in_use() const {
  constexpr std::uint64_t kBlock = 512;  // unit of st_blocks
  struct stat info {};
  return fstat(file_, &info) == 0 ? static_cast<std::uint64_t>(info.st_blocks) * kBlock : 0;
}

void Segment::commit(std::uint64_t bytes) {
  if (bytes <= committed()) return;
  if (bytes > reserved())
    throw Error(ErrorCode::full,
                fmt::format("shared memory {} is full: {} bytes wanted, {} reserved", name_, bytes, reserved()));
  Header& shared = header();
  // A holder killed between allocation and store leaves less committed than allocated, which is no harm.
  const RobustMutexGuard guard(shared.commit_mutex);
  const std::uint64_t before = committed();
  if (bytes <= before) return;
  CRASH_POINT("segment.commit.begun");
  const std::uint64_t target = std::min(round_up_to_page(bytes), reserved());
  allocate(kHeaderBytes + before, kHeaderBytes + target);
  CRASH_POINT("segment.commit.allocated");
  shared.committed.store(target, std::memory_order_release);
  CRASH_POINT("segment.commit.done");
}

void Segment::commit_range_unlocked(std::uint64_t from, std::uint64_t bytes) {
  if (bytes > reserved() || from > reserved() - bytes)
    throw Error(ErrorCode::full, fmt::format("shared memory {} is full: {} bytes at {} wanted, {} reserved", name_,
                                             bytes, from, reserved()));
  allocate(kHeaderBytes + from, kHeaderBytes + from + bytes);
}

void Segment::commit_range(std::uint64_t from, std::uint64_t to) {
  if (to <= from) return;
  if (to > reserved())
    throw Error(ErrorCode::full,
                fmt::format("shared memory {} is full: {} bytes wanted, {} reserved", name_, to, reserved()));
  const RobustMutexGuard guard(header().commit_mutex);
  allocate(kHeaderBytes + from, kHeaderBytes + to);
  CRASH_POINT("segment.commit_range.allocated");
}

void Segment::release_range(std::uint64_t from, std::uint64_t to) noexcept {
  if (to <= from || to > reserved()) return;
  release_file(file_, kHeaderBytes + from, kHeaderBytes + to);
  CRASH_POINT("segment.release_range.released");
}

void Segment::join_pages(std::uint64_t from, std::uint64_t to) const noexcept {
  const std::uint64_t end = kHeaderBytes + to;
  for (std::uint64_t at = (kHeaderBytes + from) / kHugePageBytes * kHugePageBytes; at + kHugePageBytes <= end;
       at += kHugePageBytes)
    if (make_huge_page(static_cast<char*>(mapping_) + at)) header().joined.fetch_add(1, std::memory_order_relaxed);
}

std::string Segment::pages_fact() const {
  const std::uint64_t joined = header().joined.load(std::memory_order_relaxed), bytes = joined * kHugePageBytes;
  if (joined != 0) return fmt::format("2 MB: {} granted, {} of {} KiB", joined, bytes >> 10, bytes_in_use() >> 10);
  return bytes_in_use() < kHugePageBytes ? "4 KB: there is less than 2 MB" : "4 KB: no 2 MB page was granted";
}

// Allocates a range of the file.
void Segment::allocate(std::uint64_t from, std::uint64_t to) {
  const auto full = [&](const std::string& why) {
    return Error(ErrorCode::full,
                 fmt::format("no room in /dev/shm for {} bytes more of {}: {}; free some or mount it larger", to - from,
                             name_, why));
  };
  // Asked first, because the kernel would fill the file system to the brim, to others' harm, before it gives up.
  const SharedMemorySpace space = shared_memory_space();
  if (space.total != 0 && to - from > space.free) throw full(fmt::format("{} bytes are free", space.free));
  if (const int error = allocate_file(file_, from, to); error != 0) throw full(reason(error));
}

SharedMemorySpace shared_memory_space() {
  struct statvfs space {};
  if (statvfs("/dev/shm", &space) != 0) return {};
  return {.total = std::uint64_t{space.f_blocks} * space.f_frsize,
          .free = std::uint64_t{space.f_bavail} * space.f_frsize};
}

std::uint64_t most_shared_memory() {
  const std::uint64_t total = shared_memory_space().total;
  if (total != 0) return total;
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace dictbench
