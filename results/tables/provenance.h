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

// What sets the row apart: "spawn", "not shared", "harness: 3.2 ns/op", "pages: 4 KB" where others of the block have
// other ones, "files on ext4" where they do not lie in memory, and what makes its figure doubtful: "window 12 ms",
// "workers overlapped 62 % of the window", "client-bound", "disturbed in 3 of 5"; empty for none.
std::string row_remark(const Block& block, const Series& series, const TableContext& context);

// The same without the doubts, where what is shown is not a speed over a window.
std::string standing_remark(const Block& block, const Series& series, const TableContext& context);

// What the remarks of doubt mean, where the block has such rows; at other scales than 1, which.
std::vector<std::string> doubt_notes(const Block& block);

// A reason short enough for a cell; what it lacks goes to `notes` in full, after the engine's name.
std::string short_reason(const Series& series, std::vector<std::string>& notes);

// ops/s with its interval, or the reason why there is none.
TableCell speed_cell(const Series& series, std::vector<std::string>& notes);

// "106 B + 2.90 MB": of one more item, and of the empty dict where that is 64 kB or more.
TableCell memory_cell(const Series& series);

// "ok", "n/a", "failed", "-" (nothing ran).
TableCell verified_cell(const Series& series);

}  // namespace dictbench
