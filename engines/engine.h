// The interface behind which every shared dict stands. Two things, because two lives are involved:
//
//   Engine  one per run, owned by the driver. Creates the shared thing (segment, file, private server)
//           and destroys it with itself. Used by the process that made it, by one thread.
//   Dict    one per worker process (or thread), made by attach() *after* the fork, because connections
//           and SQLite handles must not cross one. Used by one thread; closes what it holds and
//           destroys nothing that is shared.
//
// Keys and values are byte strings; a string_view argument need only live for the call. All operations
// may throw Error (engines/error.h). After an error the dict is usable unless the code is
// `disconnected`, `timeout` or `corrupt`: then attach again. Nothing acknowledged is lost.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engines/contract.h"
#include "engines/error.h"
#include "engines/value.h"

namespace dictbench {

struct KeyValue {
  std::string_view key;
  std::string_view value;
};

// Called with a key and a value that live until it returns. Returning false ends the walk.
using Visitor = std::function<bool(std::string_view key, std::string_view value)>;

class Dict {
 public:
  Dict() = default;
  Dict(const Dict&) = delete;
  Dict& operator=(const Dict&) = delete;
  virtual ~Dict() = default;

  // True and the value in `out`, or false and `out` unspecified.
  virtual bool get(std::string_view key, Value& out) = 0;

  // Inserts or overwrites.
  virtual void set(std::string_view key, std::string_view value) = 0;

  // True when the key was there.
  virtual bool erase(std::string_view key) = 0;

  // Adds to a counter in one atomic step and returns its new value; a missing key counts as 0. The
  // stored value is the decimal text of the number, so get() reads it. Error `unsupported` where the
  // value is no decimal integer, `too_large` where the sum leaves the range of int64.
  virtual std::int64_t add(std::string_view key, std::int64_t delta) = 0;

  // Number of keys. Exact when nobody writes.
  virtual std::uint64_t size() = 0;

  // Visits every key that is there from beginning to end of the walk exactly once; keys written
  // meanwhile may or may not be seen. Must not be mixed with writes from inside the visitor.
  virtual void for_each(const Visitor& visit) = 0;

  // Ordered engines: visits up to `limit` keys from `first` (inclusive) on, in byte order, and returns
  // how many. The default throws `unsupported`.
  virtual std::size_t scan(std::string_view first, std::size_t limit, const Visitor& visit);

  // Batches. keys, out and found have one length; returns the number found. The defaults loop; an
  // engine overrides them where it can overlap round trips or cache misses. A batch is not atomic.
  virtual std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found);
  virtual void set_many(std::span<const KeyValue> items);
};

// What the shared thing occupies outside the processes' private memory.
struct StorageBytes {
  std::uint64_t in_use = 0;  // pages or blocks really allocated: segment + files on disk + tmpfs
  std::uint64_t length = 0;  // sum of the lengths, larger than in_use for sparse files
};

class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  // A dict for the calling process.
  virtual std::unique_ptr<Dict> attach() = 0;

  // What a process that was not forked from this one needs to attach, beside the spec: a segment's
  // name, a socket's or file's path. Handed to EngineDescription::attach.
  virtual std::string address() const = 0;

  // Processes that serve this engine; their memory and context switches belong to its cost.
  virtual std::vector<pid_t> server_pids() const { return {}; }

  virtual StorageBytes storage_bytes() const { return {}; }

  // What killed processes could leave behind and must not pile up, beside storage: {"reader slots", 3}. What a dead
  // process held may be counted until another attaches, or until a server has noticed. Throws Error.
  virtual std::vector<std::pair<std::string, std::uint64_t>> held() const { return {}; }

  // The engine's own check of its structures, while nobody writes: what is broken, or empty text. Nothing:
  // the engine has no such check. Throws Error.
  virtual std::optional<std::string> check_integrity() { return std::nullopt; }

  // Recorded beside the figures: the server's command line, page size granted, ...
  virtual std::vector<std::pair<std::string, std::string>> facts() const { return {}; }
};

}  // namespace dictbench
