// A table as data, and its three renderings. Knows nothing of records: results/tables/ fills it.
//
// Plain values and pure functions. Every row has one cell a column. Text is UTF-8 as a person reads it; the
// renderers escape what their format needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dictbench {

enum class Alignment { left, right };

struct TableColumn {
  std::string name;
  std::string unit;  // empty: none, or it stands in the cells because it varies
  Alignment alignment = Alignment::right;
};

// The records that a figure was computed from: those of these runs with this key. What a kind of record has not is
// empty.
struct FigureSource {
  std::string type = "cell";      // of the record's line: "cell", "torture", "check"
  std::vector<std::string> runs;  // ids, each once
  std::string tier, engine, workload, phase;
  unsigned processes = 0;
  double scale = 1;
  std::string start;
  std::string fault;  // of a torture
  // Of a cell, what it did and where: figures stand beside each other only where these are equal.
  std::string host = {}, commit = {}, workload_hash = {};
  std::uint64_t keys = 0;
  double key_bytes = 0, value_bytes = 0;

  bool operator==(const FigureSource&) const = default;
};

struct TableCell {
  std::string text;
  std::optional<double> number;                       // in the column's unit, else in ns, bytes or plain counts
  std::optional<std::pair<double, double>> interval;  // of `number`
  std::vector<FigureSource> sources = {};             // of a ratio both sides, its own first
};

TableCell text_cell(std::string text);
TableCell number_cell(std::string text, double number);
TableCell no_figure();  // "-"

// `format` of the figure, or "-".
template <typename Format>
TableCell optional_cell(const std::optional<double>& figure, Format format) {
  return figure ? number_cell(format(*figure), *figure) : no_figure();
}

struct Table {
  std::string name;   // of the registry: "engines"
  std::string title;  // what sets it apart from its sisters: "get-uniform"
  std::vector<std::string> notes;
  std::vector<TableColumn> columns;
  std::vector<std::vector<TableCell>> rows;
};

struct MarkdownOptions {
  bool titles = true;
  bool notes = true;
};

// GitHub's table syntax, padded so that it reads well in a terminal too. A note that the next table has as
// well is printed there only, so that what holds for all stands once, at the end.
std::string render_markdown(const std::vector<Table>& tables, const MarkdownOptions& options = {});

// RFC 4180, raw numbers where there are some; columns with intervals are followed by "NAME low" and "NAME
// high". Title and notes are lines that begin with '#'; an empty line parts tables.
std::string render_csv(const std::vector<Table>& tables);

// [{"name","title","notes":[text],"columns":[{"name","unit"}],"rows":[[text]],"figures":[[null or figure]],
// "sources":[source]}]. A figure, for each text that has one: {"number","interval":[low,high],"sources":[index]}, each
// where there is one; the indices are of the table's list of sources (FigureSource, without what is empty).
std::string render_json(const std::vector<Table>& tables);

}  // namespace dictbench
