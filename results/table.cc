#include "results/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dictbench {
namespace {

// Columns as a terminal shows them: continuation bytes of UTF-8 take no place.
std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string escape_markdown(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '|': escaped += "\\|"; break;
      case '<': escaped += "&lt;"; break;
      case '*': escaped += "\\*"; break;
      case '\n':
      case '\r': escaped += ' '; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string heading(const TableColumn& column) {
  return column.unit.empty() ? column.name : column.name + " (" + column.unit + ")";
}

std::string padded(const std::string& text, std::size_t width, Alignment alignment) {
  const std::string blanks(width - std::min(width, display_width(text)), ' ');
  return alignment == Alignment::left ? text + blanks : blanks + text;
}

std::string markdown_rows(const Table& table) {
  std::vector<std::vector<std::string>> lines(1);
  for (const TableColumn& column : table.columns) lines[0].push_back(escape_markdown(heading(column)));
  for (const auto& row : table.rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const TableCell& cell : row) line.push_back(escape_markdown(cell.text));
  }
  std::vector<std::size_t> widths(table.columns.size(), 3);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));
  }

  std::string text;
  for (std::size_t number = 0; number < lines.size(); ++number) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      text += "| " + padded(lines[number][i], widths[i], table.columns[i].alignment) + " ";
    }
    text += "|\n";
    if (number > 0) continue;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string rule(widths[i] + 1, '-');
      text += table.columns[i].alignment == Alignment::left ? "|" + rule + "-" : "|" + rule + ":";
    }
    text += "|\n";
  }
  return text;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string csv_comment(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return "# " + text + "\n";
}

std::string csv_number(const std::optional<double>& number) { return number ? fmt::format("{}", *number) : ""; }

std::string csv_table(const Table& table) {
  std::vector<bool> has_interval(table.columns.size(), false);
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) has_interval[i] = has_interval[i] || row[i].interval.has_value();
  }

  std::string text = csv_comment(table.title.empty() ? table.name : table.name + ": " + table.title);
  for (const std::string& note : table.notes) text += csv_comment(note);
  std::vector<std::string> fields;
  const auto finish_line = [&] {
    text += fmt::format("{}\r\n", fmt::join(fields, ","));
    fields.clear();
  };
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    fields.push_back(csv_field(heading(table.columns[i])));
    if (!has_interval[i]) continue;
    fields.push_back(csv_field(table.columns[i].name + " low"));
    fields.push_back(csv_field(table.columns[i].name + " high"));
  }
  finish_line();
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      fields.push_back(row[i].number ? csv_number(row[i].number) : csv_field(row[i].text));
      if (!has_interval[i]) continue;
      const auto& interval = row[i].interval;
      fields.push_back(interval ? csv_number(interval->first) : "");
      fields.push_back(interval ? csv_number(interval->second) : "");
    }
    finish_line();
  }
  return text;
}

using Json = nlohmann::ordered_json;

Json source_json(const FigureSource& source) {
  Json json = {{"type", source.type}, {"engine", source.engine}, {"runs", source.runs}};
  if (source.type == "torture") json["fault"] = source.fault;
  if (source.type != "cell") return json;
  json.update({{"tier", source.tier},
               {"workload", source.workload},
               {"phase", source.phase},
               {"processes", source.processes},
               {"scale", source.scale},
               {"start", source.start},
               {"commit", source.commit},
               {"workload_hash", source.workload_hash}});
  return json;
}

// Null where the text says all. Sources that the table does not list yet are added to `sources`.
Json figure_json(const TableCell& cell, std::vector<FigureSource>& sources) {
  Json json;
  if (cell.number) json["number"] = *cell.number;
  if (cell.interval) json["interval"] = {cell.interval->first, cell.interval->second};
  for (const FigureSource& source : cell.sources) {
    auto place = std::find(sources.begin(), sources.end(), source);
    if (place == sources.end()) place = sources.insert(place, source);
    json["sources"].push_back(place - sources.begin());
  }
  return json;
}

Json table_json(const Table& table) {
  Json columns = Json::array();
  for (const TableColumn& column : table.columns) columns.push_back({{"name", column.name}, {"unit", column.unit}});
  Json rows = Json::array(), figures = Json::array(), list = Json::array();
  std::vector<FigureSource> sources;
  for (const auto& row : table.rows) {
    Json& texts = rows.emplace_back(Json::array());
    Json& numbers = figures.emplace_back(Json::array());
    for (const TableCell& cell : row) {
      texts.push_back(cell.text);
      numbers.push_back(figure_json(cell, sources));
    }
  }
  for (const FigureSource& source : sources) list.push_back(source_json(source));
  return {{"name", table.name}, {"title", table.title}, {"notes", table.notes}, {"columns", columns},
          {"rows", rows},       {"figures", figures},   {"sources", list}};
}

}  // namespace

TableCell text_cell(std::string text) { return {.text = std::move(text), .number = {}, .interval = {}}; }

TableCell number_cell(std::string text, double number) {
  return {.text = std::move(text), .number = number, .interval = {}};
}

TableCell no_figure() { return text_cell("-"); }

std::string render_markdown(const std::vector<Table>& tables, const MarkdownOptions& options) {
  std::string text;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const Table& table = tables[i];
    if (i > 0) text += "\n";
    if (options.titles && !table.title.empty()) text += fmt::format("**{}**\n\n", escape_markdown(table.title));
    text += markdown_rows(table);
    if (!options.notes) continue;
    bool first = true;
    for (const std::string& note : table.notes) {
      if (i + 1 < tables.size()) {
        const auto& next = tables[i + 1].notes;
        if (std::find(next.begin(), next.end(), note) != next.end()) continue;
      }
      text += fmt::format("{}- {}\n", first ? "\n" : "", escape_markdown(note));
      first = false;
    }
  }
  return text;
}

std::string render_csv(const std::vector<Table>& tables) {
  std::string text;
  for (const Table& table : tables) text += (text.empty() ? "" : "\r\n") + csv_table(table);
  return text;
}

std::string render_json(const std::vector<Table>& tables) {
  // One line a table: a line for each of 100,000 figures would treble the file.
  std::string text;
  for (const Table& table : tables)
    text += (text.empty() ? "[\n" : ",\n") + table_json(table).dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.empty() ? "[]\n" : text + "\n]\n";
}

}  // namespace dictbench
