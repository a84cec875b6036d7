// Many stores on their way at once: memcached's text protocol (doc/protocol.txt of memcached), written to a connection
// of its own before the first answer is read. libmemcached waits for each answer, and where it does not, it tells no
// failures. Used by one thread of the process that made it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engines/engine.h"
#include "engines/server/endpoint.h"

namespace dictbench {

class MemcachedPipeline {
 public:
  // Connects. Throws Error(unavailable).
  MemcachedPipeline(const Endpoint& server, std::uint32_t timeout_ms);
  ~MemcachedPipeline();
  MemcachedPipeline(const MemcachedPipeline&) = delete;
  MemcachedPipeline& operator=(const MemcachedPipeline&) = delete;

  enum class Answer { stored, not_stored, no_memory, too_large };

  // One `command` ("add", "replace", "set") an item; their answers in the same order. Keys are ones that the text
  // protocol takes. Throws Error(timeout), Error(disconnected), after which the connection is of no use.
  std::vector<Answer> store(std::string_view command, std::span<const KeyValue> items);

 private:
  void send(std::string_view bytes);
  std::string_view read_line();  // without its end; until the next call
  void wait_for(short events);
  [[noreturn]] void lost(const char* why) const;

  Endpoint server_;
  int timeout_ms_;
  int socket_ = -1;
  std::string request_, answers_;
  std::size_t read_ = 0;  // of answers_
};

}  // namespace dictbench
