#include "engines/shm/private_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engines/error.h"
#include "engines/shm/process_identity.h"

namespace dictbench {

std::filesystem::path temporary_folder() {
  const char* set = std::getenv("TMPDIR");
  return set != nullptr && *set != '\0' ? set : "/tmp";
}

std::string own_name_prefix() { return fmt::format("dictbench-{}-", geteuid()); }

PrivateDirectory::PrivateDirectory(const std::filesystem::path& parent) : owner_(getpid()) {
  static std::atomic<unsigned> counter = 0;
  const auto folder = parent.empty() ? temporary_folder() : parent;
  path_ = folder / fmt::format("{}{}.{}", own_name_prefix(), ProcessIdentity::self().text(), counter++);
  if (mkdir(path_.c_str(), 0700) != 0)
    throw Error(ErrorCode::unavailable, fmt::format("cannot make {}: {}; set TMPDIR to a folder that can be written",
                                                    path_.string(), std::strerror(errno)));
}

PrivateDirectory::~PrivateDirectory() {
  if (getpid() != owner_) return;
  std::error_code ignored;  // what cannot be removed now is found by the next run's clean-up
  std::filesystem::remove_all(path_, ignored);
}

FolderBytes folder_bytes(const std::filesystem::path& folder) {
  constexpr std::uint64_t kBlock = 512;  // unit of st_blocks, whatever the file system's own is
  FolderBytes bytes;
  std::error_code error;
  for (auto entry = std::filesystem::recursive_directory_iterator(folder, error);
       entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    struct stat info {};
    if (lstat(entry->path().c_str(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    bytes.in_use += static_cast<std::uint64_t>(info.st_blocks) * kBlock;
    bytes.length += static_cast<std::uint64_t>(info.st_size);
  }
  return bytes;
}

}  // namespace dictbench
