#include "harness/torture/proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <list>
#include <vector>

namespace dictbench::torture {
namespace {

constexpr milliseconds kPatience{5'000};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const Endpoint& endpoint) {
  SocketAddress address;
  if (endpoint.is_unix()) {
    auto& unix_address = reinterpret_cast<sockaddr_un&>(address.storage);
    unix_address.sun_family = AF_UNIX;
    if (endpoint.path.size() >= sizeof unix_address.sun_path) {
      errno = ENAMETOOLONG;
      fail("proxy: the socket's path");
    }
    endpoint.path.copy(unix_address.sun_path, sizeof unix_address.sun_path - 1);
    address.size = sizeof unix_address;
  } else {
    auto& tcp_address = reinterpret_cast<sockaddr_in&>(address.storage);
    tcp_address.sin_family = AF_INET;
    tcp_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    tcp_address.sin_port = htons(endpoint.port);
    address.size = sizeof tcp_address;
  }
  return address;
}

int new_socket(const Endpoint& endpoint) {
  const int fd = socket(endpoint.is_unix() ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("proxy: a socket");
  return fd;
}

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool is_open_at_the_other_end(int fd) {
  char byte = 0;
  const ssize_t seen = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return seen > 0 || (seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

}  // namespace

std::string_view to_string(Cut cut) {
  switch (cut) {
    case Cut::before_request: return "before the request";
    case Cut::in_request: return "in the request";
    case Cut::before_reply: return "before the reply";
    case Cut::in_reply: return "in the reply";
  }
  return "?";
}

// Runs until it is killed.
class Proxy::Relay {
 public:
  explicit Relay(Proxy& proxy) : proxy_(proxy), page_(*proxy.page_) {}

  [[noreturn]] void run() {
    while (true) {
      std::vector<pollfd> waiting{{proxy_.bell_, POLLIN, 0}, {proxy_.listener_, POLLIN, 0}};
      std::vector<std::list<Pair>::iterator> owners;
      for (auto pair = pairs_.begin(); pair != pairs_.end(); ++pair) {
        waiting.push_back({pair->client, POLLIN, 0});
        waiting.push_back({pair->server, POLLIN, 0});
        owners.push_back(pair);
      }
      if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) fail("proxy: poll");
      if (waiting[0].revents != 0) obey();
      for (std::size_t i = 0; i < owners.size(); ++i) {
        bool open = true;
        if (waiting[2 * i + 2].revents != 0) open = from_client(*owners[i]);
        if (open && waiting[2 * i + 3].revents != 0) open = from_server(*owners[i]);
        if (!open) pairs_.erase(owners[i]);
      }
      if (waiting[1].revents != 0) accept_client();
    }
  }

 private:
  struct Pair {
    int client = -1, server = -1;
    std::string held;
  };

  void obey() {
    std::uint64_t rung = 0;
    if (read(proxy_.bell_, &rung, sizeof rung) < 0 && errno != EINTR) fail("proxy: bell");
    if (!page_.releasing) return;
    for (Pair& pair : pairs_) {
      if (!pair.held.empty() && is_open_at_the_other_end(pair.client) &&
          send_all(pair.client, pair.held.data(), pair.held.size()))
        page_.late += pair.held.size();
      pair.held.clear();
    }
    page_.mode = Mode::pass;
    page_.releasing = false;
  }

  void accept_client() {
    Pair pair;
    pair.client = accept4(proxy_.listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (pair.client < 0) return;  // it has gone again
    pair.server = new_socket(proxy_.server_);
    const SocketAddress address = socket_address(proxy_.server_);
    if (connect(pair.server, address.get(), address.size) != 0) {
      close_both(pair);
      return;
    }
    const int on = 1;  // small pieces must not wait for one another
    if (!proxy_.server_.is_unix())
      for (const int fd : {pair.client, pair.server}) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pairs_.push_back(std::move(pair));
  }

  // False: the connection is over.
  bool from_client(Pair& pair) {
    if (!is_open_at_the_other_end(pair.client)) return close_both(pair);  // an earlier client's end is no request
    if (page_.mode == Mode::cut_before_request) return cut(pair);         // unread: on a Unix socket that makes a reset
    const ssize_t size = read(pair.client, buffer_.data(), buffer_.size());
    if (size <= 0) return close_both(pair);
    const auto count = static_cast<std::size_t>(size);
    const bool halved = page_.mode == Mode::cut_in_request;
    if (!send_all(pair.server, buffer_.data(), halved ? count / 2 : count)) return close_both(pair);
    return halved ? cut(pair) : true;
  }

  bool from_server(Pair& pair) {
    const ssize_t size = read(pair.server, buffer_.data(), buffer_.size());
    if (size <= 0) return close_both(pair);
    const auto count = static_cast<std::size_t>(size);
    switch (page_.mode.load()) {
      case Mode::cut_before_reply: return cut(pair);
      case Mode::cut_in_reply: send_all(pair.client, buffer_.data(), count / 2); return cut(pair);
      case Mode::hold:
        pair.held.append(buffer_.data(), count);
        page_.held += count;
        return true;
      default: return send_all(pair.client, buffer_.data(), count) || close_both(pair);
    }
  }

  bool cut(Pair& pair) {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    if (!proxy_.listening_.is_unix()) setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    page_.mode = Mode::pass;
    ++page_.cuts;  // before the client can see it
    return close_both(pair);
  }

  bool close_both(Pair& pair) {
    close(pair.client);
    if (pair.server >= 0) close(pair.server);
    return false;
  }

  Proxy& proxy_;
  Page& page_;
  std::list<Pair> pairs_;
  std::array<char, 64 << 10> buffer_{};
};

Proxy::Proxy(const std::string& server_address) : server_(Endpoint::parse(server_address)) {
  bell_ = eventfd(0, EFD_CLOEXEC);
  if (bell_ < 0) fail("proxy: bell");
  listen_beside(server_);
  process_ = std::make_unique<Child>([this]() -> std::string { Relay(*this).run(); });
}

Proxy::~Proxy() {
  process_.reset();
  close(listener_);
  close(bell_);
}

void Proxy::listen_beside(const Endpoint& server) {
  constexpr int kBacklog = 64;
  if (server.is_unix()) {
    listening_.path = (directory_.path() / "proxy").string();
  } else {
    listening_.host = "127.0.0.1";
    listening_.port = free_loopback_port();
  }
  listener_ = new_socket(listening_);
  const SocketAddress address = socket_address(listening_);
  if (bind(listener_, address.get(), address.size) != 0 || listen(listener_, kBacklog) != 0)
    fail("proxy: cannot listen");
}

void Proxy::cut_next(Cut cut) {
  switch (cut) {
    case Cut::before_request: page_->mode = Mode::cut_before_request; break;
    case Cut::in_request: page_->mode = Mode::cut_in_request; break;
    case Cut::before_reply: page_->mode = Mode::cut_before_reply; break;
    case Cut::in_reply: page_->mode = Mode::cut_in_reply; break;
  }
}

void Proxy::hold_replies() {
  page_->held = 0;
  page_->late = 0;
  page_->mode = Mode::hold;
}

bool Proxy::holds_a_reply() const {
  return becomes_true([&] { return page_->held > 0; }, kPatience);
}

std::uint64_t Proxy::release() {
  page_->releasing = true;
  const std::uint64_t ring = 1;
  if (write(bell_, &ring, sizeof ring) != sizeof ring) fail("proxy: bell");
  if (!becomes_true([&] { return !page_->releasing; }, kPatience)) {
    errno = ETIMEDOUT;
    fail("proxy: release");
  }
  return page_->late;
}

}  // namespace dictbench::torture
