// Attachment: this process's dict on a shared thing, made for use from many Python threads and across forks.
//
// Invariants:
//  - the Dict inside is used by one thread at a time. An operation that takes nanoseconds runs with the GIL held, which
//    is all the exclusion it needs: the other way costs 65 ns more (measured with `null`), as much as such an
//    operation. One that may wait (a server, a disk, another process's lock) gives the GIL up and holds the mutex; as
//    long as any does (`busy`), all take that way;
//  - a Dict never crosses a fork: the child finds its generation out of date, leaves what it inherited as it is
//  (closing
//    it would undo the parent's connection or arena) and attaches anew at its first operation. sqlite-wal's is closed
//    before the fork, and both sides attach anew;
//  - after an error that ends a Dict (engines/engine.h) the next operation attaches anew.
// All members are called with the GIL held, and fail as the C API does: false with a Python exception set.
#pragma once

#include <Python.h>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "engines/registry.h"
#include "python/src/errors.h"

namespace dictbench::python {

// Counts the forks between the first process and this one.
extern unsigned fork_generation;

class Attachment {
 public:
  // Throws SpecError, Error.
  Attachment(const std::string& spec, std::string address);
  ~Attachment();
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;

  // operation(Dict&, Value&): a point read or a point write. The Value stays as it is until the thread's next operation
  // or until other Python code runs.
  template <typename Operation>
  bool read(const Operation& operation) {
    return quick_read_ ? quick(operation) : slow(operation);
  }
  template <typename Operation>
  bool write(const Operation& operation) {
    return quick_write_ ? quick(operation) : slow(operation);
  }

  // The same for anything that takes long: the GIL is given up.
  bool slow(const std::function<void(Dict&, Value&)>& operation);

  // Ends the Dict; other operations are refused from then on.
  void close();

 private:
  friend class ForkGuard;

  struct State {
    unsigned generation = fork_generation;
    unsigned busy = 0;  // threads that are in slow(); changed with the GIL held
    std::mutex mutex;
    std::unique_ptr<Dict> dict;
    Value value;
  };

  template <typename Operation>
  bool quick(const Operation& operation) {
    State& state = *state_;
    if (state.generation != fork_generation || state.busy != 0 || !state.dict) [[unlikely]]
      return slow(operation);
    try {
      operation(*state.dict, state.value);
      return true;
    } catch (const std::exception& error) {
      if (ends_dict(error)) state.dict.reset();
      raise(error);
      return false;
    }
  }

  static bool ends_dict(const std::exception& error);
  State& own_state();

  Spec spec_;
  const EngineDescription& engine_;
  std::string address_;
  bool quick_read_, quick_write_;
  bool closed_ = false;
  std::unique_ptr<State> state_;
};

}  // namespace dictbench::python
