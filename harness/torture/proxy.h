// Proxy: a process between a client and its server, that breaks or delays their exchange on command.
//
// It listens on an address of the same kind as the server's (Unix socket or TCP on 127.0.0.1), opens one connection to
// the server for each client, and passes bytes on in both directions. A command arms it for the next exchange only.
// It ends with the object or with the process that made it.
// Used by one thread of the process that made it; clients may be in any process. Throws std::system_error, Error.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "engines/server/endpoint.h"
#include "engines/shm/private_directory.h"
#include "harness/torture/child.h"

namespace dictbench::torture {

// Where in an exchange the connection breaks.
enum class Cut {
  before_request,  // the server sees nothing of it
  in_request,      // the server gets the first half
  before_reply,    // the server has answered, and the client gets nothing of it
  in_reply,        // the client gets the first half
};

std::string_view to_string(Cut cut);

class Proxy {
 public:
  explicit Proxy(const std::string& server_address);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // As Engine::address() of the server.
  std::string address() const { return listening_.text(); }

  // The next exchange is cut. On TCP the client sees a reset (SO_LINGER 0), on a Unix socket an end, or a reset
  // where its request lay unread.
  void cut_next(Cut cut);

  // Replies are held back from now on.
  void hold_replies();

  // Waits until a reply is held; false after five seconds.
  bool holds_a_reply() const;

  // Hands over what is held and passes everything on again; returns when that is done. How many bytes reached a client
  // that still listened.
  std::uint64_t release();

  std::uint64_t cuts() const { return page_->cuts; }

 private:
  enum class Mode : int { pass, cut_before_request, cut_in_request, cut_before_reply, cut_in_reply, hold };

  struct Page {
    std::atomic<Mode> mode = Mode::pass;
    std::atomic<std::uint64_t> cuts = 0;
    std::atomic<std::uint64_t> held = 0;  // bytes, since hold_replies()
    std::atomic<std::uint64_t> late = 0;  // of them, handed over by release()
    std::atomic<bool> releasing = false;
  };

  class Relay;  // the proxy process's side

  void listen_beside(const Endpoint& server);

  PrivateDirectory directory_;
  Endpoint server_, listening_;
  int listener_ = -1;
  int bell_ = -1;  // eventfd: a command has come
  SharedPage<Page> page_;
  std::unique_ptr<Child> process_;
};

}  // namespace dictbench::torture
