// A child in namespaces of its own, as the first process of a container is.
//
// Root may make them; an ordinary user where the system allows user namespaces. Where it does not, tests are skipped.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "tests/engines/shm/child_process.h"

namespace dictbench {

inline constexpr int kNoNamespaces = 77;  // the status of a child that may not have them

inline bool write_to(const char* path, const std::string& text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(file);
  return written;
}

// New namespaces (CLONE_NEWPID, CLONE_NEWTIME, CLONE_NEWNS) for the children of the calling process, which never comes
// back. In a time namespace the machine seems to have run for 1,000 s longer.
inline bool leave_for_namespaces(int kinds) {
  const std::string user = std::to_string(geteuid());
  if (unshare(kinds) != 0 &&
      (unshare(CLONE_NEWUSER | kinds) != 0 || !write_to("/proc/self/uid_map", user + " " + user + " 1")))
    return false;
  return (kinds & CLONE_NEWTIME) == 0 || write_to("/proc/self/timens_offsets", "boottime 1000 0\n");
}

// Mounts the /proc of the own pid namespace; of a process in a mount namespace of its own.
inline bool mount_own_proc() {
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("proc", "/proc", "proc", 0, nullptr) == 0;
}

// `test` in the first process of such namespaces: 0 where all is well. With CLONE_NEWNS it gets a /proc of its own. To
// be called last in a test.
inline void expect_done_in_namespaces(int kinds, const std::function<int()>& test) {
  ChildProcess child([&] {
    if (!leave_for_namespaces(kinds)) _exit(kNoNamespaces);
    ChildProcess first([&] { _exit((kinds & CLONE_NEWNS) != 0 && !mount_own_proc() ? kNoNamespaces : test()); });
    const int status = first.wait();
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  });
  const int status = child.wait();
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == kNoNamespaces) GTEST_SKIP() << "no such namespaces here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace dictbench
