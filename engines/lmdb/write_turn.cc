#include "engines/lmdb/write_turn.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <new>

#include "engines/lmdb/environment.h"

namespace dictbench {
namespace {

constexpr std::size_t kBytes = 4096;
constexpr std::uint64_t kMagic = 0x6e7275742d62646d;  // "mdb-turn" as bytes on a little-endian machine

// A mutex that is none makes whoever locks it wait for ever, so a damaged file must be told from a whole one.
struct TurnFile {
  std::uint64_t magic = kMagic;
  alignas(64) RobustMutex mutex;
};
static_assert(sizeof(TurnFile) <= kBytes);

TurnFile* map(int fd) {
  void* const address = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return address == MAP_FAILED ? nullptr : static_cast<TurnFile*>(address);
}

std::string turn_path(const std::string& folder) { return folder + "/turn"; }

}  // namespace

void LmdbWriteTurn::create(const std::string& folder) {
  const std::string path = turn_path(folder);
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, 0600);
  if (fd < 0) throw lmdb_error(errno, "make", path);
  // Written and not only made so long: a page that a full disk has no room for would kill whoever touches it.
  constexpr std::array<char, kBytes> kZeros{};
  TurnFile* const file = pwrite(fd, kZeros.data(), kBytes, 0) == kBytes ? map(fd) : nullptr;
  const int error = errno;
  close(fd);
  if (file == nullptr) throw lmdb_error(error, "make", path);
  new (file) TurnFile;
  munmap(file, kBytes);
}

LmdbWriteTurn::LmdbWriteTurn(const std::string& folder) {
  const std::string path = turn_path(folder);
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) throw lmdb_error(errno, "open", path);
  struct stat info {};
  const bool whole = fstat(fd, &info) == 0 && info.st_size == kBytes;
  TurnFile* const file = whole ? map(fd) : nullptr;
  const int error = errno;
  close(fd);
  if (whole && file == nullptr) throw lmdb_error(error, "map", path);
  if (file == nullptr || file->magic != kMagic) {
    if (file != nullptr) munmap(file, kBytes);
    throw Error(ErrorCode::corrupt, fmt::format("lmdb: {} is damaged; make the dict anew", path));
  }
  mutex_ = &file->mutex;
  mapping_ = file;
}

LmdbWriteTurn::~LmdbWriteTurn() { munmap(mapping_, kBytes); }

}  // namespace dictbench
