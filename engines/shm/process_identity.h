// Who a process is, so that what it left behind can be told from what a living one still uses.
//
// A pid alone is reused; pid and start time (clock ticks since boot, /proc/PID/stat field 22) are not.
// The pid namespace says whether we can judge at all: a process of another container that shares our
// /dev/shm looks dead from here, and what is its must not be touched.
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
  std::uint64_t start_time = 0;     // clock ticks after boot
  std::uint64_t pid_namespace = 0;  // inode of /proc/self/ns/pid

  bool operator==(const ProcessIdentity&) const = default;

  // The calling process. Not cached: a forked child has another identity. Throws Error(unavailable) when there is no
  // file descriptor left to find out.
  static ProcessIdentity self();

  // The process that has this pid now, in our namespace; nothing when there is none or it cannot be looked at.
  static std::optional<ProcessIdentity> of(pid_t pid);

  // "1234.567890.4026531836": part of the names of segments and directories.
  std::string text() const;
  static std::optional<ProcessIdentity> parse(std::string_view text);
};

enum class Liveness {
  alive,
  dead,     // no such process, a reused pid, or a zombie: it will never run again
  unknown,  // of another pid namespace, or there is no file descriptor left to look: hands off
};

Liveness liveness(const ProcessIdentity& identity);

}  // namespace dictbench
