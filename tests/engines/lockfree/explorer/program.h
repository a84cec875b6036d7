// A program for the explorer: a few fibers with a few operations each on a small table, how the table stands before,
// and what must hold after every execution:
//  - the history of results is linearizable, key by key, with the gets of all keys that come last
//    (harness/verify/linearizability.h); an operation whose fiber was killed took effect or not. A for_each is a get of
//    every key, and shows no other; a size is what the keys' histories allow (history_check.h);
//  - nothing is broken (audit.h), neither before nor after the arenas of the dead are settled: no block lost, none held
//    twice, no key twice;
//  - the living hold no intents and no hazard.
//
// Values are numbers, told by digit and length so that a mixed one is nobody's: value(1) to value(9).
#pragma once

#include <optional>
#include <string>
#include <vector>

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
    size,
    for_each,
    sweep,   // give back the chunks of ours that are empty; what lies in magazines and spares counts as free
    freeze,  // freeze the table and leave it so, as a rebuild that goes no further
    rest,    // the others may go on here without a preemption
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
constexpr Step size() { return {.what = Step::What::size}; }
constexpr Step for_each() { return {.what = Step::What::for_each}; }
constexpr Step sweep() { return {.what = Step::What::sweep}; }
constexpr Step freeze() { return {.what = Step::What::freeze}; }
constexpr Step rest() { return {.what = Step::What::rest}; }
constexpr Step wait(unsigned fiber) { return {.what = Step::What::wait, .number = fiber}; }
constexpr Step attach(unsigned fiber) { return {.what = Step::What::attach, .number = fiber}; }
constexpr Step adopt(unsigned fiber) { return {.what = Step::What::adopt, .number = fiber}; }

struct Fiber {
  std::vector<Step> steps;
  bool may_die = false;  // killed at any write, where the bounds allow kills; and dead for others once it has ended
  Stock stock = Stock::full;
};

struct Program {
  std::vector<std::string> keys;
  std::vector<Step> before;  // by the first fiber's arena, before all begin: set, erase, sweep, freeze
  std::vector<Fiber> fibers;
  Bounds bounds;
  // Chunks that nobody has when all begin; unset: more than are ever wanted. Where it is set, a write may answer
  // Error(full), and then has changed nothing.
  std::optional<unsigned> chunks = std::nullopt;
};

// What DICTBENCH_EXPLORER_PREEMPTIONS (more of them), DICTBENCH_EXPLORER_SECONDS (a program, at most) and
// DICTBENCH_EXPLORER_REPLAY (a schedule) say.
Exploration explore(const Program& program);

// --- for people (program_text.cc) ---

// What was wrong, the schedule access by access, and how to replay it.
std::string report(const Program& program, const Failure& failure);

// The program as a test, as writes_test.cc has them. `name`: "ExplorerWrites, SomeName".
std::string source_of(const Program& program, const std::string& name);

}  // namespace dictbench::explorer
