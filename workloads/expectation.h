// What a dict must hold after a run: the operations of all processes replayed without an engine.
//
// Where one process alone wrote a key, its last write is the only right value. Where several did, the
// last write of *one of them* is: an earlier write of a process was overwritten by its own later one. A
// barrier stands between phases, so that only writes of the last phase that wrote the key count; the
// preload's value counts only for keys that nobody wrote since. So a lost or a reverted write is found even
// though the order between processes is unknown. Counters have but one right value.
//
// Memory: 8 bytes per key and process, 3 more per key (11 with counters). Made by one thread; const calls from any
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/value_content.h"
#include "workloads/workload.h"

namespace dictbench {

class Expectation {
 public:
  // executed[phase][worker]: operations really done, which time-limited phases need: the first ones of the
  // stream, or the stream round and round. A worker's sequence numbers count them, from 0 and through all
  // phases. Throws WorkloadError for a wrong number of processes, std::invalid_argument for a wrong shape.
  Expectation(const Workload& workload, unsigned processes, const std::vector<std::vector<std::uint64_t>>& executed);
  ~Expectation();

  std::uint64_t items() const noexcept;  // keys that must be there at the end

  // Every key that the run touched or could have touched, present or not: 0..keys()-1, numbered as the workload does,
  // but for counters of their own, which come last.
  std::uint64_t keys() const noexcept;
  std::string key(std::uint64_t number) const;
  bool present(std::uint64_t number) const;

  // Empty when `value` is right for this key, else what is wrong, for a person: with `tagged` values and
  // counters whether it is the right write, with others whether it is such a value as the key has.
  std::string check(std::uint64_t number, std::string_view value) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dictbench
