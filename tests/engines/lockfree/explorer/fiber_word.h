// Owner words (engines/shm/owner_word.h) whose owners are fibers. The explored copy of the engine is compiled with
// these in place of the others: atomic.h includes this file, and each of the engine's sources includes that one. So the
// engine's own owner.cc is what runs, and the explorer, in place of the kernel, says who is dead.
#pragma once

#include <cstdint>

#include "engines/shm/owner_word.h"

namespace dictbench::explorer {

class Owners {
 public:
  virtual ~Owners() = default;
  virtual unsigned running() const = 0;  // the fiber that claims something now
  virtual bool is_dead(unsigned fiber) const = 0;
};

// Of the program that is explored now. Nobody: a table is being made for one, and nobody is dead. One thread only.
inline const Owners* owners = nullptr;

}  // namespace dictbench::explorer

namespace dictbench::fiber_word {

using owner_word::kNobody;
using owner_word::pid;
using owner_word::state;

inline constexpr unsigned kMaker = 999;  // who makes the table is no fiber

inline std::uint64_t of_fiber(unsigned fiber, std::uint8_t what) {
  return owner_word::make({.pid = std::int64_t{fiber} + 1}, what);  // no process is 0
}

// In the name of the process that all fibers are in, the engine makes the running fiber's.
inline std::uint64_t make(const ProcessIdentity&, std::uint8_t what) {
  return of_fiber(explorer::owners != nullptr ? explorer::owners->running() : kMaker, what);
}

inline Liveness liveness(std::uint64_t word) {
  const auto fiber = static_cast<unsigned>(pid(word) - 1);
  return explorer::owners != nullptr && explorer::owners->is_dead(fiber) ? Liveness::dead : Liveness::alive;
}

}  // namespace dictbench::fiber_word

#define owner_word fiber_word
