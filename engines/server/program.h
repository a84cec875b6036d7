// Finding a server's program on this machine and asking for its version. Any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dictbench {

// The path of the first of these programs that can be executed, looked for in $PATH and then in
// /usr/local/sbin, /usr/local/bin, /usr/sbin and /usr/bin (an unprivileged user's PATH often lacks sbin).
std::optional<std::string> find_program(const std::vector<std::string>& names);

// The first line that `PATH --version` prints, asked once per path and process; empty when it prints none.
std::string program_version_line(const std::string& path);

}  // namespace dictbench
