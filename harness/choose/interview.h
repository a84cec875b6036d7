// The questions of `dictbench choose`, asked one by one.
#pragma once

#include <iosfwd>

#include "results/choose/requirements.h"

namespace dictbench {

// Asks every question on `out` and reads one line of `in` for each. An empty line, or the end of the input, takes the
// default in brackets, which is what `asked` holds; a wrong answer is told and asked again. Throws RequirementError
// where the input ends after a wrong answer.
void interview(Requirements& asked, std::istream& in, std::ostream& out);

}  // namespace dictbench
