// Who a process is, so that what it left behind can be told from what a living one still uses.
//
// A pid alone is reused; pid and start time (clock ticks since boot, /proc/PID/stat field 22) are not. Both mean
// something only where they were taken: another pid namespace (a container) counts pids from 1 again, another time
// namespace shifts the start times, and another machine that shares a folder with us has pids of its own. `domain`
// names that place. Who is of another domain cannot be judged from here, and what is theirs must not be touched.
//
// Plain value of fixed layout: may lie in shared memory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dictbench {

struct ProcessIdentity {
  std::int64_t pid = 0;
  std::uint64_t start_time = 0;  // clock ticks after boot
  // Of pid namespace, time namespace and boot of the machine. 0: nobody can be judged there, because /proc is not
  // mounted, or is that of another pid namespace.
  std::uint64_t domain = 0;

  bool operator==(const ProcessIdentity&) const = default;

  // The calling process. Not cached: a forked child has another identity. Throws Error(unavailable) when there is no
  // file descriptor left to find out.
  static ProcessIdentity self();

  // The process that has this pid now, in our domain; nothing when there is none or it cannot be looked at.
  static std::optional<ProcessIdentity> of(pid_t pid);

  // "1234.567890.4026531836": part of the names of segments and directories.
  std::string text() const;
  static std::optional<ProcessIdentity> parse(std::string_view text);
};

// The calling process's domain, 0 where nobody can be judged.
std::uint64_t own_domain();

enum class Liveness {
  alive,
  dead,     // no such process, a reused pid, or a zombie of which no thread runs: it will never run again
  unknown,  // of another domain, or there is no file descriptor left to look: hands off
};

Liveness liveness(const ProcessIdentity& identity);

}  // namespace dictbench
