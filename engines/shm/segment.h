// A named POSIX shared-memory segment: the memory that engines in shared memory build their tables in.
//
// Life: create() makes it (mode 0600) under a name that tells its owner, the engine builds its root in it, publish()
// says that it is whole. open() attaches by name, from any process of the same user and domain (ownership.h). The
// creator's destructor unlinks the name; attached processes only unmap, and a child that inherited the creator's object
// over a fork only unmaps too. What a killed creator leaves is removed by engines/shm/leftovers.h.
//
// Room: the whole reservation is mapped at once, so that addresses never move; it is sparse and
// costs nothing. The mapping begins on a 2 MB boundary, so that 2 MB pages of the file can be mapped as such. Memory
// must be committed before it is touched: commit() has the file system allocate it, so that a full /dev/shm is an
// Error(full) there and never a SIGBUS later.
//
// Room is asked for before it is taken: without that the kernel fills the file system to the brim before it gives up.
// So a range of which some is allocated already counts as wholly missing, as after a process was killed between
// allocating and saying so: where less than the range is free, /dev/shm then is full a step of growth too early. There
// is no way to ask how much is missing: pages that nobody has touched yet look like holes to lseek(2) and mincore(2).
//
// File: one page of header {magic, version, layout, sizes, owner}, then the engine's data. The magic is
// stored last, by publish(), so that nobody opens a segment that is half made.
//
// Threads: the object may be read by many; commit() may be called by any thread of any process.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "engines/shm/process_identity.h"

namespace dictbench {

// What a segment holds: an engine's name for its data structure, and its version. Two processes agree on
// both or do not share.
struct SegmentLayout {
  static constexpr std::size_t kLongestName = 31;

  std::string_view name;
  std::uint32_t version = 1;
  // Bytes of data() that are committed in every whole segment of this layout: the engine's root. A shorter one is
  // refused, for touching the root of a file that ends before it is a SIGBUS.
  std::uint64_t least_bytes = 0;
};

class Segment {
 public:
  // Data begins here in the file: on a cache line, and on a page where pages are 4 KB.
  static constexpr std::uint64_t kHeaderBytes = 4096;

  // A new segment with room for `reserve_bytes` of data, the first `commit_bytes` of them allocated and
  // zero; nobody can open it before publish(). Throws Error: `full` where /dev/shm has no room for them, `unavailable`
  // where it cannot be made.
  static Segment create(const SegmentLayout& layout, std::uint64_t reserve_bytes, std::uint64_t commit_bytes);

  // To be called once, by the creator, when what lies in data() is whole: whoever opens the segment sees all of it.
  void publish() noexcept;

  // Attaches to another process's segment. Throws Error: `unavailable` where there is none of that name, it is not
  // finished, others than this user own it or may write to it, or it was made in another domain; `corrupt` where it is
  // truncated, no segment of ours or of another layout.
  static Segment open(const std::string& name, const SegmentLayout& layout);

  Segment(Segment&& other) noexcept;
  Segment& operator=(Segment&&) = delete;
  ~Segment();

  // "/dictbench-0-1234.cx9m.1f0v3kz90qp71e2x9ab4c7.s0", as shm_open takes it.
  const std::string& name() const noexcept { return name_; }

  char* data() const noexcept { return static_cast<char*>(mapping_) + kHeaderBytes; }
  std::uint64_t reserved() const noexcept;   // bytes of data(), committed or not
  std::uint64_t committed() const noexcept;  // bytes of data() that may be touched

  // Makes the first `bytes` of data() safe to touch; does nothing where they are already. Throws
  // Error(full) when `bytes` passes the reservation or /dev/shm has no room; committed() is then as before.
  void commit(std::uint64_t bytes);

  // Makes [from, to) of data() safe to touch, wherever it lies: for whoever keeps several growing things in one segment
  // and keeps account of them (committed() does not count it). `from` and `to` are multiples of a page. Throws
  // Error(full) as commit() does; nothing has changed then.
  void commit_range(std::uint64_t from, std::uint64_t to);

  // The same for `bytes` from `from` on without a lock, so that no stopped process holds it up. Ranges that are
  // allocated at the same time must not share a page: a failing allocation gives back what nobody has touched.
  void commit_range_unlocked(std::uint64_t from, std::uint64_t bytes);

  // Gives [from, to) of data(), which commit_range() made safe to touch, back to the file system; nobody may touch it
  // before it is committed again. Where `from` or `to` is no multiple of a page, the part of that page that lies in the
  // range is zeroed instead. Needs no lock. Without effect where the file system cannot take memory back.
  void release_range(std::uint64_t from, std::uint64_t to) noexcept;

  // 2 MB pages of all whole 2 MB between `from` and `to` of data(), which are committed: where the system grants them,
  // and this takes about 1.2 ms each. Any thread that nobody minds waiting.
  void join_pages(std::uint64_t from, std::uint64_t to) const noexcept;

  // The engine fact `pages` of an engine that joins them: how many were granted, or "4 KB" and why.
  std::string pages_fact() const;

  ProcessIdentity owner() const noexcept;

  std::uint64_t bytes_in_use() const;     // blocks allocated, header included
  std::uint64_t length() const noexcept;  // of the sparse file

 private:
  struct Header;

  Segment(std::string name, int file, pid_t creator) : name_(std::move(name)), file_(file), creator_(creator) {}

  Header& header() const noexcept;
  void map(std::uint64_t length);
  void allocate(std::uint64_t from, std::uint64_t to);
  void check(const SegmentLayout& layout, std::uint64_t length) const;

  std::string name_;
  int file_ = -1;
  pid_t creator_ = 0;  // 0: attached
  void* mapping_ = nullptr;
  std::uint64_t mapped_ = 0;
};

// Bytes of the file system that holds segments: in all (0: no limit) and free.
struct SharedMemorySpace {
  std::uint64_t total = 0, free = 0;
};
SharedMemorySpace shared_memory_space();

// What segments can hold at most: that file system or, where it has no limit, the machine's memory. Bytes.
std::uint64_t most_shared_memory();

}  // namespace dictbench
