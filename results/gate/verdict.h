// From looks to a verdict: of one figure, and of a whole gate. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/gate/rules.h"
#include "results/record.h"

namespace dictbench {

enum class GateStanding { pass, inconclusive, regressed };

struct GateVerdict {
  GateStanding standing = GateStanding::pass;
  std::string why;  // empty for a plain pass
};

// The verdict as a record holds it: "pass", "pass: why", "regressed: why", "inconclusive: why".
std::string to_text(const GateVerdict& verdict);
GateStanding standing_of_gate(std::string_view verdict_text);

// Judges the raw figures of one look by the rules and fills in what it found. A disturbance only ever takes time, so
// it leaves a look open where it may have made what was found: beside the head when the figure is flagged, beside the
// base when it is not and a slowdown of time may hide behind that. `committed`: of a gate against committed ratios,
// else null; `figure` as in GateRecord.
void judge(GateLook& look, const std::string& figure, const GateRules& rules, const Pairs* committed = nullptr);

// A second look is wanted for a figure that is flagged, and for one whose sides were disturbed unequally, unless it is
// proven that the head is no slower than the margin allows.
bool wants_second_look(const GateLook& first, double margin);

// Of a figure after its one or two looks. `blind`: a pass that could only have seen a slowdown larger than this is
// inconclusive (0.5: 50 %).
GateVerdict verdict_of(std::span<const GateLook> looks, double margin, double blind);

// The worst of them all: one regressed figure fails the gate, one inconclusive figure leaves it open.
GateStanding worst(const std::vector<GateRecord>& figures);

}  // namespace dictbench
