// The file of a bucket-table, mapped.
//
// Made under a name of its own; what it holds is published by the magic number, stored last, so that nobody opens a
// file that is half made. All but the buckets is allocated at once, buckets by chunks when they are first used: the
// length is that of a full table, the blocks in use are what was touched, and a full file system is Error(full) and
// never a SIGBUS.
//
// Owned by one thread; any number of processes map the same file. Nothing is unlinked unless publish() was never
// called.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "engines/bucket_table/layout.h"

namespace dictbench::bucket_table {

// To wait for a lock, where nobody says.
inline constexpr std::chrono::milliseconds kTimeout{5000};

struct Plan {
  Geometry geometry;
  std::uint64_t most = 0;  // bytes; 0: no limit
  bool grows = true;
  std::uint64_t dict = 0;
  std::uint64_t generation = 1;
  KeyHash hasher{};
  std::chrono::milliseconds timeout = kTimeout;
};

class TableFile {
 public:
  // A new file, not yet published. Throws Error(full, unavailable).
  static TableFile create(const std::string& path, const Plan& plan);

  // Throws Error: `unavailable` where there is none, it is not finished, somebody else can write it or it was made in
  // another domain (ownership.h), or the boot cannot be told; `corrupt` where it is no such file or contradicts
  // itself; `timeout`. The first to open it after a restart of the machine makes its locks anew.
  static TableFile open(const std::string& path, std::chrono::milliseconds timeout = kTimeout);

  TableFile(TableFile&& other) noexcept;
  TableFile& operator=(TableFile&& other) noexcept;
  ~TableFile();

  void publish();

  const Geometry& geometry() const noexcept { return geometry_; }
  const KeyHash& hasher() const noexcept { return hasher_; }
  std::chrono::milliseconds timeout() const noexcept { return timeout_; }  // of whoever opened it, to wait for a lock
  Header& header() const noexcept { return *reinterpret_cast<Header*>(map_); }
  Stripe& stripe(std::uint64_t number) const noexcept {
    return *reinterpret_cast<Stripe*>(map_ + kStripesAt + number * sizeof(Stripe));
  }
  char* journal(std::uint64_t stripe) const noexcept { return map_ + kJournalsAt + stripe * geometry_.journal_bytes(); }
  std::atomic<std::uint32_t>& items(std::uint64_t region) const noexcept {
    return reinterpret_cast<std::atomic<std::uint32_t>*>(map_ + geometry_.items_at())[region];
  }
  Group* groups(std::uint64_t region) const noexcept { return groups_ + region * geometry_.groups; }
  char* bucket(std::uint64_t number) const noexcept { return buckets_ + number * bucket_bytes_; }

  // Both by who holds `growing`: that it gets on, however long it takes.
  void note_step() const noexcept {
    std::atomic<std::uint32_t>& steps = header().steps;
    steps.store(steps.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  // For who waits for a lock: has somebody noted a step since this was last asked?
  auto steps_are_noted() const noexcept {
    return [&steps = header().steps, seen = header().steps.load(std::memory_order_relaxed)]() mutable {
      return std::exchange(seen, steps.load(std::memory_order_relaxed)) != seen;
    };
  }

  // Whether a bucket has its memory, so that it may be written: it keeps it when its item is erased.
  bool is_allocated(std::uint64_t bucket) const noexcept { return missing(bucket).count == 0; }

  // Sees to it that it has. Throws Error(full, timeout); nothing has changed then.
  void allocate(std::uint64_t bucket);

 private:
  TableFile(std::string path, int file, std::chrono::milliseconds timeout)
      : path_(std::move(path)), file_(file), timeout_(timeout) {}
  void map(std::uint64_t length);
  void adopt(const Geometry& geometry, const KeyHash& hasher);
  void reserve(std::uint64_t from, std::uint64_t to) const;
  struct Chunks {
    std::uint64_t first = 0, count = 0;
  };
  Chunks missing(std::uint64_t bucket) const noexcept;  // chunks of it that are not allocated
  std::atomic<std::uint8_t>* chunks() const noexcept {
    return reinterpret_cast<std::atomic<std::uint8_t>*>(map_ + geometry_.chunks_at());
  }
  void join_pages(std::uint64_t begin) const;
  void check(std::uint64_t length) const;
  void make_locks_of_this_boot() const;
  void lock_file() const;
  void release() noexcept;

  std::string path_;
  int file_ = -1;
  std::chrono::milliseconds timeout_{};
  bool remove_ = false;
  char* map_ = nullptr;
  std::uint64_t length_ = 0;
  Geometry geometry_;
  KeyHash hasher_;
  Group* groups_ = nullptr;
  char* buckets_ = nullptr;
  std::uint64_t bucket_bytes_ = 0;
};

}  // namespace dictbench::bucket_table
