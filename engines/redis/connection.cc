#include "engines/redis/connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace dictbench {

RedisConnection::RedisConnection(const Endpoint& server, std::chrono::milliseconds timeout)
    : server_(server.text()), timeout_(timeout) {
  constexpr int kMillion = 1'000'000;
  const auto us = std::chrono::microseconds(timeout).count();
  const timeval limit{.tv_sec = us / kMillion, .tv_usec = us % kMillion};
  context_.reset(server.is_unix() ? redisConnectUnixWithTimeout(server.path.c_str(), limit)
                                  : redisConnectWithTimeout(server.host.c_str(), server.port, limit));
  if (context_ == nullptr || context_->err != 0 || redisSetTimeout(context_.get(), limit) != REDIS_OK)
    throw Error(ErrorCode::unavailable, fmt::format("cannot connect to the Redis server at {}: {}", server_,
                                                    context_ == nullptr ? "no memory" : context_->errstr));
}

void RedisConnection::require_open() const {
  if (context_ == nullptr)
    throw Error(ErrorCode::disconnected,
                fmt::format("the connection to {} was closed after an earlier error; attach again", server_));
}

void RedisConnection::close() noexcept {
  context_.reset();
  output_.clear();
}

void RedisConnection::fail(int error_number, const std::string& what) {
  close();
  if (error_number == EAGAIN || error_number == EWOULDBLOCK || error_number == ETIMEDOUT)
    throw Error(ErrorCode::timeout,
                fmt::format("{} did not answer for {} ms (option timeout); the connection is closed, attach again",
                            server_, timeout_.count()));
  throw Error(ErrorCode::disconnected, fmt::format("lost the Redis server at {}: {}; attach again", server_, what));
}

void RedisConnection::send_queued() {
  std::size_t sent = 0;
  while (sent < output_.size()) {
    const ssize_t count = send(context_->fd, output_.data() + sent, output_.size() - sent, MSG_NOSIGNAL);
    if (count >= 0)
      sent += static_cast<std::size_t>(count);
    else if (errno != EINTR)
      fail(errno, std::strerror(errno));
  }
  output_.clear();
  if (output_.capacity() > kKeepAtMost) output_.shrink_to_fit();
}

Reply RedisConnection::receive() {
  require_open();
  if (!output_.empty()) send_queued();
  void* reply = nullptr;
  errno = 0;
  if (redisGetReply(context_.get(), &reply) != REDIS_OK) {
    // errno means something for REDIS_ERR_IO only. hiredis 1.x has a code of its own for a timeout.
    int error_number = context_->err == REDIS_ERR_IO ? errno : 0;
#ifdef REDIS_ERR_TIMEOUT
    if (context_->err == REDIS_ERR_TIMEOUT) error_number = ETIMEDOUT;
#endif
    const std::string what = context_->errstr;
    fail(error_number, what);
  }
  return Reply(static_cast<redisReply*>(reply));
}

Reply RedisConnection::receive_or_throw() {
  Reply reply = receive();
  if (reply->type == REDIS_REPLY_ERROR) throw_error_reply(*reply);
  return reply;
}

void throw_error_reply(const redisReply& reply) {
  struct Meaning {
    std::string_view text;
    ErrorCode code;
    std::string_view advice;
  };
  // As redis-server words them; matched anywhere in the reply because the prefixes (ERR, OOM) are shared.
  static constexpr Meaning kMeanings[] = {
      {"OOM ", ErrorCode::full, "give the server more memory (option max)"},
      {"would overflow", ErrorCode::too_large, "the sum leaves the range of int64"},
      {"not an integer", ErrorCode::unsupported, "the value is no decimal integer"},
      {"WRONGTYPE", ErrorCode::unsupported, "the key holds no string"},
      {"maximum allowed size", ErrorCode::too_large, "the server's proto-max-bulk-len is the limit"},
  };
  const std::string_view text = text_of(reply);
  for (const Meaning& meaning : kMeanings)
    if (text.find(meaning.text) != std::string_view::npos)
      throw Error(meaning.code, fmt::format("redis: {}: {}", text, meaning.advice));
  throw Error(ErrorCode::unavailable, fmt::format("redis refused: {}", text));
}

}  // namespace dictbench
