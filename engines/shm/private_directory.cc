#include "engines/shm/private_directory.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engines/error.h"
#include "engines/shm/process_identity.h"

namespace dictbench {

namespace {

// Without a slash at its end: one folder has one text.
std::filesystem::path tmpdir_or(const char* otherwise) {
  const char* set = std::getenv("TMPDIR");
  std::filesystem::path folder = set != nullptr && *set != '\0' ? set : otherwise;
  folder = folder.lexically_normal();
  return folder.has_filename() ? folder : folder.parent_path();
}

}  // namespace

std::filesystem::path temporary_folder() { return tmpdir_or("/tmp"); }

std::filesystem::path disk_folder() { return tmpdir_or("/var/tmp"); }

std::set<std::filesystem::path> own_folders() { return {"/dev/shm", temporary_folder(), disk_folder()}; }

std::string own_name_prefix() { return fmt::format("dictbench-{}-", geteuid()); }

PrivateDirectory::PrivateDirectory(const std::filesystem::path& parent) : owner_(getpid()) {
  static std::atomic<unsigned> counter = 0;
  const auto folder = parent.empty() ? temporary_folder() : parent;
  path_ = folder / fmt::format("{}{}.{}", own_name_prefix(), ProcessIdentity::self().text(), counter++);
  if (mkdir(path_.c_str(), 0700) != 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("cannot make {}: {}; {}", path_.string(), std::strerror(errno),
                            parent == "/dev/shm" ? "files=disk puts them on the disk"
                                                 : "set TMPDIR to a folder that can be written"));
}

PrivateDirectory::~PrivateDirectory() {
  if (getpid() != owner_) return;
  std::error_code ignored;  // what cannot be removed now is found by the next run's clean-up
  // Under another name first: a process that attaches right now may be making files here, which would keep the folder.
  const std::filesystem::path gone = path_.native() + "-gone";
  std::filesystem::rename(path_, gone, ignored);
  std::filesystem::remove_all(ignored ? path_ : gone, ignored);
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

std::string filesystem_name(const std::filesystem::path& path) {
  // From linux/magic.h, or, where it lacks one, from statfs(2).
  constexpr std::uint32_t kZfs = 0x2fc12fc1, kBcachefs = 0xca451a4e;
  struct statfs info {};
  if (statfs(path.c_str(), &info) != 0) return fmt::format("unknown: {}", std::strerror(errno));
  const auto magic = static_cast<std::uint32_t>(info.f_type);
  switch (magic) {
    case TMPFS_MAGIC: return "tmpfs";
    case RAMFS_MAGIC: return "ramfs";
    case EXT4_SUPER_MAGIC: return "ext4";
    case XFS_SUPER_MAGIC: return "xfs";
    case BTRFS_SUPER_MAGIC: return "btrfs";
    case F2FS_SUPER_MAGIC: return "f2fs";
    case OVERLAYFS_SUPER_MAGIC: return "overlay";
    case NFS_SUPER_MAGIC: return "nfs";
    case FUSE_SUPER_MAGIC: return "fuse";
    case V9FS_MAGIC: return "9p";
    case kZfs: return "zfs";
    case kBcachefs: return "bcachefs";
    default: return fmt::format("{:#010x}", magic);
  }
}

bool is_of_one_machine(const std::filesystem::path& path) {
  const std::string name = filesystem_name(path);
  return name != "nfs" && name != "fuse" && name != "9p" && !name.starts_with("0x") && !name.starts_with("unknown");
}

}  // namespace dictbench
