#include "results/tables/provenance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

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
  if (block.outdated > 0) {
    notes.push_back(fmt::format("{} records of another version of the workload file are left out.", block.outdated));
  }
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

std::string row_remark(const Series& series, const TableContext& context) {
  std::vector<std::string> parts;
  if (series.scale != 1) parts.push_back(fmt::format("scale {:g}", series.scale));
  if (series.start != "fork") parts.push_back(series.start);
  const Standing standing = standing_of(series, context);
  if (standing == Standing::not_shared) parts.push_back("not shared");
  if (standing == Standing::cost) {
    const auto cost = series.good() ? median_of(series, ns_per_op) : std::nullopt;
    parts.push_back(cost ? fmt::format("harness: {}/op", nanoseconds(*cost)) : "harness");
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string short_reason(const Series& series, std::vector<std::string>& notes) {
  constexpr std::size_t kLongest = 32;
  const std::string reason = series.reason();
  if (reason.size() <= kLongest) return reason;
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

TableCell verified_cell(const Series& series) {
  const CellRecord& cell = series.broken != nullptr ? *series.broken : *series.cells.front();
  if (cell.verified == "ok") return text_cell(cell.ok() ? "ok" : "-");
  if (cell.verified.starts_with("failed")) return text_cell("failed");
  if (cell.verified.starts_with("not applicable")) return text_cell("n/a");
  return text_cell("-");
}

}  // namespace dictbench
