#include "engines/shm/file_memory.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25  // Linux 6.1
#endif

namespace dictbench {
namespace {

std::uint64_t round_up(std::uint64_t bytes, std::uint64_t unit) { return (bytes + unit - 1) / unit * unit; }

// fallocate(2) with signals blocked: 0, or its errno.
int change_file(int file, int how, std::uint64_t from, std::uint64_t to) noexcept {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = 0;
  do {
    error = fallocate(file, how, static_cast<off_t>(from), static_cast<off_t>(to - from)) == 0 ? 0 : errno;
  } while (error == EINTR);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

int read_start(int file, void* to, std::size_t bytes) noexcept {
  const ssize_t got = pread(file, to, bytes, 0);
  if (got < 0) return errno;
  return static_cast<std::size_t>(got) == bytes ? 0 : ENODATA;
}

}  // namespace

// The first word may be read byte by byte while it is stored, so it is read until it stays.
int read_header(int file, std::span<char> to) noexcept {
  std::uint64_t word = 0, before = 0;
  do {
    before = word;
    if (const int error = read_start(file, &word, sizeof word); error != 0) return error;
  } while (word != before);
  std::atomic_thread_fence(std::memory_order_acquire);
  if (const int error = read_start(file, to.data(), to.size()); error != 0) return error;
  std::memcpy(to.data(), &word, sizeof word);
  return 0;
}

// Address space with room to move in, of which the file gets the aligned part and the rest goes back.
void* map_shared(int file, std::uint64_t length) noexcept {
  const std::uint64_t room = length + kHugePageBytes;
  void* const space = mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) return MAP_FAILED;
  const auto begin = reinterpret_cast<std::uintptr_t>(space);
  const std::uintptr_t aligned = round_up(begin, kHugePageBytes);
  void* const mapping = mmap(reinterpret_cast<void*>(aligned), length, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_NORESERVE | MAP_FIXED, file, 0);
  const int error = errno;
  if (mapping == MAP_FAILED) {
    munmap(space, room);
  } else {
    const std::uintptr_t end = aligned + round_up(length, static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
    if (aligned > begin) munmap(space, aligned - begin);
    if (begin + room > end) munmap(reinterpret_cast<void*>(end), begin + room - end);
  }
  errno = error;
  return mapping;
}

int allocate_file(int file, std::uint64_t from, std::uint64_t to) noexcept { return change_file(file, 0, from, to); }

int release_file(int file, std::uint64_t from, std::uint64_t to) noexcept {
  return change_file(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, to);
}

bool make_huge_page(void* at) noexcept { return madvise(at, kHugePageBytes, MADV_COLLAPSE) == 0; }

}  // namespace dictbench
