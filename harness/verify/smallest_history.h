// Cuts an illegal history of one key down to what shows that it is illegal.
//
// Every step keeps this: had the longer history been legal, the shorter one would be, too. So a shorter one that
// is still illegal proves the same. The steps, each tried and kept while the history stays illegal:
//  - leave out what began after the return that cannot be explained;
//  - put one set or erase, of the process kBeforeHistory, in the place of all before a moment at which the key can
//    have held one value only, or none;
//  - leave out a read; a write only when nothing that is left could tell (may_leave_out());
//  - forget an erase's answer, which may free a write.
//
// Pure functions, any thread.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/verify/linearizability.h"

namespace dictbench {

struct SmallestHistory {
  std::vector<Operation> operations;
  std::size_t unexplained = 0;  // the operation whose return no order explains
  std::size_t left_out = 0;     // operations of the whole history that are not in this one
  // The set whose value the unexplained get read, where that is left out.
  std::optional<Operation> origin;
};

// True when the rest is legal whenever the whole is.
bool may_leave_out(std::span<const Operation> operations, std::size_t index);

// The table, and in lines of their own what was left out. For people.
std::string to_text(const SmallestHistory& smallest);

// `operations` of one key, found illegal by `decision`. Stops where it is when the time is up.
SmallestHistory smallest_illegal_history(std::span<const Operation> operations, const Decision& decision,
                                         std::chrono::milliseconds patience);

}  // namespace dictbench
