#include "harness/verify/promise.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>

namespace dictbench {
namespace {

constexpr std::array kPromises{Promise::linearizable, Promise::buffered_sets, Promise::private_dicts, Promise::none};

void move_ends_of_sets(std::vector<Operation>& operations) {
  std::ranges::stable_sort(operations, [](const Operation& a, const Operation& b) {
    return std::pair(a.process, a.begin_ns) > std::pair(b.process, b.begin_ns);
  });
  std::int64_t next_end = Operation::kOpen;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    Operation& operation = operations[i];
    if (i == 0 || operations[i - 1].process != operation.process) next_end = Operation::kOpen;
    if (operation.kind == OperationKind::set)
      operation.end_ns = next_end;
    else
      next_end = operation.end_ns;
  }
}

}  // namespace

Promise promise_of(const Contract& contract) {
  if (!contract.stores) return Promise::none;
  if (!contract.shared_between_processes) return Promise::private_dicts;
  switch (contract.consistency) {
    case Consistency::linearizable: return Promise::linearizable;
    case Consistency::buffered_sets: return Promise::buffered_sets;
    case Consistency::none: return Promise::none;
  }
  return Promise::none;
}

std::string_view to_string(Promise promise) {
  switch (promise) {
    case Promise::linearizable: return "linearizable";
    case Promise::buffered_sets: return "buffered sets";
    case Promise::private_dicts: return "private dicts";
    case Promise::none: return "none";
  }
  return "";
}

Promise promise_named(std::string_view name) {
  for (const Promise promise : kPromises)
    if (to_string(promise) == name) return promise;
  throw std::invalid_argument(
      fmt::format("promise '{}' is unknown: there are linearizable, buffered sets, private dicts and none", name));
}

std::vector<std::vector<Operation>> histories_to_decide(std::vector<Operation> operations, Promise promise) {
  if (promise == Promise::none) return {};
  if (promise == Promise::buffered_sets) move_ends_of_sets(operations);
  const auto owner = [&](const Operation& operation) {
    return std::pair(operation.key, promise == Promise::private_dicts ? operation.process : 0);
  };
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Operation>> by_owner;
  for (const Operation& operation : operations) by_owner[owner(operation)].push_back(operation);
  std::vector<std::vector<Operation>> histories;
  for (auto& [owned_by, history] : by_owner) histories.push_back(std::move(history));
  return histories;
}

}  // namespace dictbench
