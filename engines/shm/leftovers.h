// Cleans up what a killed run of ours left behind: segments, private directories, private servers.
//
// Called at the start of every dictbench command, before it makes anything of its own. Touches only what
// bears our user's name prefix, belongs to our user, and names an owner that is dead (Liveness::dead): what
// a living run uses, what another container or machine made and what cannot be parsed stays. Runs that clean up
// at the same time do not disturb one another.
#pragma once

#include <string>
#include <vector>

namespace dictbench {

// A private directory's file that names the server process working in it (ProcessIdentity::text()): such a
// server outlives its killed owner, so it is killed before its directory goes.
inline constexpr char kServerIdentityFile[] = "server.pid";

// What was removed, one line each, for the user to read: "/dev/shm/dictbench-0-1234.cx9m.1f0v3kz90qp71e2x9ab4c7.s0".
// Never throws for what it may not remove.
std::vector<std::string> remove_leftovers();

}  // namespace dictbench
