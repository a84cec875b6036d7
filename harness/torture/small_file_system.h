// File systems of a few megabytes of the calling process's own, so that they can really be filled.
//
// To be called in a child without threads: it moves into a mount namespace (and, for an ordinary user, a user
// namespace) and never comes back. Nobody else sees the mounts, and they go with the process.
#pragma once

#include <string>

namespace dictbench {

// Mounts a tmpfs of that size ("4M") over `folder`. False where the system does not allow it.
bool use_small_file_system(const std::string& folder, const std::string& size);

// The same over /dev/shm.
bool use_small_dev_shm(const std::string& size);

}  // namespace dictbench
