#include "engines/shm/process_identity.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <fstream>
#include <sstream>

namespace dictbench {
namespace {

struct ProcessState {
  char state = 0;  // R, S, Z, ...
  std::uint64_t start_time = 0;
};

// /proc/PID/stat: "pid (command) state ...": the command may hold blanks and brackets, so fields are
// counted from the last ')'.
std::optional<ProcessState> read_state(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const auto bracket = line.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(bracket + 1));
  ProcessState state;
  fields >> state.state;
  constexpr int kFieldsUpToStartTime = 18;  // fields 4..21
  std::string skipped;
  for (int i = 0; i < kFieldsUpToStartTime; ++i) fields >> skipped;
  fields >> state.start_time;
  if (!fields) return std::nullopt;
  return state;
}

std::uint64_t own_pid_namespace() {
  struct stat info {};
  return stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

}  // namespace

ProcessIdentity ProcessIdentity::self() {
  // Unknown (no /proc, or no file descriptor left to read it): nobody may call the process dead.
  return of(getpid()).value_or(ProcessIdentity{getpid(), 0, 0});
}

std::optional<ProcessIdentity> ProcessIdentity::of(pid_t pid) {
  const auto state = read_state(pid);
  if (!state) return std::nullopt;
  return ProcessIdentity{pid, state->start_time, own_pid_namespace()};
}

std::string ProcessIdentity::text() const { return fmt::format("{}.{}.{}", pid, start_time, pid_namespace); }

std::optional<ProcessIdentity> ProcessIdentity::parse(std::string_view text) {
  ProcessIdentity identity;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&](auto& out, bool last) {
    const auto [after, error] = std::from_chars(at, end, out);
    if (error != std::errc()) return false;
    at = after;
    if (last) return at == end;
    return at != end && *at++ == '.';
  };
  if (number(identity.pid, false) && number(identity.start_time, false) && number(identity.pid_namespace, true))
    return identity;
  return std::nullopt;
}

Liveness liveness(const ProcessIdentity& identity) {
  // 0: /proc is not mounted, here or where the identity was taken. Then nobody can be called dead.
  if (identity.pid_namespace == 0 || identity.pid_namespace != own_pid_namespace()) return Liveness::unknown;
  const auto state = read_state(static_cast<pid_t>(identity.pid));
  if (!state || state->start_time != identity.start_time || state->state == 'Z' || state->state == 'X')
    return Liveness::dead;
  return Liveness::alive;
}

}  // namespace dictbench
