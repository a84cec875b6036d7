#include "engines/shm/process_identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <sstream>

#include "engines/error.h"

namespace dictbench {
namespace {

struct ProcessState {
  char state = 0;  // R, S, Z, ...
  std::uint64_t start_time = 0;
};

// Of /proc/PID/stat: 0, or the errno that says why it cannot be read; ENOENT and ESRCH: there is no such process.
int read_state(pid_t pid, ProcessState& state) {
  const int file = open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  std::array<char, 1024> text;  // 52 numbers and a command of 15 bytes
  const ssize_t size = read(file, text.data(), text.size());
  const int error = size < 0 ? errno : 0;
  close(file);
  if (error != 0) return error;
  // "pid (command) state ...": the command may hold blanks and brackets, so fields are counted from the last ')'.
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  const auto bracket = line.rfind(')');
  if (bracket == std::string_view::npos) return ENOENT;
  std::istringstream fields{std::string(line.substr(bracket + 1))};
  fields >> state.state;
  constexpr int kFieldsUpToStartTime = 18;  // fields 4..21
  std::string skipped;
  for (int i = 0; i < kFieldsUpToStartTime; ++i) fields >> skipped;
  fields >> state.start_time;
  return fields ? 0 : ENOENT;
}

bool says_no_such_process(int error) { return error == ENOENT || error == ESRCH; }

std::uint64_t own_pid_namespace() {
  struct stat info {};
  return stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

}  // namespace

ProcessIdentity ProcessIdentity::self() {
  ProcessState state;
  const int error = read_state(getpid(), state);
  if (error == 0) return {getpid(), state.start_time, own_pid_namespace()};
  if (says_no_such_process(error)) return {getpid(), 0, 0};  // /proc is not mounted: nobody may call us dead
  throw Error(ErrorCode::unavailable,
              fmt::format("cannot read /proc/{}/stat: {}; see `ulimit -n`", getpid(), std::strerror(error)));
}

std::optional<ProcessIdentity> ProcessIdentity::of(pid_t pid) {
  ProcessState state;
  if (read_state(pid, state) != 0) return std::nullopt;
  return ProcessIdentity{pid, state.start_time, own_pid_namespace()};
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
  ProcessState state;
  const int error = read_state(static_cast<pid_t>(identity.pid), state);
  if (error != 0) return says_no_such_process(error) ? Liveness::dead : Liveness::unknown;
  if (state.start_time != identity.start_time || state.state == 'Z' || state.state == 'X') return Liveness::dead;
  return Liveness::alive;
}

}  // namespace dictbench
