#include "engines/lmdb/queue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <new>

#include "engines/lmdb/environment.h"

namespace dictbench {
namespace {

constexpr std::uint64_t kMagic = 0x3165756575716264;  // "dbqueue1"
constexpr off_t kBytes = 4096;

std::string file_in(const std::string& folder) { return folder + "/queue"; }

// The file stays open for no longer than the mapping takes.
void* map(int file) { return mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0); }

}  // namespace

struct LmdbQueue::Shared {
  std::uint64_t magic = kMagic;
  alignas(128) RobustMutex write;
  alignas(128) RobustMutex readers;
};

void LmdbQueue::make(const std::string& folder) {
  static_assert(sizeof(Shared) <= kBytes);
  const int file = open(file_in(folder).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) throw lmdb_error(errno, "make", file_in(folder));
  const int code = posix_fallocate(file, 0, kBytes);  // or a full disk would be a SIGBUS
  void* const memory = code == 0 ? map(file) : MAP_FAILED;
  const int error = code != 0 ? code : errno;
  close(file);
  if (memory == MAP_FAILED) throw lmdb_error(error, "make", file_in(folder));
  new (memory) Shared();
  munmap(memory, kBytes);
}

LmdbQueue::LmdbQueue(const std::string& folder) {
  const int file = open(file_in(folder).c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) throw lmdb_error(errno, "open", file_in(folder));
  struct stat info {};
  const bool whole = fstat(file, &info) == 0 && info.st_size == kBytes;
  void* const memory = whole ? map(file) : MAP_FAILED;
  const int error = errno;
  close(file);
  if (!whole) throw lmdb_error(MDB_INVALID, "use the truncated", file_in(folder));
  if (memory == MAP_FAILED) throw lmdb_error(error, "open", file_in(folder));
  shared_ = static_cast<Shared*>(memory);
  if (shared_->magic == kMagic) return;
  munmap(memory, kBytes);
  throw lmdb_error(MDB_INVALID, "use the foreign", file_in(folder));
}

LmdbQueue::~LmdbQueue() { munmap(shared_, kBytes); }

RobustMutex& LmdbQueue::write() const noexcept { return shared_->write; }
RobustMutex& LmdbQueue::readers() const noexcept { return shared_->readers; }

}  // namespace dictbench
