// Fits a run into a given time: an engine whose every operation is a round trip gets a smaller scale of
// a workload than one that answers from memory.
//
// Each engine and workload is tried first, unrecorded, at 1/1000, 1/100 and, where that was too quick to
// tell, 1/10 of the scale. Quick cells run whole; the time they leave goes to the others, which all get the
// same time and the largest scale of the row 1, 0.5, 0.2, 0.1, ... that fits it. Where an engine takes a limited number
// of keys (Contract::most_items), the scale is no larger than what it takes. Records carry the scale.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "harness/driver/cell.h"

namespace dictbench {

// Sets `scale` of every cell. Cells whose engine and workload `known` holds get the scale used there, so that a resumed
// run goes on and another machine does the same work; the last such record counts. The others are fitted into `seconds`
// for all of them together, or keep their scale without. `tried` is told before each trial.
void fit_to_budget(std::vector<Cell>& cells, std::optional<double> seconds, const CellOptions& options,
                   const RecordFile& known, const std::function<void(const Cell&)>& tried);

// The largest step of 1, 0.5, 0.2, 0.1, ... that is not above `wanted`, and at least 0.0001.
double round_scale_down(double wanted);

}  // namespace dictbench
