// The operations that `step` leads a process through, in that process.
#pragma once

#include "engines/engine.h"
#include "harness/torture/step_page.h"
#include "harness/torture/stepper.h"

namespace dictbench::torture {

// Warms up: makes the operation once on a spare key, which is gone again then, so that what is bound or allocated at
// the first call is. Makes the trial's operation between the marks. Then puts what it got, or the Error that it threw,
// into the page. Throws what the warming up throws.
void make_operation(Dict& dict, StepPage& page, SteppedProcess::Marks& marks);

}  // namespace dictbench::torture
