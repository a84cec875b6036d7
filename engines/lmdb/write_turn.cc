#include "engines/lmdb/write_turn.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>

#include "engines/lmdb/environment.h"

namespace dictbench {
namespace {

constexpr std::size_t kBytes = 4096;

void* map(const std::string& folder, int flags) {
  const std::string path = folder + "/turn";
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0600);
  if (fd < 0) throw lmdb_error(errno, "open", path);
  // Written and not only made so long: a page that a full disk has no room for would kill whoever touches it.
  constexpr std::array<char, kBytes> kZeros{};
  const bool has_room = (flags & O_CREAT) == 0 || pwrite(fd, kZeros.data(), kBytes, 0) == kBytes;
  void* const address = has_room ? mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  const int error = errno;
  close(fd);
  if (address == MAP_FAILED) throw lmdb_error(error, "open", path);
  return address;
}

}  // namespace

void LmdbWriteTurn::create(const std::string& path) {
  void* const address = map(path, O_CREAT | O_EXCL);
  new (address) RobustMutex;
  munmap(address, kBytes);
}

LmdbWriteTurn::LmdbWriteTurn(const std::string& path) : mutex_(static_cast<RobustMutex*>(map(path, 0))) {}

LmdbWriteTurn::~LmdbWriteTurn() { munmap(mutex_, kBytes); }

}  // namespace dictbench
