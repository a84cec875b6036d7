// What is computed from one Series or one record of it (series.h); how records become Series is series.cc.
#include <charconv>

#include "results/tables/series.h"

namespace dictbench {

double window_of(const Series& series) {
  return median_of(series, [](const CellRecord& cell) { return std::optional(cell.elapsed_s); }).value_or(0);
}

bool long_enough(const Series& series) { return window_of(series) >= kShortestWindow; }

std::optional<double> median_of(const Series& series, const Metric& metric) {
  std::vector<double> figures;
  for (const CellRecord* cell : series.cells) {
    if (const auto figure = metric(*cell)) figures.push_back(*figure);
  }
  if (figures.empty()) return std::nullopt;
  return median(figures);
}

FigureByRound by_round(const Series& series, const Metric& metric) {
  FigureByRound figures;
  for (const CellRecord* cell : series.cells) {
    if (const auto figure = metric(*cell)) figures[{cell->run_id, cell->repetition}] = *figure;
  }
  return figures;
}

Usage total_usage(const CellRecord& cell) {
  Usage usage = cell.rusage;
  if (cell.server_rusage) usage += *cell.server_rusage;
  return usage;
}

std::optional<double> number_fact(const CellRecord& cell, std::string_view name) {
  for (const auto& [key, value] : cell.engine_facts) {
    double number = 0;
    if (key == name && std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc())
      return number;
  }
  return std::nullopt;
}

std::optional<double> ops_per_s(const CellRecord& cell) {
  if (!shows_speed(cell) || !(cell.ops_per_s > 0)) return std::nullopt;
  return cell.ops_per_s;
}

std::optional<double> ns_per_op(const CellRecord& cell) {
  const auto speed = ops_per_s(cell);
  if (!speed) return std::nullopt;
  return cell.processes * 1e9 / *speed;
}

std::optional<double> latency_p50(const CellRecord& cell) {
  if (!cell.latency_ns || cell.latency_ns->samples == 0) return std::nullopt;
  return cell.latency_ns->p50;
}

std::optional<double> latency_p99(const CellRecord& cell) {
  if (!cell.latency_ns || cell.latency_ns->samples == 0) return std::nullopt;
  return cell.latency_ns->p99;
}

std::optional<double> bytes_per_item(const CellRecord& cell) {
  if (cell.memory.items == 0) return std::nullopt;
  return cell.memory.bytes_per_item;
}

std::optional<double> voluntary_per_1000(const CellRecord& cell) {
  if (cell.ops == 0) return std::nullopt;
  return 1000.0 * static_cast<double>(total_usage(cell).voluntary_switches) / static_cast<double>(cell.ops);
}

std::optional<double> involuntary_per_1000(const CellRecord& cell) {
  if (cell.ops == 0) return std::nullopt;
  return 1000.0 * static_cast<double>(total_usage(cell).involuntary_switches) / static_cast<double>(cell.ops);
}

}  // namespace dictbench
