#include "tests/engines/lockfree/explorer/history_check.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>

#include "harness/verify/linearizability.h"

namespace dictbench::explorer {
namespace {

bool puts(const Operation& operation) {
  return operation.kind == OperationKind::set || operation.kind == OperationKind::add;
}

// May have taken the key away.
bool takes(const Operation& operation) {
  return operation.kind == OperationKind::erase && operation.outcome != Outcome::missing;
}

// The key was missing once between its begin and its end.
bool shows_missing(const Operation& operation) { return operation.kind == OperationKind::erase && !operation.open(); }

std::uint64_t hash_of(std::span<const Operation> operations, std::span<const Count> counts) {
  std::uint64_t hash = 0;
  for (const Operation& one : operations) {
    const std::array<std::int64_t, 6> said = {
        one.begin_ns,
        one.end_ns,
        one.argument,
        one.result,
        static_cast<std::int64_t>(one.process) << 32 | one.key,
        static_cast<std::int64_t>(one.kind) << 8 | static_cast<std::int64_t>(one.outcome)};
    hash = XXH3_64bits_withSeed(said.data(), sizeof said, hash);
  }
  for (const Count& count : counts) {
    const std::array<std::int64_t, 3> said = {count.begin, count.end, static_cast<std::int64_t>(count.items)};
    hash = XXH3_64bits_withSeed(said.data(), sizeof said, hash);
  }
  return hash;
}

}  // namespace

CountBounds possible_count(std::span<const Operation> of_key, std::int64_t begin, std::int64_t end) {
  const auto overlaps = [&](const Operation& one) { return one.begin_ns <= end && one.end_ns >= begin; };
  bool always = false, ever = false;
  std::uint64_t puts_meanwhile = 0, takes_meanwhile = 0;
  for (const Operation& one : of_key) {
    if (takes(one) && overlaps(one)) ++takes_meanwhile;
    if (!puts(one) || one.begin_ns > end) continue;
    if (overlaps(one)) ++puts_meanwhile;
    always = always || (one.end_ns < begin && std::ranges::none_of(of_key, [&](const Operation& other) {
                          return takes(other) && other.begin_ns <= end && other.end_ns > one.begin_ns;
                        }));
    ever = ever || std::ranges::none_of(of_key, [&](const Operation& other) {
             return shows_missing(other) && other.begin_ns > one.end_ns && other.end_ns < begin;
           });
  }
  return {.least = always ? 1u : 0u, .most = ever ? 1 + std::min(puts_meanwhile, takes_meanwhile) : 0};
}

OperationKind kind_of(const Step& step) {
  switch (step.what) {
    case Step::What::set: return OperationKind::set;
    case Step::What::erase: return OperationKind::erase;
    case Step::What::add: return OperationKind::add;
    default: return OperationKind::get;
  }
}

HistoryCheck::HistoryCheck(const Program& program) : keys_(program.keys) {
  std::int64_t at = -2 * static_cast<std::int64_t>(program.before.size()) - 2;
  for (const Step& step : program.before) {
    const OperationKind kind = kind_of(step);
    if (kind == OperationKind::get) continue;
    Operation operation{
        .begin_ns = at, .end_ns = at + 1, .argument = step.number, .process = kBeforeHistory, .key = step.key};
    operation.kind = kind;
    operation.outcome = kind == OperationKind::erase ? Outcome::forgotten : Outcome::none;
    before_.push_back(operation);
    at += 2;
  }
}

std::vector<Operation> HistoryCheck::of_key(std::span<const Operation> operations, std::uint32_t key) const {
  std::vector<Operation> found;
  for (const std::span<const Operation> part : {std::span<const Operation>(before_), operations})
    for (const Operation& operation : part)
      if (operation.key == key) found.push_back(operation);
  return found;
}

std::string HistoryCheck::fault(std::span<const Operation> operations, std::span<const Count> counts) {
  const std::uint64_t hash = hash_of(operations, counts);
  if (right_.contains(hash)) return "";
  std::vector<CountBounds> bounds(counts.size());
  for (std::uint32_t key = 0; key < keys_.size(); ++key) {
    const std::vector<Operation> one = of_key(operations, key);
    const Decision decision = decide_key(one, {});
    if (decision.answer != Answer::ok)
      return fmt::format("not linearizable: key {}\n{}", keys_[key], history_table(one, decision.unexplained));
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const CountBounds of_this = possible_count(one, counts[i].begin, counts[i].end);
      bounds[i].least += of_this.least;
      bounds[i].most += of_this.most;
    }
  }
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i].items < bounds[i].least || counts[i].items > bounds[i].most)
      return fmt::format("a size of {}, where {} to {} keys can have been there", counts[i].items, bounds[i].least,
                         bounds[i].most);
  right_.insert(hash);
  return "";
}

}  // namespace dictbench::explorer
