// Whose a thing in a shared place is, and whether this process may work with it: asked before it is used.
//
// Everybody may make files in /dev/shm and /tmp, under the names that ours have too. And what is ours can be shared
// within one domain only (process_identity.h). A robust lock holds the number that its holder's thread has in its own
// pid namespace: when a waiter of another one is killed whose thread has the same number (1 in every container), the
// kernel takes the holder for dead and lets the next one in beside it. Nor can be told from there who is alive.
//
// Any thread, any process.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engines/shm/process_identity.h"

namespace dictbench {

// The owner that a name of ours (own_name_prefix(), identity, '.', counter) tells; nothing where it is no such name.
std::optional<ProcessIdentity> owner_in_name(std::string_view name);

// Throws Error(unavailable) unless this process is of the domain in which `owner` made `thing`, and the living can be
// told from the dead there.
void require_own_domain(const ProcessIdentity& owner, const std::string& thing);

// The same of the boot of the machine only: enough for what needs shared memory, but no robust lock and no judgement of
// who is alive.
void require_own_boot(const ProcessIdentity& owner, const std::string& thing);

// Who may share what.
enum class Sharing { within_domain, on_machine };

// For who attaches to files in a PrivateDirectory: its name tells the owner, and it must be a directory of this user in
// which nobody else may write, or not exist. A directory that the user named tells no owner and is the user's affair.
void require_own_directory(const std::filesystem::path& directory, Sharing sharing = Sharing::within_domain);

// Throws Error(unavailable) unless the open `file` is a regular file of this user to which nobody else may write.
void require_own_file(int file, const std::string& thing);

}  // namespace dictbench
