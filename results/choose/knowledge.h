// What a decision needs to know that records do not hold and results/ cannot know: engines and workload files.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "results/choose/evidence.h"
#include "results/choose/requirements.h"
#include "results/choose/situation.h"
#include "results/record.h"

namespace dictbench {

// A workload that everybody has, for the command that would measure what is missing.
struct StandardPhase {
  std::string workload, phase;
  PhaseTraits traits;
};

// What results/ cannot know. A function that is not set knows nothing.
struct Knowledge {
  // What the phase of this record does, at its scale; nothing when its workload file is another one by now or gone.
  // The run is null where the records lack it.
  std::function<std::optional<PhaseTraits>(const CellRecord&, const RunRecord*)> phase;
  // What an engine promises under these options; nothing for one that is not loaded.
  std::function<std::optional<EnginePromises>(const std::string& spec)> engine;
  // Specs worth measuring: every engine as it comes, and with the options that make it promise more or hold more.
  std::function<std::vector<EnginePromises>(const Requirements&)> candidates;
  std::function<std::vector<StandardPhase>()> standard_phases;
};

}  // namespace dictbench
