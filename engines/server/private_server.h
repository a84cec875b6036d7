// PrivateServer: a server program of our own (redis-server, memcached), in a directory of its own.
//
// Invariants:
//  - the server's socket, log and `server.pid` lie in a PrivateDirectory (mode 0700), so nobody else can
//    reach the socket, and a run that finds the directory of a dead owner knows which server to end;
//  - the server dies with its owner: PR_SET_PDEATHSIG, and the destructor. The kernel ties the signal to
//    the *thread* that called start(), so that thread has to live as long as the server is wanted; and it
//    forgets the signal when the server changes its user: start it so that it does not;
//  - the server inherits no descriptor but its log, is no member of our process group (a Ctrl-C in the
//    terminal reaches the driver, which then ends it) and starts with default signal dispositions.
// Used by one thread of the process that made it; in a forked child the destructor does nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engines/shm/private_directory.h"

namespace dictbench {

class PrivateServer {
 public:
  // Makes the directory, starts nothing. Throws Error(unavailable).
  PrivateServer() = default;
  ~PrivateServer();
  PrivateServer(const PrivateServer&) = delete;
  PrivateServer& operator=(const PrivateServer&) = delete;

  const std::filesystem::path& directory() const noexcept { return directory_.path(); }

  // Where to put the server's Unix socket. Throws Error(unavailable) when the path is too long for one
  // (108 bytes): TMPDIR is too deep.
  std::string socket_path() const;

  // Runs the program argv[0] (a path); after stop() it may be called again. Throws Error(unavailable)
  // when it cannot be executed.
  void start(const std::vector<std::string>& argv);

  // Returns when `ready` does so with true. Throws Error(unavailable) with the log's last lines when the
  // server exits before that or `patience` passes; the server is stopped then.
  void wait_until(const std::function<bool()>& ready, std::chrono::milliseconds patience);

  // Ends the server, if one runs: SIGTERM, then SIGKILL. It is reaped when this returns.
  void stop() noexcept;

  // 0 before start() and after stop().
  pid_t pid() const noexcept { return pid_; }

  // The last `lines` lines that the server printed, joined by " | ".
  std::string log_tail(std::size_t lines) const;

 private:
  bool exited(int& status);

  PrivateDirectory directory_;
  pid_t pid_ = 0;
  pid_t owner_ = 0;
};

}  // namespace dictbench
