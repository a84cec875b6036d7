#include "engines/shm/process_identity.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>

#include "engines/error.h"
#include "engines/shm/owner_word.h"
#include "engines/shm/whereabouts.h"

namespace dictbench {
namespace {

struct ProcessState {
  char state = 0;  // R, S, Z, ...
  std::uint64_t threads = 0;
  std::uint64_t start_time = 0;
};

// Of /proc/PID/stat: 0, or the errno that says why it cannot be read. EBADMSG: what is there says nothing. By hand and
// without a stream, because it is asked for every reader that a writer meets.
int read_state(pid_t pid, ProcessState& state) {
  std::array<char, 1024> text;  // 52 numbers and a command of 15 bytes
  *fmt::format_to(text.data(), "/proc/{}/stat", pid) = '\0';
  std::size_t size = 0;
  if (const int error = read_start_of(text.data(), text, size); error != 0) return error;
  // "pid (command) state ...": the command may hold blanks and brackets, so fields are counted from the last ')'.
  const std::string_view line(text.data(), size);
  const auto bracket = line.rfind(')');
  if (bracket == std::string_view::npos || line.size() < bracket + 3) return EBADMSG;
  state.state = line[bracket + 2];
  constexpr int kState = 3, kThreads = 20, kStartTime = 22;  // proc(5) counts from 1
  const char* at = line.data() + bracket + 3;
  const char* const end = line.data() + line.size();
  for (int field = kState + 1; field <= kStartTime; ++field) {
    while (at != end && *at == ' ') ++at;
    std::int64_t number = 0;
    const auto [after, wrong] = std::from_chars(at, end, number);
    if (wrong != std::errc()) return EBADMSG;
    at = after;
    if (field == kThreads) state.threads = static_cast<std::uint64_t>(number);
    if (field == kStartTime) state.start_time = static_cast<std::uint64_t>(number);
  }
  return 0;
}

bool says_no_such_process(int error) { return error == ENOENT || error == ESRCH; }

template <class SameStart>
Liveness judge(pid_t pid, const SameStart& same_start) {
  ProcessState state;
  const int error = read_state(pid, state);
  // Mounted with hidepid=2, /proc shows nothing of a living process that has another group or more capabilities. Where
  // somebody has the pid, it cannot be told whether it is he.
  if (says_no_such_process(error)) return kill(pid, 0) != 0 && errno == ESRCH ? Liveness::dead : Liveness::unknown;
  if (error != 0) return Liveness::unknown;
  if (!same_start(state.start_time) || state.state == 'X') return Liveness::dead;
  // Of a process whose main thread has called pthread_exit(), /proc says Z while the others run.
  return state.state == 'Z' && state.threads <= 1 ? Liveness::dead : Liveness::alive;
}

bool is_of_an_earlier_boot(const ProcessIdentity& identity, const Whereabouts& here) {
  return here.boot != 0 && identity.boot != 0 && identity.boot != here.boot && here.machine != 0 &&
         identity.machine == here.machine;
}

// --- as text --------------------------------------------------------------------------------------------------------

constexpr int kBase = 36;
constexpr std::size_t kPlaceDigits = kDomainDigits + kBootDigits + kMachineDigits;

std::string digits(std::uint64_t number, std::size_t least) {
  std::array<char, 16> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number, kBase).ptr;
  const auto size = static_cast<std::size_t>(end - text.data());
  return std::string(least - std::min(size, least), '0').append(text.data(), size);
}

// False where the text is not a number and nothing more.
template <typename Number>
bool read_number(std::string_view text, int base, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && after == end;
}

}  // namespace

std::uint64_t own_domain() { return whereabouts().domain; }

ProcessIdentity ProcessIdentity::self() {
  ProcessState state;
  const int error = read_state(getpid(), state);
  const Whereabouts here = whereabouts();
  if (error == 0 && here.told) return {getpid(), state.start_time, here.domain, here.boot, here.machine};
  // /proc is not mounted, or is none: nobody may call us dead.
  if (says_no_such_process(error) || error == EBADMSG) return {getpid(), 0, 0, here.boot, here.machine};
  throw Error(ErrorCode::unavailable, fmt::format("cannot read in /proc who this process ({}) is: {}; see `ulimit -n`",
                                                  getpid(), std::strerror(error == 0 ? EMFILE : error)));
}

std::optional<ProcessIdentity> ProcessIdentity::of(pid_t pid) {
  ProcessState state;
  if (read_state(pid, state) != 0) return std::nullopt;
  const Whereabouts here = whereabouts();
  return ProcessIdentity{pid, state.start_time, here.domain, here.boot, here.machine};
}

std::string ProcessIdentity::text() const {
  return fmt::format("{}.{}.{}{}{}", pid, digits(start_time, 1), digits(domain, kDomainDigits),
                     digits(boot, kBootDigits), digits(machine, kMachineDigits));
}

std::optional<ProcessIdentity> ProcessIdentity::parse(std::string_view text) {
  const auto first = text.find('.'), second = text.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const std::string_view place = text.substr(second + 1);
  if (place.size() != kPlaceDigits) return std::nullopt;
  ProcessIdentity identity;
  // kill(2) takes what is no pid for a group of processes.
  if (!read_number(text.substr(0, first), 10, identity.pid) || identity.pid <= 0 ||
      identity.pid > std::numeric_limits<pid_t>::max() ||
      !read_number(text.substr(first + 1, second - first - 1), kBase, identity.start_time) ||
      !read_number(place.substr(0, kDomainDigits), kBase, identity.domain) ||
      !read_number(place.substr(kDomainDigits, kBootDigits), kBase, identity.boot) ||
      !read_number(place.substr(kDomainDigits + kBootDigits), kBase, identity.machine))
    return std::nullopt;
  return identity;
}

Liveness liveness(const ProcessIdentity& identity) {
  const Whereabouts here = whereabouts();
  if (is_of_an_earlier_boot(identity, here)) return Liveness::dead;
  if (identity.domain == 0 || identity.domain != here.domain) return Liveness::unknown;
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
