// Which instructions of an operation are tried, and in which order.
//
// Loops make most of an operation's instructions, and its few decisive ones come once. So every other time an address
// has its turn: in each round every one that ran once, in random order, at a random one of its visits. In between,
// where a loop is in the middle of a copy, any instruction is as likely as another. Plain memory, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/torture/stepper.h"
#include "workloads/random.h"

namespace dictbench::torture {

class StepSample {
 public:
  // Of a trace that is not empty.
  StepSample(const Trace& trace, std::uint64_t seed);

  // A number of an instruction in the trace.
  std::size_t next();

  std::size_t places() const noexcept { return places_.size(); }  // different addresses

 private:
  std::vector<std::vector<std::size_t>> places_;  // of each address: the instructions that were it
  std::size_t instructions_ = 0;
  std::size_t next_ = 0;  // place in this round
  bool by_place_ = false;
  Random random_;
};

}  // namespace dictbench::torture
