// What engines have in shared places, seen from outside: by the owner's name and by the engine's address.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engines/shm/process_identity.h"

namespace dictbench::torture {

// What bears this process's name in our folders (own_folders()); sorted.
std::vector<std::filesystem::path> things_of(const ProcessIdentity& owner);

// The files behind Engine::address(): the segment, the file or socket, or all files in the folder; sorted. Empty
// for what is none of them.
std::vector<std::filesystem::path> files_at(const std::string& address);

}  // namespace dictbench::torture
