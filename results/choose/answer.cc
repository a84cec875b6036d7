#include "results/choose/answer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "results/number_format.h"
#include "results/tables/provenance.h"

namespace dictbench {
namespace {

constexpr const char* kName = "choose";

std::string speed_text(const Figures& figures) {
  return figures.interval ? engineering_interval(figures.ops_per_s, figures.interval->first, figures.interval->second)
                          : engineering(figures.ops_per_s);
}

TableCell speed_of(const Figures& figures) {
  TableCell cell = number_cell(speed_text(figures), figures.ops_per_s);
  cell.interval = figures.interval;
  return cell;
}

TableCell bytes_of(const Figures& figures) {
  if (!figures.bytes_per_item) return no_figure();
  return number_cell((figures.bytes_estimated ? "~" : "") + bytes_number(*figures.bytes_per_item),
                     *figures.bytes_per_item);
}

TableCell ratio_of(const Fit& fit) {
  if (!fit.ratio) return no_figure();
  return number_cell(ratio_text(*fit.ratio), *fit.ratio);
}

std::string remark_of(const Fit& fit) {
  std::vector<std::string> parts;
  if (fit.not_separated) parts.emplace_back("not separated from the best");
  if (fit.other_run) parts.emplace_back("measured in another run");
  if (!fit.unavailable.empty()) parts.push_back("unavailable on this machine: " + fit.unavailable);
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string promises_of(const Fit& fit) {
  std::vector<std::string> parts;
  for (const auto& [promise, found] : fit.promises)
    if (found.verdict != PromiseFound::Verdict::declared)
      parts.push_back(fmt::format("{} {}", to_string(promise), found.text));
  return parts.empty() ? "declared" : fmt::format("{}", fmt::join(parts, "; "));
}

std::string title_of(const Choice& choice) {
  const std::string asked = in_words(choice.asked);
  if (choice.fits.empty())
    return fmt::format("{}: {}",
                       choice.workload.empty()     ? "No record covers this"
                       : !choice.undecided.empty() ? "No record decides what fits"
                                                   : "Nothing fits",
                       asked);
  const std::string& best = choice.fits.front().engine;
  if (choice.fits.size() == 1) return fmt::format("Only {} fits: {}", best, asked);
  std::vector<std::string> rivals, others;
  for (const Fit& fit : choice.fits) {
    if (fit.not_separated) rivals.push_back(fit.engine);
    if (fit.other_run) others.push_back(fit.engine);
  }
  std::vector<std::string> beside;
  if (!rivals.empty()) beside.push_back(fmt::format("not separated from it: {}", fmt::join(rivals, ", ")));
  if (!others.empty()) beside.push_back(fmt::format("measured in another run: {}", fmt::join(others, ", ")));
  const std::string also = beside.empty() ? "" : fmt::format(" ({})", fmt::join(beside, "; "));
  return fmt::format("{} is the best of {} that fit{}: {}", best, choice.fits.size(), also, asked);
}

std::string situation_text(const Choice& choice) {
  return fmt::format("Measured: workload {}{}, {} {}, with {} {}, {}, values of {}, on {}.", choice.workload,
                     choice.scale == 1 ? "" : fmt::format(" at scale {:g}", choice.scale),
                     choice.reckoned ? "phases" : "phase", choice.phase, choice.conditions.processes,
                     choice.conditions.processes == 1 ? "process" : "processes",
                     grouped(choice.traits.keys) + (choice.traits.keys == 1 ? " item" : " items"),
                     byte_size(choice.traits.value_bytes), choice.host);
}

// Where the p99 is from: in a closed loop a caller who waits is told, and stalls look shorter than they are.
std::string latency_note(const Choice& choice) {
  if (choice.open_loop_workload.empty())
    return fmt::format("p99: closed loop, too friendly about stalls; no record at a fixed rate is of this kind.{}",
                       choice.reckoned ? " Of two phases the larger." : "");
  return fmt::format(
      "p99: at {} operations a second, from the time at which each was due (workload {}, phase {}, {} "
      "items, values of {}).",
      grouped(static_cast<std::uint64_t>(choice.open_loop_traits.arrival_rate)), choice.open_loop_workload,
      choice.open_loop_phase, grouped(choice.open_loop_traits.keys), byte_size(choice.open_loop_traits.value_bytes));
}

std::string interval_note(const Choice& choice) {
  std::size_t fewest = SIZE_MAX;
  for (const Fit& fit : choice.fits) fewest = std::min(fewest, fit.figures.repetitions);
  if (fewest <= 1) return "One repetition of some: no interval can be given for these.";
  constexpr double kTie = 1e-6;  // 93.75 is rounded up whatever its last bit
  return fmt::format(
      "Medians; in brackets the exact order-statistic interval of the median (at least {} repetitions: "
      "{:.1f} %).",
      fewest, 100 * median_ranks(fewest).coverage + kTie);
}

std::vector<std::string> notes_of(const Choice& choice) {
  std::vector<std::string> notes;
  if (!choice.extrapolated.empty())
    notes.push_back(fmt::format("Extrapolated: {}.", fmt::join(choice.extrapolated, "; ")));
  notes.push_back(situation_text(choice));
  std::vector<std::string_view> implied;
  for (const Guarantee promise : choice.must)
    if (!choice.asked.must.contains(promise)) implied.push_back(to_string(promise));
  if (!choice.fits.empty() || choice.asked.p99_ns) notes.push_back(latency_note(choice));
  if (!implied.empty()) notes.push_back(fmt::format("Implied by what is asked: {}.", fmt::join(implied, ", ")));
  if (!choice.fits.empty()) {
    notes.push_back(interval_note(choice));
    const char* const by = choice.asked.rank_by == RankBy::ops   ? "ops/s"
                           : choice.asked.rank_by == RankBy::p99 ? "p99"
                                                                 : "B/item";
    notes.push_back(fmt::format(
        "To best: {} over the best's, paired by repetition; not separated: the interval of this ratio that covers "
        "{:.3g} % holds 1, or there are too few repetitions for it. vol, invol: context switches of workers and "
        "servers per 1,000 operations.",
        by, 100 * choice.level));
    if (std::ranges::any_of(choice.fits, [](const Fit& fit) { return fit.figures.bytes_estimated; }))
      notes.emplace_back(
          "B/item ~: measured with values of another size; the difference in size is added or taken off.");
    notes.emplace_back(
        "Tested: by the kills, stops and flushes of dictbench torture, or the histories of dictbench check. Declared: "
        "no "
        "record shows it; the conformance tests hold every engine to it.");
  }
  for (std::string& note : provenance_notes(choice.runs)) notes.push_back(std::move(note));
  return notes;
}

Table fits_table(const Choice& choice) {
  Table table{kName,
              title_of(choice),
              {},
              {{"engine", "", Alignment::left},
               {"ops/s", "", Alignment::right},
               {"to best", "", Alignment::right},
               {"p99", "", Alignment::right},
               {"B/item", "", Alignment::right},
               {"vol", "", Alignment::right},
               {"invol", "", Alignment::right},
               {"promises", "", Alignment::left},
               {"remark", "", Alignment::left}},
              {}};
  for (const Fit& fit : choice.fits) {
    table.rows.push_back(
        {text_cell(fit.engine), speed_of(fit.figures), ratio_of(fit), optional_cell(fit.figures.p99_ns, nanoseconds),
         bytes_of(fit.figures), optional_cell(fit.figures.voluntary, small_number),
         optional_cell(fit.figures.involuntary, small_number), text_cell(promises_of(fit)), text_cell(remark_of(fit))});
    for (TableCell& cell : table.rows.back())
      if (cell.number) cell.sources = sources_of(fit);
  }
  if (choice.workload.empty())
    table.notes.emplace_back("No record here measured such reads and writes; the commands below would.");
  else
    table.notes = notes_of(choice);
  return table;
}

}  // namespace

std::string figures_text(const Figures& figures) {
  std::string text = speed_text(figures) + " ops/s";
  if (figures.p99_ns) text += ", p99 " + nanoseconds(*figures.p99_ns);
  if (figures.bytes_per_item)
    text += fmt::format(", {}{} an item", figures.bytes_estimated ? "~" : "", byte_size(*figures.bytes_per_item));
  return text;
}

std::vector<FigureSource> sources_of(const Fit& fit) {
  std::vector<FigureSource> sources;
  for (const Series* series : {fit.basis.series, fit.basis.more_reads, fit.open_loop.series})
    if (series != nullptr) sources.push_back(source_of(*series));
  return sources;
}

std::vector<Table> answer_tables(const Choice& choice) {
  std::vector<Table> tables = {fits_table(choice)};
  if (!choice.excluded.empty()) {
    Table table{kName, "Excluded", {}, {{"engine", "", Alignment::left}, {"why", "", Alignment::left}}, {}};
    for (const Excluded& excluded : choice.excluded)
      table.rows.push_back(
          {text_cell(excluded.engine), text_cell(fmt::format("{}", fmt::join(excluded.reasons, "; ")))});
    tables.push_back(std::move(table));
  }
  if (!choice.uncovered.empty()) {
    Table table{kName,
                "What no record covers",
                {},
                {{"engine", "", Alignment::left}, {"what", "", Alignment::left}, {"measured by", "", Alignment::left}},
                {}};
    for (const Uncovered& uncovered : choice.uncovered)
      table.rows.push_back({text_cell(uncovered.engine), text_cell(uncovered.what),
                            text_cell(fmt::format("{}", fmt::join(uncovered.commands, " && ")))});
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace dictbench
