// Where an engine that needs no shared memory keeps its files: in memory, like the segments of its neighbours in a
// table, or on the disk. A file in memory and one on a disk are two measurements, so all have theirs in one place
// unless the option `files` says otherwise.
#pragma once

#include <filesystem>

#include "engines/spec.h"

namespace dictbench {

// `files=memory|disk|auto`, for an engine's list of options.
OptionRule files_option();

// The folder in which the engine makes its own: /dev/shm, or disk_folder(). `flushes`: whether writes wait for the
// disk; with `auto` such an engine gets the disk, as waiting for memory would show durable writes as free.
std::filesystem::path files_folder(const Spec& spec, bool flushes);

}  // namespace dictbench
