#include "engines/server/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "engines/error.h"

namespace dictbench {

void require_socket_path(const std::string& path) {
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > kLongest)
    throw Error(ErrorCode::unavailable,
                fmt::format("the socket's path {} has {} bytes, a Unix socket takes {}; use a shorter folder (TMPDIR, "
                            "where it is a server of our own)",
                            path, path.size(), kLongest));
}

std::string Endpoint::text() const {
  if (is_unix()) return path;
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Endpoint Endpoint::parse(std::string_view text) {
  Endpoint endpoint;
  if (text.starts_with('/')) {
    endpoint.path = text;
    require_socket_path(endpoint.path);
    return endpoint;
  }
  const auto colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string_view port = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (host.empty() || port.empty() || error != std::errc() || end != port.data() + port.size() || endpoint.port == 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("'{}' is no address of a server: write host:port or /path/of/socket", text));
  endpoint.host = host;
  return endpoint;
}

std::uint16_t free_loopback_port() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool bound = socket_fd >= 0 && bind(socket_fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     getsockname(socket_fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  const int error = errno;
  if (socket_fd >= 0) close(socket_fd);
  if (!bound)
    throw Error(
        ErrorCode::unavailable,
        fmt::format("no free TCP port on 127.0.0.1: {}; use a Unix socket (transport=unix)", std::strerror(error)));
  return ntohs(address.sin_port);
}

}  // namespace dictbench
