// Small random histories of one key, and a checker that tries every order: what the real one is held against.
#pragma once

#include <vector>

#include "harness/verify/history.h"
#include "workloads/random.h"

namespace dictbench {

struct RandomHistoryOptions {
  unsigned most_operations = 7;
  unsigned processes = 3;
  bool adds = true;
  unsigned killed_one_in = 6;
  bool processes_overlap_themselves = false;  // as buffered sets make them
};

// Legal by construction: every operation takes effect within its times.
std::vector<Operation> legal_history(Random& random, const RandomHistoryOptions& options);

// A legal one with one answer, value or time changed: most often illegal.
std::vector<Operation> changed_history(Random& random, const RandomHistoryOptions& options);

// Tries all orders of the operations, with and without each open one.
bool legal_by_trying_all(const std::vector<Operation>& operations);

}  // namespace dictbench
