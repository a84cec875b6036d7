// Where a server listens: a Unix socket's path, or a host and a TCP port.
//
// Its text is what a user writes into a spec (`redis?address=/run/redis.sock`, `redis?address=db1:6379`)
// and what Engine::address() hands to a process that attaches. Plain value, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dictbench {

struct Endpoint {
  std::string path;  // of the Unix socket; empty: TCP
  std::string host;
  std::uint16_t port = 0;

  bool is_unix() const noexcept { return !path.empty(); }

  // "/path/socket", "host:port" or "[::1]:port".
  std::string text() const;

  // What begins with '/' is a path. Throws Error(unavailable) for anything that is neither, and for a path that is too
  // long for a socket.
  static Endpoint parse(std::string_view text);
};

// Throws Error(unavailable) where the path is longer than the 107 bytes that a Unix socket's may have; a client library
// would cut it off and look for another.
void require_socket_path(const std::string& path);

// A TCP port of 127.0.0.1 that nobody listened on a moment ago. Another process may take it before the
// caller's server does, so the caller must be ready to try again. Throws Error(unavailable).
std::uint16_t free_loopback_port();

}  // namespace dictbench
