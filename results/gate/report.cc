#include "results/gate/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "results/number_format.h"
#include "results/record_json.h"
#include "results/statistics/statistics.h"

namespace dictbench {
namespace {

std::string_view word_of(GateStanding standing) {
  if (standing == GateStanding::pass) return "pass";
  return standing == GateStanding::regressed ? "regressed" : "inconclusive";
}

std::vector<const GateRecord*> worst_first(const GateReport& report) {
  std::vector<const GateRecord*> order;
  for (const GateRecord& figure : report.figures) order.push_back(&figure);
  std::ranges::stable_sort(order, std::greater<>{},
                           [](const GateRecord* figure) { return standing_of_gate(figure->verdict); });
  return order;
}

std::size_t count_of(const GateReport& report, GateStanding standing) {
  return static_cast<std::size_t>(std::ranges::count_if(
      report.figures, [&](const GateRecord& figure) { return standing_of_gate(figure.verdict) == standing; }));
}

std::string engine_of(const GateRecord& figure) {
  return figure.head_engine.empty() ? figure.engine : fmt::format("{} -> {}", figure.engine, figure.head_engine);
}

std::string figure_text(const GateRecord& figure, double value) {
  if (figure.figure == "time") return nanoseconds(value);
  return figure.figure == "memory" ? byte_size(value) : small_number(std::max(value - 1, 0.0));
}

// The smallest slowdown that both looks would have found, in noise like that of the first. Of a figure with a look.
double visible_of(const GateRecord& figure) { return figure.looks.front().visible; }

// The verdict of a row, short enough for a table.
std::string shortened(const std::string& text) {
  constexpr std::size_t kMost = 240;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

std::vector<TableCell> row_of(const GateRecord& figure) {
  std::vector<TableCell> row{text_cell(engine_of(figure)), text_cell(figure.workload), text_cell(figure.phase),
                             text_cell(std::to_string(figure.processes)), text_cell(figure.figure)};
  if (figure.looks.empty()) {
    for (int i = 0; i < 4; ++i) row.push_back(text_cell("-"));
  } else {
    const GateLook& look = figure.looks.back();
    row.push_back(text_cell(figure_text(figure, median(look.base))));
    row.push_back(text_cell(figure_text(figure, median(look.head))));
    row.push_back(
        {fmt::format("{} [{}, {}]", percent_change(look.slowdown), percent_change(look.low), percent_change(look.high)),
         look.slowdown, std::pair(look.low, look.high)});
    const double visible = visible_of(figure);
    row.push_back({percent_change(visible), visible, std::nullopt});
  }
  row.push_back(text_cell(shortened(figure.verdict)));
  return row;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

std::vector<std::string> notes_of(const GateReport& report) {
  std::vector<std::string> notes{
      fmt::format(
          "{}, {} pairs a look, blocks ABBA or BAAB by chance, fresh processes each; a figure fails when the bound of "
          "its slowdown is above {} in two looks; at most 1 % of gates over unchanged programs fail.",
          report.beside.empty() ? fmt::format("Base: {}; head: {}", report.base, report.head)
                                : fmt::format("Ratio to {} here against the one in {}; program: {}", report.beside,
                                              report.base, report.head),
          report.pairs, percent(report.margin)),
      "Time: of one operation, all processes together. Memory: per item. Switches: context switches of workers and "
      "servers "
      "per 1,000 operations; the change counts from one more.",
      "Slowdown: median of head / base in pairs, less 1, with its bounds. Visible: the smallest slowdown that would "
      "have failed."};
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
  return notes;
}

Table table_of(const GateReport& report, std::size_t most_rows) {
  Table table{.name = "gate",
              .title = "",
              .notes = notes_of(report),
              .columns = {{"engine", "", Alignment::left},
                          {"workload", "", Alignment::left},
                          {"phase", "", Alignment::left},
                          {"procs", "", Alignment::right},
                          {"figure", "", Alignment::left},
                          {"base", "", Alignment::right},
                          {"head", "", Alignment::right},
                          {"slowdown", "", Alignment::right},
                          {"visible", "", Alignment::right},
                          {"verdict", "", Alignment::left}},
              .rows = {}};
  for (const GateRecord* figure : worst_first(report)) {
    if (table.rows.size() == most_rows) {
      table.notes.push_back(fmt::format("{} further figures are in the records.", report.figures.size() - most_rows));
      break;
    }
    table.rows.push_back(row_of(*figure));
  }
  return table;
}

}  // namespace

std::string gate_headline(const GateReport& report) {
  if (!report.unfit.empty()) return fmt::format("gate: inconclusive: {}", report.unfit);
  double least = 0, most = 0;
  for (const GateRecord& figure : report.figures) {
    if (figure.looks.empty() || figure.figure != "time") continue;
    const double visible = visible_of(figure);
    least = most == 0 ? visible : std::min(least, visible);
    most = std::max(most, visible);
  }
  return fmt::format(
      "gate: {}: {} figures: {} regressed, {} inconclusive, {} passed; smallest slowdown of time that it could "
      "see: {}",
      word_of(report.standing), report.figures.size(), count_of(report, GateStanding::regressed),
      count_of(report, GateStanding::inconclusive), count_of(report, GateStanding::pass),
      most == 0       ? "none was measured"
      : least == most ? percent_change(most)
                      : fmt::format("{} to {}", percent_change(least), percent_change(most)));
}

Table gate_table(const GateReport& report) { return table_of(report, report.figures.size()); }

std::string gate_markdown(const GateReport& report) {
  std::size_t rows = report.figures.size();
  while (true) {
    std::string text = fmt::format("### {}\n\n{}", escaped(gate_headline(report)),
                                   render_markdown({table_of(report, rows)}, {.titles = false, .notes = true}));
    if (text.size() <= kMostSummaryBytes) return text;
    rows /= 2;
  }
}

std::string gate_junit(const GateReport& report) {
  const bool unfit = !report.unfit.empty();
  std::string cases;
  for (const GateRecord* figure : worst_first(report)) {
    if (unfit) break;
    const std::string about =
        figure->looks.empty()
            ? figure->verdict
            : fmt::format("{}: {} [{}, {}]; {} was visible", figure->verdict,
                          percent_change(figure->looks.back().slowdown), percent_change(figure->looks.back().low),
                          percent_change(figure->looks.back().high), percent_change(visible_of(*figure)));
    cases += fmt::format("  <testcase classname=\"{}\" name=\"{}\">",
                         escaped(fmt::format("{}.{}", figure->workload, figure->phase)),
                         escaped(fmt::format("{} x {}: {}", engine_of(*figure), figure->processes, figure->figure)));
    switch (standing_of_gate(figure->verdict)) {
      case GateStanding::regressed: cases += fmt::format("<failure message=\"{}\"/>", escaped(about)); break;
      case GateStanding::inconclusive: cases += fmt::format("<skipped message=\"{}\"/>", escaped(about)); break;
      case GateStanding::pass: cases += fmt::format("<system-out>{}</system-out>", escaped(about)); break;
    }
    cases += "</testcase>\n";
  }
  if (unfit)
    cases = fmt::format("  <testcase classname=\"gate\" name=\"environment\"><error message=\"{}\"/></testcase>\n",
                        escaped(report.unfit));
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"dictbench gate\" tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\" "
      "skipped=\"{}\">\n{}</testsuite>\n",
      unfit ? 1 : report.figures.size(), unfit ? 0 : count_of(report, GateStanding::regressed), unfit ? 1 : 0,
      unfit ? 0 : count_of(report, GateStanding::inconclusive), cases);
}

std::string gate_json(const GateReport& report) {
  Json figures = Json::array();
  for (const GateRecord& figure : report.figures) figures.push_back(to_json(figure));
  const Json object = {{"standing", word_of(report.standing)},
                       {"headline", gate_headline(report)},
                       {"base", report.base},
                       {"head", report.head},
                       {"beside", report.beside},
                       {"pairs", report.pairs},
                       {"margin", report.margin},
                       {"unfit", report.unfit},
                       {"notes", report.notes},
                       {"figures", figures}};
  return object.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dictbench
