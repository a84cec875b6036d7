// What a decision needs to know of engines and workloads (results/choose/knowledge.h), asked from their own rooms.
#pragma once

#include <string>
#include <vector>

#include "results/choose/knowledge.h"

namespace dictbench {

// Workloads are found by the name in a record among `files` (.toml), then the standard ones and those below their
// folder; a record counts when its workload's hash is still the file's. Contracts are those of the engines loaded when
// a function is called. The functions keep what they have read and may be called by one thread at a time.
Knowledge knowledge_of(const std::vector<std::string>& files = {});

}  // namespace dictbench
