#include "results/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "results/comparability.h"
#include "results/compare_pairs.h"
#include "results/number_format.h"
#include "results/statistics/paired.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

std::string cells_text(std::size_t count) { return fmt::format("{} {}", count, count == 1 ? "cell" : "cells"); }

double switches_per_1000(const CellRecord& cell) {
  const Usage usage = total_usage(cell);
  return 1000.0 * static_cast<double>(usage.voluntary_switches + usage.involuntary_switches) /
         static_cast<double>(cell.ops);
}

std::optional<double> switches(const CellRecord& cell) {
  return cell.ops == 0 ? std::nullopt : std::optional(switches_per_1000(cell));
}

TableCell estimate_cell(const RatioEstimate& estimate) {
  const auto& [low, high, coverage] = estimate.interval;
  if (estimate.pairs == 1) return number_cell(ratio_text(estimate.ratio), estimate.ratio);
  return {
      .text = fmt::format("{} [{}, {}]", ratio_text(estimate.ratio), ratio_text(low), ratio_text(high)),
      .number = estimate.ratio,
      .interval = std::pair(low, high),
  };
}

class Comparer {
 public:
  Comparer(bool by_rounds, const CompareOptions& options, const std::vector<ComparedPair>& pairs)
      : by_rounds_(by_rounds), level_(options.level) {
    speed_.name = "compare";
    costs_.name = "compare-costs";
    speed_.columns = costs_.columns = {{"workload", "", Alignment::left}, {"phase", "", Alignment::left}};
    for (const ComparedPair& pair : pairs)
      several_hosts_ = several_hosts_ || pair.a.block->host != pairs.front().a.block->host;
    for (Table* table : {&speed_, &costs_}) {
      if (several_hosts_) table->columns.push_back({"host", "", Alignment::left});
      if (!by_rounds) table->columns.push_back({"engine", "", Alignment::left});
      table->columns.push_back({"procs", "", Alignment::right});
    }
    const auto add = [](Table& table, std::vector<TableColumn> columns) {
      table.columns.insert(table.columns.end(), columns.begin(), columns.end());
    };
    add(speed_, {{"scale", "", Alignment::right},
                 {"A", "ops/s", Alignment::right},
                 {"B", "ops/s", Alignment::right},
                 {"B/A", "", Alignment::right},
                 {"pairs", "", Alignment::right},
                 {"B is", "", Alignment::left}});
    add(costs_, {{"A", "bytes/item", Alignment::right},
                 {"B", "bytes/item", Alignment::right},
                 {"B/A", "", Alignment::right},
                 {"B takes", "", Alignment::left},
                 {"A", "switches", Alignment::right},
                 {"B", "switches", Alignment::right},
                 {"B switches", "", Alignment::left}});
    for (const ComparedPair& pair : pairs) add_pair(pair);
  }

  // `mend`: how to measure both at one scale.
  std::vector<Table> tables(const std::string& title, std::vector<std::string> notes, const std::string& mend) {
    speed_.title = title;
    costs_.title = title + ": memory and context switches";
    speed_.notes.insert(speed_.notes.begin(), summary());
    std::vector<std::string> common = {interval_note()};
    for (std::string& note : notes) common.push_back(std::move(note));
    if (!by_rounds_ && ratios_.size() > 2) common.push_back(shift_note());
    if (threads_)
      common.emplace_back("One side is a dict in one process, used by its threads; processes cannot share it.");
    if (other_scale_)
      common.push_back("The scale differs where a budget cut the slower one's work. At one scale: " + mend);
    for (std::string& note : provenance_notes(runs_)) common.push_back(std::move(note));
    costs_.notes.insert(costs_.notes.begin(),
                        "Bytes/item: what the dict costs, servers included. Switches: context switches of workers and "
                        "servers per 1,000 operations, voluntary and involuntary; judged by their differences, since "
                        "one side may have none. The same: equal in every pair.");
    std::vector<Table> tables = {speed_};
    if (!costs_.rows.empty()) tables.push_back(costs_);
    for (Table& table : tables) table.notes.insert(table.notes.end(), common.begin(), common.end());
    return tables;
  }

 private:
  void add_pair(const ComparedPair& pair) {
    const Series& a = *pair.a.series;
    std::vector<TableCell> place = {text_cell(place_name(pair.a)), text_cell(pair.a.block->phase)};
    if (several_hosts_) place.push_back(text_cell(pair.a.block->host));
    if (!by_rounds_) place.push_back(text_cell(a.engine));
    place.push_back(number_cell(std::to_string(a.processes), a.processes));

    const std::vector<Difference> unlike = differences_of(pair);
    const PairedFigures speeds = paired_figures(pair, ops_per_s, by_rounds_);
    const auto figure = [&](const Series& series, const std::vector<double>& paired) {
      if (!series.good()) return no_figure();
      if (!paired.empty()) return number_cell(engineering(median(paired)), median(paired));
      return optional_cell(median_of(series, ops_per_s), engineering);
    };
    std::vector<TableCell> row = place;
    const double scale_a = a.any().scale, scale_b = pair.b.series->any().scale;
    row.push_back(scale_a == scale_b ? number_cell(fmt::format("{:g}", scale_a), scale_a)
                                     : text_cell(fmt::format("{:g} / {:g}", scale_a, scale_b)));
    row.push_back(figure(a, speeds.a));
    row.push_back(figure(*pair.b.series, speeds.b));
    threads_ = threads_ || (a.start == "threads") != (pair.b.series->start == "threads");
    const bool good = a.good() && pair.b.series->good();
    const bool comparable = good && unlike.empty() && !speeds.a.empty();
    if (comparable) {
      const RatioEstimate estimate = ratio_estimate(paired_log_ratios(speeds.a, speeds.b), level_);
      ratios_.push_back(estimate.ratio);
      row.push_back(estimate_cell(estimate));
      row.push_back(number_cell(std::to_string(estimate.pairs), static_cast<double>(estimate.pairs)));
      row.push_back(text_cell(speed_verdict(estimate)));
      coverages_[estimate.pairs] = estimate.interval.coverage;
    } else {
      row.insert(row.end(), {no_figure(), no_figure(), text_cell(why_not(pair, unlike))});
    }
    speed_.rows.push_back(std::move(row));
    if (comparable) add_costs(std::move(place), pair);
    for (const ComparedSide* side : {&pair.a, &pair.b})
      for (const RunRecord* run : side->runs())
        if (std::ranges::find(runs_, run) == runs_.end()) runs_.push_back(run);
  }

  static std::string place_name(const ComparedSide& side) {
    return side.block->tier == "c++" ? side.block->workload : side.block->tier + ": " + side.block->workload;
  }

  bool covered(const Interval& interval) const { return interval.coverage >= level_ - 1e-9; }

  std::string speed_verdict(const RatioEstimate& estimate) {
    const auto& [low, high, coverage] = estimate.interval;
    if (!covered(estimate.interval)) {
      ++too_few_;
      return fmt::format("not separated: {} of {} pairs", estimate.pairs, pairs_for_interval(level_));
    }
    const char* const verdict = low > 1 ? "faster" : high < 1 ? "slower" : "not separated";
    ++(low > 1 ? faster_ : high < 1 ? slower_ : not_separated_);
    return verdict;
  }

  // Of an interval of differences or log ratios.
  std::string cost_verdict(const Interval& interval, const char* more, const char* less) const {
    if (interval.low == 0 && interval.high == 0) return "the same";
    if (covered(interval) && interval.low > 0) return more;
    if (covered(interval) && interval.high < 0) return less;
    return "not separated";
  }

  void add_costs(std::vector<TableCell> row, const ComparedPair& pair) {
    const PairedFigures bytes = paired_figures(pair, bytes_per_item, by_rounds_);
    const PairedFigures switched = paired_figures(pair, switches, by_rounds_);
    const std::vector<double> logs = paired_log_ratios(bytes.a, bytes.b);
    if (logs.empty()) {
      row.insert(row.end(), 4, no_figure());
    } else {
      row.push_back(number_cell(bytes_number(median(bytes.a)), median(bytes.a)));
      row.push_back(number_cell(bytes_number(median(bytes.b)), median(bytes.b)));
      row.push_back(estimate_cell(ratio_estimate(logs, level_)));
      row.push_back(text_cell(cost_verdict(median_interval(logs, level_), "more", "less")));
    }
    std::vector<double> more;
    for (std::size_t k = 0; k < switched.a.size(); ++k) more.push_back(switched.b[k] - switched.a[k]);
    if (more.empty()) {
      row.insert(row.end(), 3, no_figure());
    } else {
      const std::string a = small_number(median(switched.a)), b = small_number(median(switched.b));
      row.push_back(number_cell(a, median(switched.a)));
      row.push_back(number_cell(b, median(switched.b)));
      // Where both medians are 0, a switch now and then is no difference.
      row.push_back(
          text_cell(a == "0" && b == "0" ? "the same" : cost_verdict(median_interval(more, level_), "more", "less")));
    }
    costs_.rows.push_back(std::move(row));
  }

  // Rounds of one run share host, build and versions, so only the work can differ there.
  std::vector<Difference> differences_of(const ComparedPair& pair) const {
    const CellRecord &a = *pair.a.series->cells.front(), &b = *pair.b.series->cells.front();
    std::vector<Difference> all;
    if (by_rounds_) return work_differences(a, b);
    for (const RunRecord* run_a : pair.a.runs())
      for (const RunRecord* run_b : pair.b.runs()) merge_differences(all, differences(run_a, a, run_b, b));
    if (all.empty()) return work_differences(a, b);
    return all;
  }

  std::string why_not(const ComparedPair& pair, const std::vector<Difference>& unlike) {
    for (const auto& [name, side] : {std::pair("A", &pair.a), {"B", &pair.b}}) {
      if (side->series->good()) continue;
      ++broken_;
      return fmt::format("no speed: {} {}", name, short_reason(*side->series, speed_.notes));
    }
    ++not_comparable_;
    other_scale_ = other_scale_ || std::ranges::find(unlike, "scale", &Difference::what) != unlike.end();
    if (unlike.empty()) return "not comparable: no round of one run has both";
    constexpr std::size_t kLongestDetail = 40;
    for (const Difference& difference : unlike) {
      if (difference.text().size() <= kLongestDetail) continue;
      const std::string note = fmt::format("Differs in {}.", difference.text());
      if (std::ranges::find(speed_.notes, note) == speed_.notes.end()) speed_.notes.push_back(note);
    }
    return "not comparable: differs in " + differences_text(unlike, kLongestDetail);
  }

  std::string summary() const {
    std::vector<std::string> parts;
    const auto count = [&](std::size_t cells, const char* what) {
      if (cells > 0) parts.push_back(fmt::format("{} {}", cells, what));
    };
    count(faster_, "faster");
    count(slower_, "slower");
    count(not_separated_, "not separated");
    count(too_few_, "with too few pairs for a verdict");
    count(not_comparable_, "not comparable");
    count(broken_, "without a speed");
    return fmt::format("B against A, of {}: {}. B/A: operations per second of B to those of A, above 1: B is faster.",
                       cells_text(speed_.rows.size()), fmt::join(parts, ", "));
  }

  // What all cells of two runs have in common.
  std::string shift_note() const {
    const auto [low, high] = std::ranges::minmax(ratios_);
    return fmt::format(
        "Over all {} with a ratio, the median B/A is {} ({} to {}): what they share is more likely the "
        "machine's than the engines'.",
        cells_text(ratios_.size()), ratio_text(median(ratios_)), ratio_text(low), ratio_text(high));
  }

  std::string interval_note() const {
    std::vector<std::string> told;
    for (const auto& [pairs, coverage] : coverages_)
      told.push_back(fmt::format("{} {}: {:.1f} %", pairs, pairs == 1 ? "pair" : "pairs", 100 * coverage + 1e-6));
    std::string note = fmt::format(
        "Figures: medians of the pairs. Brackets: exact sign-test interval of the median ratio of the pairs{}. A "
        "verdict "
        "takes {:g} %, so at least {} pairs.",
        told.empty() ? "" : fmt::format(" ({})", fmt::join(told, ", ")), 100 * level_, pairs_for_interval(level_));
    const std::size_t judged = faster_ + slower_ + not_separated_;
    if (judged > 1)
      note += fmt::format(
          " Each cell is judged by itself: of {} that do not differ, up to {:.1f} would be called faster "
          "or slower by chance.",
          judged, (1 - level_) * static_cast<double>(judged));
    return note;
  }

  const bool by_rounds_;
  const double level_;
  Table speed_, costs_;
  std::vector<const RunRecord*> runs_;
  std::map<std::size_t, double> coverages_;
  std::vector<double> ratios_;
  std::size_t faster_ = 0, slower_ = 0, not_separated_ = 0, too_few_ = 0, not_comparable_ = 0, broken_ = 0;
  bool several_hosts_ = false, other_scale_ = false, threads_ = false;
};

std::string left_out_note(const Matched& matched) {
  return fmt::format("Left out: {} that only A has, {} that only B has.", cells_text(matched.only_a), matched.only_b);
}

std::string engines_text(const std::vector<ComparedSide>& sides) {
  std::set<std::string> names;
  for (const ComparedSide& side : sides) names.insert(side.series->engine);
  return fmt::format("{}", fmt::join(names, ", "));
}

// Yardsticks and runs for targets stand apart in the other tables, but here they are asked for by name.
Selection with_yardsticks(Selection selection) {
  selection.yardsticks = true;
  return selection;
}

}  // namespace

std::vector<Table> compare_engines(const RecordFile& records, const std::string& engine_a, const std::string& engine_b,
                                   const CompareOptions& options) {
  if (engine_a == engine_b)
    throw CompareError(fmt::format("A and B are both '{}': name two engines or two files", engine_a));
  const std::vector<Block> blocks = group_blocks(records, with_yardsticks(options.context.selection));
  const std::vector<ComparedSide> all = sides_of(records, blocks);
  const auto of = [&](const std::string& engine) {
    std::vector<ComparedSide> sides;
    std::ranges::copy_if(all, std::back_inserter(sides),
                         [&](const ComparedSide& side) { return side.series->engine == engine; });
    if (sides.empty())
      throw CompareError(fmt::format("no record of engine '{}', and no such file; there are records of {}", engine,
                                     all.empty() ? "nothing that was chosen" : engines_text(all)));
    return sides;
  };
  const std::vector<ComparedSide> as = of(engine_a), bs = of(engine_b);
  const Matched matched = match_sides(as, bs, false);
  if (matched.both == 0)
    throw CompareError(fmt::format("no workload, phase and number of processes was measured for both '{}' and '{}'",
                                   engine_a, engine_b));
  return Comparer(true, options, matched.pairs)
      .tables(fmt::format("A: {}, B: {}", engine_a, engine_b),
              {"Pairs are rounds of one run, in which the machine's drift hits both alike and cancels.",
               left_out_note(matched)},
              fmt::format("`dictbench run --engine '{}' --engine '{}' --workload NAME --repetitions {}`.", engine_a,
                          engine_b, pairs_for_interval(options.level) + 1));
}

std::vector<Table> compare_files(const RecordFile& a, const std::string& name_a, const RecordFile& b,
                                 const std::string& name_b, const CompareOptions& options) {
  const Selection selection = with_yardsticks(options.context.selection);
  const std::vector<Block> blocks_a = group_blocks(a, selection), blocks_b = group_blocks(b, selection);
  const std::vector<ComparedSide> as = sides_of(a, blocks_a), bs = sides_of(b, blocks_b);
  const Matched matched = match_sides(as, bs, true);
  if (matched.both == 0)
    throw CompareError(
        fmt::format("no cell (workload, phase, processes, engine) is in both: {} has records of {}; {} of {}", name_a,
                    as.empty() ? "nothing that was chosen" : engines_text(as), name_b,
                    bs.empty() ? "nothing that was chosen" : engines_text(bs)));
  return Comparer(false, options, matched.pairs)
      .tables(
          fmt::format("A: {}, B: {}", name_a, name_b),
          {"Two runs: repetitions are paired in their order, so what changed on the machine between the runs is in the "
           "ratios and in no interval. `dictbench gate` measures both in turn, in which that cancels.",
           left_out_note(matched)},
          "measure both with the same --scale and without --budget.");
}

}  // namespace dictbench
