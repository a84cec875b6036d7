// Who a process is, so that what it left behind can be told from what a living one still uses.
//
// A pid alone is reused; pid and start time (clock ticks since boot, /proc/PID/stat field 22) are not. Both mean
// something only where they were taken: another pid namespace (a container) counts pids from 1 again, another time
// namespace shifts the start times, and another machine that shares a folder with us has pids of its own. `domain`
// names that place. Who is of another domain cannot be judged from here, and what is theirs must not be touched.
//
// But who lived in an earlier boot of this very machine is dead, whatever its namespaces were. So boot and machine are
// told apart from the domain. The machine is known by its machine-id(5) and host name together: machines that were
// cloned, and containers of one image, often have one machine-id.
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
  std::uint64_t boot = 0;     // the same until the machine boots again, in all its containers; 0: not known
  std::uint64_t machine = 0;  // the same over all boots; 0: not known

  bool operator==(const ProcessIdentity&) const = default;

  // The calling process. Not cached: a forked child has another identity. Throws Error(unavailable) when there is no
  // file descriptor left to find out.
  static ProcessIdentity self();

  // The process that has this pid now, in our domain; nothing when there is none or it cannot be looked at.
  static std::optional<ProcessIdentity> of(pid_t pid);

  // "1234.cx9m.1f0v3kz90qp71e2x9ab4c7": pid, start time in base 36, then domain, boot and machine in base 36 too, of
  // fixed length: part of the names of segments and directories, which are short for a socket's path has 107 bytes.
  std::string text() const;
  static std::optional<ProcessIdentity> parse(std::string_view text);
};

// The calling process's domain, 0 where nobody can be judged.
std::uint64_t own_domain();

enum class Liveness {
  alive,
  dead,     // no such process, a reused pid, one of an earlier boot, or a zombie of which no thread runs
  unknown,  // of another domain, hidden by /proc (hidepid=2), or there is no way left to look: hands off
};

Liveness liveness(const ProcessIdentity& identity);

}  // namespace dictbench
