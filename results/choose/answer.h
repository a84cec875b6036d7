// A choice as tables: the engines that fit, those that do not and why, and what no record covers.
#pragma once

#include <string>
#include <vector>

#include "results/choose/choose.h"
#include "results/table.h"

namespace dictbench {

// The first table's title is the answer in a sentence; its notes say what was measured and how to read it. Tables of
// exclusions and of gaps are left out where there are none.
std::vector<Table> answer_tables(const Choice& choice);

// The records behind an engine's figures.
std::vector<FigureSource> sources_of(const Fit& fit);

// "12.3 M [11.9, 12.8] ops/s, p99 583 ns, 74 B an item".
std::string figures_text(const Figures& figures);

}  // namespace dictbench
