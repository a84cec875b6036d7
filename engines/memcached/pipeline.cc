#include "engines/memcached/pipeline.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace dictbench {
namespace {

int connect_unix(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file >= 0 && connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return file;
  const int error = errno;
  if (file >= 0) close(file);
  errno = error;
  return -1;
}

int connect_tcp(const Endpoint& server) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &found) != 0) {
    errno = EHOSTUNREACH;
    return -1;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int file = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (file < 0) continue;
    const int on = 1;
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(file, one->ai_addr, one->ai_addrlen) == 0) return file;
    close(file);
  }
  errno = ECONNREFUSED;
  return -1;
}

}  // namespace

MemcachedPipeline::MemcachedPipeline(const Endpoint& server, std::uint32_t timeout_ms)
    : server_(server), timeout_ms_(static_cast<int>(timeout_ms)) {
  socket_ = server.is_unix() ? connect_unix(server.path) : connect_tcp(server);
  if (socket_ < 0)
    throw Error(ErrorCode::unavailable,
                fmt::format("cannot connect to memcached at {}: {}", server_.text(), std::strerror(errno)));
  fcntl(socket_, F_SETFL, O_NONBLOCK);
}

MemcachedPipeline::~MemcachedPipeline() { close(socket_); }

std::vector<MemcachedPipeline::Answer> MemcachedPipeline::store(std::string_view command,
                                                                std::span<const KeyValue> items) {
  request_.clear();
  for (const KeyValue& item : items) {
    fmt::format_to(std::back_inserter(request_), "{} {} 0 0 {}\r\n", command, item.key, item.value.size());
    request_.append(item.value).append("\r\n");
  }
  send(request_);
  std::vector<Answer> answers;
  answers.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string_view line = read_line();
    if (line == "STORED")
      answers.push_back(Answer::stored);
    else if (line == "NOT_STORED")
      answers.push_back(Answer::not_stored);
    else if (line.starts_with("SERVER_ERROR out of memory"))
      answers.push_back(Answer::no_memory);
    else if (line.starts_with("SERVER_ERROR object too large"))
      answers.push_back(Answer::too_large);
    else
      lost(std::string(line).c_str());
  }
  return answers;
}

void MemcachedPipeline::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0)
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno == EAGAIN)
      wait_for(POLLOUT);
    else if (errno != EINTR)
      lost(std::strerror(errno));
  }
}

std::string_view MemcachedPipeline::read_line() {
  constexpr std::size_t kPiece = 16 << 10;
  for (;;) {
    const std::size_t end = answers_.find("\r\n", read_);
    if (end != std::string::npos) {
      const std::string_view line(answers_.data() + read_, end - read_);
      read_ = end + 2;
      return line;
    }
    answers_.erase(0, read_);
    read_ = 0;
    const std::size_t held = answers_.size();
    answers_.resize(held + kPiece);
    const ssize_t got = recv(socket_, answers_.data() + held, kPiece, 0);
    const int error = errno;
    answers_.resize(held + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) lost("it closed the connection");
    if (got < 0 && error == EAGAIN)
      wait_for(POLLIN);
    else if (got < 0 && error != EINTR)
      lost(std::strerror(error));
  }
}

void MemcachedPipeline::wait_for(short events) {
  pollfd poll_for{.fd = socket_, .events = events, .revents = 0};
  const int ready = poll(&poll_for, 1, timeout_ms_);
  if (ready == 0)
    throw Error(ErrorCode::timeout,
                fmt::format("{} did not answer for {} ms (option timeout); the connection is closed, attach again",
                            server_.text(), timeout_ms_));
  if (ready < 0 && errno != EINTR) lost(std::strerror(errno));
}

void MemcachedPipeline::lost(const char* why) const {
  throw Error(ErrorCode::disconnected, fmt::format("lost memcached at {}: {}; attach again", server_.text(), why));
}

}  // namespace dictbench
