#include "engines/shm/process_identity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "engines/error.h"
#include "engines/shm/owner_word.h"

namespace dictbench {
namespace {

struct ProcessState {
  char state = 0;  // R, S, Z, ...
  std::uint64_t threads = 0;
  std::uint64_t start_time = 0;
};

// Of /proc/PID/stat: 0, or the errno that says why it cannot be read; ENOENT and ESRCH: there is no such process.
// By hand and without a stream, because it is asked for every reader that a writer meets.
int read_state(pid_t pid, ProcessState& state) {
  std::array<char, 1024> text;  // 52 numbers and a command of 15 bytes
  *fmt::format_to(text.data(), "/proc/{}/stat", pid) = '\0';
  const int file = open(text.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t size = read(file, text.data(), text.size());
  const int error = size < 0 ? errno : 0;
  close(file);
  if (error != 0) return error;
  // "pid (command) state ...": the command may hold blanks and brackets, so fields are counted from the last ')'.
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  const auto bracket = line.rfind(')');
  if (bracket == std::string_view::npos || line.size() < bracket + 3) return ENOENT;
  state.state = line[bracket + 2];
  constexpr int kState = 3, kThreads = 20, kStartTime = 22;  // proc(5) counts from 1
  const char* at = line.data() + bracket + 3;
  const char* const end = line.data() + line.size();
  for (int field = kState + 1; field <= kStartTime; ++field) {
    while (at != end && *at == ' ') ++at;
    std::int64_t number = 0;
    const auto [after, wrong] = std::from_chars(at, end, number);
    if (wrong != std::errc()) return ENOENT;
    at = after;
    if (field == kThreads) state.threads = static_cast<std::uint64_t>(number);
    if (field == kStartTime) state.start_time = static_cast<std::uint64_t>(number);
  }
  return 0;
}

bool says_no_such_process(int error) { return error == ENOENT || error == ESRCH; }

std::uint64_t inode(const char* path) {
  struct stat info {};
  return stat(path, &info) == 0 ? info.st_ino : 0;
}

// FNV-1a: any function that keeps different places apart would do.
std::uint64_t mixed(std::uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}
std::uint64_t mixed(std::uint64_t hash, std::uint64_t number) {
  return mixed(hash, std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
}

// The same for the machine until it boots again: the first pid namespace has one number on every machine. 0: there is
// no file descriptor left to look.
std::uint64_t boot() {
  static std::atomic<std::uint64_t> known = 0;
  if (const std::uint64_t seen = known.load(std::memory_order_relaxed); seen != 0) return seen;
  constexpr std::uint64_t kStart = 0xcbf29ce484222325;
  std::array<char, 64> text;
  const int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == EMFILE || errno == ENFILE ? 0 : kStart;
  const ssize_t size = read(file, text.data(), text.size());
  close(file);
  if (size <= 0) return kStart;
  const std::uint64_t found = mixed(kStart, std::string_view(text.data(), static_cast<std::size_t>(size)));
  known.store(found, std::memory_order_relaxed);
  return found;
}

// Does /proc speak of our own pid namespace? After `unshare --pid` without a new /proc it does not.
bool proc_is_ours() {
  std::array<char, 32> text;
  const ssize_t size = readlink("/proc/self", text.data(), text.size());
  pid_t pid = 0;
  return size > 0 && std::from_chars(text.data(), text.data() + size, pid).ec == std::errc() && pid == getpid();
}

template <class SameStart>
Liveness judge(pid_t pid, const SameStart& same_start) {
  ProcessState state;
  const int error = read_state(pid, state);
  if (error != 0) return says_no_such_process(error) ? Liveness::dead : Liveness::unknown;
  if (!same_start(state.start_time) || state.state == 'X') return Liveness::dead;
  // Of a process whose main thread has called pthread_exit(), /proc says Z while the others run.
  return state.state == 'Z' && state.threads <= 1 ? Liveness::dead : Liveness::alive;
}

}  // namespace

std::uint64_t own_domain() {
  const std::uint64_t pids = inode("/proc/self/ns/pid");
  const std::uint64_t booted = boot();
  if (pids == 0 || booted == 0 || !proc_is_ours()) return 0;
  return mixed(mixed(booted, pids), inode("/proc/self/ns/time")) | 1;  // never 0
}

ProcessIdentity ProcessIdentity::self() {
  ProcessState state;
  const int error = read_state(getpid(), state);
  if (error == 0) return {getpid(), state.start_time, own_domain()};
  if (says_no_such_process(error)) return {getpid(), 0, 0};  // /proc is not mounted: nobody may call us dead
  throw Error(ErrorCode::unavailable,
              fmt::format("cannot read /proc/{}/stat: {}; see `ulimit -n`", getpid(), std::strerror(error)));
}

std::optional<ProcessIdentity> ProcessIdentity::of(pid_t pid) {
  ProcessState state;
  if (read_state(pid, state) != 0) return std::nullopt;
  return ProcessIdentity{pid, state.start_time, own_domain()};
}

std::string ProcessIdentity::text() const { return fmt::format("{}.{}.{}", pid, start_time, domain); }

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
  if (number(identity.pid, false) && number(identity.start_time, false) && number(identity.domain, true))
    return identity;
  return std::nullopt;
}

Liveness liveness(const ProcessIdentity& identity) {
  if (identity.domain == 0 || identity.domain != own_domain()) return Liveness::unknown;
  return judge(static_cast<pid_t>(identity.pid),
               [&](std::uint64_t start_time) { return start_time == identity.start_time; });
}

Liveness owner_word::liveness(std::uint64_t word) {
  if (own_domain() == 0) return Liveness::unknown;
  return judge(pid(word), [&](std::uint64_t start_time) {
    return make({.start_time = start_time}, 0) >> kStartShift == word >> kStartShift;
  });
}

}  // namespace dictbench
