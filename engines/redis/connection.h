// RedisConnection: commands out, replies in, over hiredis.
//
// hiredis connects and parses replies; the commands are written and sent here. That saves a copy per
// command, and MSG_NOSIGNAL keeps SIGPIPE away: hiredis sends with write(2), so a dead server would kill
// the worker unless the whole process ignored that signal.
//
// Invariant: replies arrive in the order of the commands, so every command's reply must be received before
// an unrelated command. After a connection-level failure the connection is closed for good, because a late
// reply would be taken for the answer to another command.
// Used by one thread of the process that made it.
#pragma once

#include <hiredis/hiredis.h>

#include <charconv>
#include <chrono>
#include <concepts>
#include <memory>
#include <string>
#include <string_view>

#include "engines/error.h"
#include "engines/server/endpoint.h"

namespace dictbench {

struct FreeReply {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

// The text of a string, status or error reply.
inline std::string_view text_of(const redisReply& reply) noexcept { return {reply.str, reply.len}; }

class RedisConnection {
 public:
  // `timeout` holds for the connecting and for each wait for the server. Throws Error(unavailable).
  RedisConnection(const Endpoint& server, std::chrono::milliseconds timeout);

  // Queues a command, binary-safe; nothing is sent before receive() or the buffer is large.
  template <std::convertible_to<std::string_view>... Arguments>
  void queue(const Arguments&... arguments) {
    require_open();
    begin_command(sizeof...(arguments));
    (add_argument(arguments), ...);
    if (output_.size() >= kSendAt) send_queued();
  }

  // The same for a number of arguments known at run time: this, then add_argument() that often.
  void begin_command(std::size_t arguments) { add_header('*', arguments); }
  void add_argument(std::string_view argument) {
    add_header('$', argument.size());
    output_ += argument;
    output_ += "\r\n";
  }

  // The next command's reply, which may be an error reply. Throws Error(disconnected) or Error(timeout)
  // and closes the connection.
  Reply receive();

  // The same, but an error reply is thrown.
  Reply receive_or_throw();

  // Every later call throws Error(disconnected).
  void close() noexcept;

  // One command and its reply; an error reply is thrown.
  template <std::convertible_to<std::string_view>... Arguments>
  Reply call(const Arguments&... arguments) {
    queue(arguments...);
    return receive_or_throw();
  }

 private:
  static constexpr std::size_t kSendAt = 64 * 1024;    // bytes queued; the server starts while we go on queueing
  static constexpr std::size_t kKeepAtMost = 1 << 20;  // bytes of buffer kept after a large value

  struct FreeContext {
    void operator()(redisContext* context) const noexcept { redisFree(context); }
  };

  void add_header(char kind, std::size_t number) {
    char text[24];
    text[0] = kind;
    char* end = std::to_chars(text + 1, text + sizeof text - 2, number).ptr;
    *end++ = '\r';
    *end++ = '\n';
    output_.append(text, end);
  }
  void require_open() const;
  void send_queued();
  [[noreturn]] void fail(int error_number, const std::string& what);

  std::string server_;  // for messages
  std::chrono::milliseconds timeout_;
  std::unique_ptr<redisContext, FreeContext> context_;
  std::string output_;
};

// Throws the Error that an error reply stands for: "OOM ..." is `full`, a wrong type `unsupported`, ...
[[noreturn]] void throw_error_reply(const redisReply& reply);

}  // namespace dictbench
