#include "results/tables/target_figures.h"

#include "results/number_format.h"

namespace dictbench {
namespace {

std::optional<double> storage_per_item(const CellRecord& cell) {
  if (!shows_speed(cell) || cell.memory.items == 0) return std::nullopt;
  return static_cast<double>(cell.memory.storage_bytes) / static_cast<double>(cell.memory.items);
}

std::optional<double> read_p999(const CellRecord& cell) {
  if (!shows_speed(cell) || !cell.read_latency_ns) return std::nullopt;
  return cell.read_latency_ns->p999;
}

std::optional<double> longest_read(const CellRecord& cell) {
  if (!shows_speed(cell) || !cell.read_latency_ns) return std::nullopt;
  return cell.read_latency_ns->max;
}

std::optional<double> longest(const CellRecord& cell) {
  if (!shows_speed(cell) || !cell.latency_ns) return std::nullopt;
  return cell.latency_ns->max;
}

std::optional<double> storage_in_use(const CellRecord& cell) {
  if (!shows_speed(cell) || cell.memory.storage_bytes == 0) return std::nullopt;
  return static_cast<double>(cell.memory.storage_bytes);
}

std::optional<double> storage_length(const CellRecord& cell) {
  if (!shows_speed(cell) || cell.memory.storage_length_bytes == 0) return std::nullopt;
  return static_cast<double>(cell.memory.storage_length_bytes);
}

std::optional<double> updates_per_s(const CellRecord& cell) {
  const auto p50 = latency_p50(cell);
  if (!shows_speed(cell) || !p50 || *p50 <= 0) return std::nullopt;
  const auto updates = number_fact(cell, "updates");
  if (!updates) return std::nullopt;
  return *updates / (*p50 * 1e-9);
}

}  // namespace

TargetKind kind_of(TargetFigure figure) {
  switch (figure) {
    case TargetFigure::speed: return {ops_per_s, TargetKind::subject_by_base, true, ratio_text, true};
    case TargetFigure::ops_per_s: return {ops_per_s, TargetKind::alone, true, rate, true};
    case TargetFigure::updates_per_s: return {updates_per_s, TargetKind::alone, true, rate};
    case TargetFigure::blocks_saved: return {storage_in_use, TargetKind::base_by_subject, true, ratio_text};
    case TargetFigure::length_saved: return {storage_length, TargetKind::base_by_subject, true, ratio_text};
    case TargetFigure::bytes_per_item: return {storage_per_item, TargetKind::alone, false, byte_size};
    case TargetFigure::read_p999_ns: return {read_p999, TargetKind::alone, false, nanoseconds};
    case TargetFigure::longest_read_ns: return {longest_read, TargetKind::alone, false, nanoseconds};
    case TargetFigure::longest_ns: return {longest, TargetKind::alone, false, nanoseconds};
  }
  return {};
}

}  // namespace dictbench
