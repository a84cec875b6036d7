#include "results/tables/provenance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "results/comparability.h"
#include "results/host_name.h"
#include "results/number_format.h"

namespace dictbench {
namespace {

void add_unique(std::vector<std::string>& texts, const std::string& text) {
  if (!text.empty() && std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

std::string host_text(const RunRecord& run) {
  std::string text = known_fact(run.host, "cpu_model").value_or("unknown CPU");
  if (const auto cores = known_fact(run.host, "cores"))
    text += fmt::format(", {} {}", *cores, *cores == "1" ? "core" : "cores");
  for (const char* fact : {"memory", "virtualization", "os", "kernel"}) {
    if (const auto value = known_fact(run.host, fact)) text += ", " + *value;
  }
  return text;
}

std::string build_text(const RunRecord& run) {
  std::vector<std::string> parts;
  add_unique(parts, run.compiler);
  add_unique(parts, run.build_type);
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string commit_text(const RunRecord& run) {
  if (run.commit.empty()) return "";
  return run.commit.substr(0, 10) + (run.dirty ? " with local changes" : "");
}

// What an engine said of itself under this name, each value once, in the order in which it was told.
std::string fact_of(const Series& series, std::string_view fact) {
  std::vector<std::string> values;
  for (const CellRecord* cell : series.cells)
    for (const auto& [name, value] : cell->engine_facts)
      if (name == fact) add_unique(values, value);
  return fmt::format("{}", fmt::join(values, " / "));
}

// The kinds of pages that it stores in, each once.
std::string pages_of(const Series& series) {
  std::vector<std::string> kinds;
  for (const CellRecord* cell : series.cells)
    add_unique(kinds, page_kind(known_fact(cell->engine_facts, "pages").value_or("")));
  return fmt::format("{}", fmt::join(kinds, " / "));
}

bool pages_differ(const Block& block) {
  std::set<std::string> kinds;
  for (const Series& series : block.series)
    if (const std::string pages = pages_of(series); !pages.empty()) kinds.insert(pages);
  return kinds.size() > 1;
}

// Below nine tenths the figure is more of fewer workers' than of so many.
constexpr double kWorkersTogether = 0.9;

// Nothing where the record does not tell.
std::optional<double> overlap(const CellRecord& cell) {
  return cell.overlap > 0 ? std::optional(cell.overlap) : std::nullopt;
}

bool client_bound(const Series& series) {
  const auto held_up = std::ranges::count_if(
      series.cells, [](const CellRecord* cell) { return cell->server_rusage && cell->limit == "workers"; });
  return 2 * static_cast<std::size_t>(held_up) > series.cells.size();
}

// In how many repetitions the hypervisor and other programs took more than a twentieth of the machine.
std::size_t disturbed_in(const Block& block, const Series& series) {
  constexpr double kMuch = 0.05;
  std::size_t times = 0;
  for (const CellRecord* cell : series.cells) {
    const auto run = std::ranges::find(block.runs, cell->run_id, &RunRecord::run_id);
    if (!cell->disturbance || run == block.runs.end()) continue;
    double cores = 0;
    const std::string told = known_fact((*run)->host, "cores").value_or("");
    std::from_chars(told.data(), told.data() + told.size(), cores);
    const double taken = cell->disturbance->steal_s + cell->disturbance->others_s;
    if (cores > 0 && taken > kMuch * cores * cell->elapsed_s) ++times;
  }
  return times;
}

std::vector<std::string> doubts(const Block& block, const Series& series) {
  std::vector<std::string> parts;
  if (!series.good()) return parts;
  if (!long_enough(series)) parts.push_back(fmt::format("window {}", nanoseconds(1e9 * window_of(series))));
  const auto together = median_of(series, overlap);
  if (together && *together < kWorkersTogether)
    parts.push_back(fmt::format("workers overlapped {} of the window", percent(*together)));
  if (client_bound(series)) parts.emplace_back("client-bound");
  const std::size_t disturbed = disturbed_in(block, series);
  if (2 * disturbed >= series.cells.size())
    parts.push_back(fmt::format("disturbed in {} of {}", disturbed, series.cells.size()));
  return parts;
}

}  // namespace

std::vector<std::string> provenance_notes(const std::vector<const RunRecord*>& runs) {
  if (runs.empty()) return {"Host, compiler and date unknown: the records lack their runs."};
  std::vector<std::string> hosts, builds, commits, dates, warnings;
  for (const RunRecord* run : runs) {
    add_unique(hosts, host_text(*run));
    add_unique(builds, build_text(*run));
    add_unique(commits, commit_text(*run));
    add_unique(dates, run->started.substr(0, 10));
    for (const std::string& warning : run->warnings) add_unique(warnings, warning);
  }
  std::sort(dates.begin(), dates.end());
  std::vector<std::string> notes;
  std::string note = fmt::format("Host: {}. Built with {}.", fmt::join(hosts, "; "),
                                 builds.empty() ? "an unknown compiler" : fmt::format("{}", fmt::join(builds, "; ")));
  note += dates.front() == dates.back() ? fmt::format(" Measured {}", dates.front())
                                        : fmt::format(" Measured {} to {}", dates.front(), dates.back());
  if (!commits.empty()) note += fmt::format(", commit {}", fmt::join(commits, ", "));
  notes.push_back(note + ".");
  for (const std::string& warning : warnings) notes.push_back("Warning of the run: " + warning);
  return notes;
}

std::vector<std::string> provenance_notes(const Block& block) {
  std::vector<std::string> notes = provenance_notes(block.runs);
  if (block.outdated > 0)
    notes.push_back(fmt::format("{} records of other work (another version or scale of the workload) are left out.",
                                block.outdated));
  if (block.other_commits > 0)
    notes.push_back(fmt::format("{} records of other commits are left out.", block.other_commits));
  return notes;
}

std::string statistics_note(const Block& block) {
  std::set<std::size_t> counts;
  for (const Series& series : block.series) {
    if (series.good()) counts.insert(series.cells.size());
  }
  if (counts.empty()) return "No cell has a figure to show.";
  if (*counts.rbegin() == 1) return "One repetition: no interval can be given.";
  std::vector<std::string> coverages;
  constexpr double kTie = 1e-6;  // 93.75 is rounded up whatever its last bit
  for (const std::size_t count : counts) {
    coverages.push_back(fmt::format("{} repetitions: {:.1f} %", count, 100 * median_ranks(count).coverage + kTie));
  }
  if (*counts.begin() == 1) coverages.front() = "1 repetition: none";
  return fmt::format("Medians; in brackets the exact order-statistic interval of the median ({}).",
                     fmt::join(coverages, ", "));
}

std::string repetitions_note(const Block& block) {
  std::set<std::size_t> counts;
  for (const Series& series : block.series) {
    if (series.good()) counts.insert(series.cells.size());
  }
  if (counts.empty()) return "No cell has a figure to show.";
  if (*counts.begin() == *counts.rbegin()) {
    return *counts.begin() == 1 ? "One repetition." : fmt::format("Medians of {} repetitions.", *counts.begin());
  }
  return fmt::format("Medians of {} to {} repetitions.", *counts.begin(), *counts.rbegin());
}

std::vector<std::string> standing_notes(const Block& block, const TableContext& context) {
  const auto any = [&](Standing standing) {
    return std::any_of(block.series.begin(), block.series.end(),
                       [&](const Series& series) { return standing_of(series, context) == standing; });
  };
  std::vector<std::string> notes;
  if (any(Standing::not_shared)) {
    notes.push_back("Not shared: a private dict in each process, a ceiling for comparison.");
  }
  if (any(Standing::threads_only)) {
    notes.push_back("Threads: one dict in one process, used by so many of its threads; processes cannot share it.");
  }
  if (any(Standing::cost)) {
    notes.push_back("Harness: the engine does nothing; its time per operation of one process is dictbench's own cost.");
  }
  return notes;
}

std::string standing_remark(const Block& block, const Series& series, const TableContext& context) {
  std::vector<std::string> parts;
  if (series.start != "fork") parts.push_back(series.start);
  const Standing standing = standing_of(series, context);
  if (standing == Standing::not_shared) parts.emplace_back("not shared");
  if (standing == Standing::cost) {
    // In an open loop an operation takes as long as it is to the next one: that is no cost.
    const auto cost = series.good() && !block.open_loop() ? median_of(series, ns_per_op) : std::nullopt;
    parts.push_back(cost ? fmt::format("harness: {}/op", nanoseconds(*cost)) : "harness");
  }
  if (const std::string pages = pages_of(series); !pages.empty() && pages_differ(block))
    parts.push_back("pages: " + pages);
  // All engines but those with files of another place store in memory.
  if (const std::string place = fact_of(series, "filesystem"); !place.empty() && place != "tmpfs" && place != "ramfs")
    parts.push_back("files on " + place);
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string row_remark(const Block& block, const Series& series, const TableContext& context) {
  std::vector<std::string> parts;
  add_unique(parts, standing_remark(block, series, context));
  for (std::string& doubt : doubts(block, series)) parts.push_back(std::move(doubt));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> doubt_notes(const Block& block) {
  bool any_short = false, apart = false, bound = false, disturbed = false;
  for (const Series& series : block.series)
    for (const std::string& doubt : doubts(block, series)) {
      any_short = any_short || doubt.starts_with("window");
      apart = apart || doubt.starts_with("workers");
      bound = bound || doubt.starts_with("client");
      disturbed = disturbed || doubt.starts_with("disturbed");
    }
  std::vector<std::string> notes;
  if (block.scale != 1) notes.push_back(fmt::format("Scale {:g} of the workload, for all engines alike.", block.scale));
  if (any_short)
    notes.push_back(
        fmt::format("Window: shorter than {:g} ms, too short for a steady state: the figure decides nothing.",
                    1000 * kShortestWindow));
  if (apart) notes.emplace_back("Workers overlapped: the rest of the window some of them had not begun or had ended.");
  if (bound) notes.emplace_back("Client-bound: the workers were the limit, not the server; with more it does more.");
  if (disturbed)
    notes.emplace_back(
        "Disturbed: in half of the repetitions or more other programs or the hypervisor took over 5 % of the machine.");
  return notes;
}

std::string short_reason(const Series& series, std::vector<std::string>& notes) {
  constexpr std::size_t kLongest = 32;
  const std::string reason = series.reason();
  if (reason.size() <= kLongest || series.unfinished()) return reason;
  add_unique(notes, fmt::format("{}, {} {}: {}", series.engine, series.processes,
                                series.processes == 1 ? "process" : "processes", reason));
  const std::size_t blank = reason.rfind(' ', kLongest);
  std::string cut = reason.substr(0, blank == std::string::npos ? kLongest : blank);
  while (!cut.empty() && (cut.back() == ' ' || cut.back() == ':' || cut.back() == ',' || cut.back() == ';'))
    cut.pop_back();
  // Not inside a character of several bytes.
  while (!cut.empty() && blank == std::string::npos && (static_cast<unsigned char>(cut.back()) & 0x80) != 0)
    cut.pop_back();
  return cut + " ...";
}

TableCell speed_cell(const Series& series, std::vector<std::string>& notes) {
  if (!series.good()) return text_cell(short_reason(series, notes));
  std::vector<double> speeds;
  for (const auto& [round, speed] : by_round(series, ops_per_s)) speeds.push_back(speed);
  if (speeds.empty()) return no_figure();
  const double middle = median(speeds);
  if (speeds.size() == 1) return number_cell(engineering(middle), middle);
  const Interval interval = median_interval(speeds);
  return {.text = engineering_interval(middle, interval.low, interval.high),
          .number = middle,
          .interval = std::pair(interval.low, interval.high)};
}

TableCell memory_cell(const Series& series) {
  // A segment's head, a lock file, a few pages: below this the empty dict is of no account beside any that is used.
  constexpr double kSmall = 64e3;
  const auto item = series.good() ? median_of(series, bytes_per_item) : std::nullopt;
  if (!item) return no_figure();
  const auto empty = median_of(
      series, [](const CellRecord& cell) { return std::optional(static_cast<double>(cell.memory.empty_bytes)); });
  if (empty.value_or(0) < kSmall) return number_cell(byte_size(*item), *item);
  return number_cell(fmt::format("{} + {}", byte_size(*item), byte_size(*empty)), *item);
}

TableCell verified_cell(const Series& series) {
  const CellRecord& cell = series.broken != nullptr ? *series.broken : series.any();
  if (cell.verified == "ok") return text_cell(cell.ok() || series.unfinished() ? "ok" : "-");
  if (cell.verified.starts_with("failed")) return text_cell("failed");
  if (cell.verified.starts_with("not applicable")) return text_cell("n/a");
  return text_cell("-");
}

}  // namespace dictbench
