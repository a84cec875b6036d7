// The notes under a table that say where its figures come from, and how much of them to believe.
// Private to results/tables/.
#pragma once

#include <string>
#include <vector>

#include "results/tables/series.h"

namespace dictbench {

// Host, cores, memory, compiler, date, commit of these runs; their warnings; for a block also the records left out.
std::vector<std::string> provenance_notes(const std::vector<const RunRecord*>& runs);
std::vector<std::string> provenance_notes(const Block& block);

// How the intervals are made and what they cover for so many repetitions; for tables without: how many there were.
std::string statistics_note(const Block& block);
std::string repetitions_note(const Block& block);

// What "not shared", "threads" and "harness" in the remarks mean, where the block has such rows.
std::vector<std::string> standing_notes(const Block& block, const TableContext& context);

// What sets the row apart: "scale 0.1", "spawn", "not shared", "harness: 3.2 ns/op"; empty for none.
std::string row_remark(const Series& series, const TableContext& context);

// A reason short enough for a cell; what it lacks goes to `notes` in full, after the engine's name.
std::string short_reason(const Series& series, std::vector<std::string>& notes);

// ops/s with its interval, or the reason why there is none.
TableCell speed_cell(const Series& series, std::vector<std::string>& notes);

// "ok", "n/a", "failed", "-" (nothing ran).
TableCell verified_cell(const Series& series);

}  // namespace dictbench
