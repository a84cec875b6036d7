// What an engine's contract promises about the order of operations, and the histories that must hold for it.
#pragma once

#include <string_view>
#include <vector>

#include "engines/contract.h"
#include "harness/verify/history.h"

namespace dictbench {

enum class Promise {
  linearizable,   // Consistency::linearizable
  buffered_sets,  // Consistency::buffered_sets
  private_dicts,  // not shared: each process's own dict is linearizable, and nobody else is at it
  none,           // nothing that could be checked
};

Promise promise_of(const Contract& contract);

// "linearizable", "buffered sets", "private dicts", "none"; the inverse throws std::invalid_argument.
std::string_view to_string(Promise promise);
Promise promise_named(std::string_view name);

// The histories each of which decide_key() must find legal:
//  - linearizable: one a key;
//  - private_dicts: one a key and process;
//  - buffered_sets: one a key, with every set's end moved to the end of its process's next operation that is no
//    set, before which it must have taken effect. Sets with no such operation after them stay open.
std::vector<std::vector<Operation>> histories_to_decide(std::vector<Operation> operations, Promise promise);

}  // namespace dictbench
