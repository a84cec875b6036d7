// A directory of our own for sockets, databases and logs: mode 0700, named after its owner so that a
// later run can tell whether the owner is dead (engines/shm/leftovers.h), removed with the object.
//
// Made below $TMPDIR, else /tmp, or where its user says (one of own_folders()); a Unix socket's path must stay under
// 108 bytes, so the names are short. Owned by the process that made it: in a forked child the destructor removes
// nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

namespace dictbench {

class PrivateDirectory {
 public:
  // `parent` empty: $TMPDIR, else /tmp. Throws Error(unavailable) when it cannot be made.
  explicit PrivateDirectory(const std::filesystem::path& parent = {});
  ~PrivateDirectory();
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  pid_t owner_;
};

// Blocks in use and lengths of all files below `folder`.
struct FolderBytes {
  std::uint64_t in_use = 0, length = 0;
};
FolderBytes folder_bytes(const std::filesystem::path& folder);

// The kind of file system that `path` lies on: "tmpfs", "ext4" (ext2 and ext3 have the same magic), "overlay",
// "xfs", ...; of one that we have no name for its magic, "0x1234abcd"; "unknown: reason" when it cannot be asked.
std::string filesystem_name(const std::filesystem::path& path);

// False where other machines may see the same files, or it cannot be told: nfs, fuse, 9p, and what has no name here.
bool is_of_one_machine(const std::filesystem::path& path);

// $TMPDIR, else /tmp. May lie in memory, as Debian 13's /tmp does.
std::filesystem::path temporary_folder();

// For what is to lie on a disk: $TMPDIR, else /var/tmp, which keeps its files when the machine restarts.
std::filesystem::path disk_folder();

// All folders in which something of ours may lie: /dev/shm and the two above.
std::set<std::filesystem::path> own_folders();

// Every name that we make in shared places begins so: "dictbench-UID-".
std::string own_name_prefix();

}  // namespace dictbench
