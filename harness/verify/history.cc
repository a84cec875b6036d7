#include "harness/verify/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace dictbench {
namespace {

std::string number_text(std::int64_t number) {
  return number == kUnreadable ? "a value nobody wrote" : std::to_string(number);
}

std::string process_text(std::uint32_t process) {
  return process == kBeforeHistory ? "(before)" : std::to_string(process);
}

}  // namespace

std::string_view to_string(OperationKind kind) {
  switch (kind) {
    case OperationKind::get: return "get";
    case OperationKind::set: return "set";
    case OperationKind::erase: return "erase";
    case OperationKind::add: return "add";
  }
  return "";
}

std::string operation_text(const Operation& operation) {
  if (operation.process == kBeforeHistory)
    return operation.kind == OperationKind::set ? fmt::format("it holds {}", operation.argument) : "it is missing";
  const bool has_argument = operation.kind == OperationKind::set || operation.kind == OperationKind::add;
  return has_argument ? fmt::format("{} {}", to_string(operation.kind), operation.argument)
                      : std::string(to_string(operation.kind));
}

std::string outcome_text(const Operation& operation) {
  if (operation.process == kBeforeHistory) return "";
  if (operation.open()) return "never returned";
  switch (operation.outcome) {
    case Outcome::none: return "ok";
    case Outcome::missing: return "missing";
    case Outcome::found: return operation.kind == OperationKind::erase ? "was there" : number_text(operation.result);
    case Outcome::forgotten: return "(any)";
  }
  return "";
}

std::string history_table(std::span<const Operation> operations, std::optional<std::size_t> marked) {
  if (operations.empty()) return {};
  std::vector<std::size_t> order(operations.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return operations[i].begin_ns; });
  const std::int64_t first = operations[order.front()].begin_ns;
  const auto micros = [&](std::int64_t ns) { return fmt::format("{:.3f}", static_cast<double>(ns - first) / 1e3); };
  std::string table =
      fmt::format("  {:>8}  {:<22} {:<22} {:>12} {:>12}\n", "process", "operation", "result", "begin us", "end us");
  for (const std::size_t i : order) {
    const Operation& operation = operations[i];
    table += fmt::format("{} {:>8}  {:<22} {:<22} {:>12} {:>12}\n", marked == i ? '>' : ' ',
                         process_text(operation.process), operation_text(operation), outcome_text(operation),
                         micros(operation.begin_ns), operation.open() ? "-" : micros(operation.end_ns));
  }
  return table;
}

}  // namespace dictbench
