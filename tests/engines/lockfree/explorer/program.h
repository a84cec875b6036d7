// A program for the explorer: a few fibers with a few operations each on a small table, how the table stands before,
// and what must hold after every execution:
//  - the history of results is linearizable, key by key, with the gets of all keys that come last
//    (harness/verify/linearizability.h); an operation whose fiber was killed took effect or not;
//  - nothing is broken (audit.h), once the arenas of the dead are settled: no block lost, none held twice, no key
//  twice;
//  - the living hold no intents and no hazard.
//
// Values are numbers, told by digit and length so that a mixed one is nobody's: value(1) to value(9).
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/verify/history.h"
#include "tests/engines/lockfree/explorer/scheduler.h"
#include "tests/engines/lockfree/explorer/table.h"

namespace dictbench::explorer {

constexpr std::int64_t value(unsigned digit) {
  std::int64_t number = 0;
  for (unsigned i = 0; i < 8 + digit * 3 % 11; ++i) number = 10 * number + digit;
  return number;
}

struct Step {
  enum class What {
    get,
    set,
    erase,
    add,
    sweep,   // give back the chunks of ours that are empty; what lies in magazines and spares counts as free
    wait,    // until fiber `number` has ended
    attach,  // wait until fiber `number` has ended, take its arena over and go on with it
    adopt,   // wait until fiber `number` has ended, take over what all dead have
  };
  What what = What::get;
  unsigned key = 0;
  std::int64_t number = 0;
};

constexpr Step get(unsigned key) { return {.what = Step::What::get, .key = key}; }
constexpr Step set(unsigned key, unsigned digit) {
  return {.what = Step::What::set, .key = key, .number = value(digit)};
}
constexpr Step erase(unsigned key) { return {.what = Step::What::erase, .key = key}; }
constexpr Step add(unsigned key, std::int64_t delta) { return {.what = Step::What::add, .key = key, .number = delta}; }
constexpr Step sweep() { return {.what = Step::What::sweep}; }
constexpr Step wait(unsigned fiber) { return {.what = Step::What::wait, .number = fiber}; }
constexpr Step attach(unsigned fiber) { return {.what = Step::What::attach, .number = fiber}; }
constexpr Step adopt(unsigned fiber) { return {.what = Step::What::adopt, .number = fiber}; }

struct Fiber {
  std::vector<Step> steps;
  bool may_die = false;
};

struct Program {
  std::vector<std::string> keys;
  std::vector<Step> before;  // by the first fiber's arena, before all begin
  std::vector<Fiber> fibers;
  Bounds bounds;
};

// What DICTBENCH_EXPLORER_PREEMPTIONS (more of them), DICTBENCH_EXPLORER_SECONDS (a program) and
// DICTBENCH_EXPLORER_REPLAY (a schedule) say.
Exploration explore(const Program& program);

// A failure for people: what was wrong, the schedule access by access, and how to replay it.
std::string report(const Program& program, const Failure& failure);

}  // namespace dictbench::explorer
