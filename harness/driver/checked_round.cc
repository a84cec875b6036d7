#include "harness/driver/checked_round.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <unordered_map>
#include <vector>

#include "workloads/key_text.h"

namespace dictbench {
namespace {

class CheckedRound {
 public:
  CheckedRound(const LoopPlan& plan, bool alone)
      : plan_(plan),
        alone_(alone),
        writer_(plan.workload, plan.phase, static_cast<std::uint8_t>(plan.worker), std::max(plan.batch, 1U)),
        checker_(plan.workload, plan.phase),
        values_(plan.batch),
        found_(std::make_unique<bool[]>(plan.batch)) {}

  LoopResult run() {
    const std::size_t size = plan_.stream.size();
    const bool cyclic = plan_.phase.operations == 0 || plan_.writes_done != nullptr;
    const std::uint64_t left = cyclic ? kCheckedOperations : size - std::min<std::uint64_t>(plan_.already, size);
    const std::uint64_t most = std::min(left, kCheckedOperations);
    const std::int64_t deadline = monotonic_ns() + static_cast<std::int64_t>(plan_.seconds * 1e9);
    for (std::size_t i = 0; !cyclic && i < std::min(size, kAddsOfNothing) && monotonic_ns() < deadline; ++i)
      if (plan_.stream[i].kind == OperationKind::add) check_add(plan_.stream[i], 0);
    while (result_.ops < most && result_.wrong_value.empty() && monotonic_ns() < deadline) {
      const std::size_t index = (plan_.already + result_.ops) % size;
      const std::uint64_t sequence = plan_.first_sequence + plan_.already + result_.ops;
      const std::size_t length = std::min<std::size_t>({plan_.batch, size - index, most - result_.ops});
      if (plan_.batch > 1)
        check_batch(index, length, sequence);
      else
        check_one(plan_.stream[index], sequence);
      result_.ops += plan_.batch > 1 ? length : 1;
    }
    return std::move(result_);
  }

 private:
  void wrong(const Operation& operation, const std::string& what) {
    if (result_.wrong_value.empty()) result_.wrong_value = fmt::format("key '{}': {}", operation.key(), what);
  }

  void check_one(const Operation& operation, std::uint64_t sequence) {
    switch (operation.kind) {
      case OperationKind::get: read(operation); return;
      case OperationKind::get_absent: result_.misses += plan_.dict.get(operation.key(), value_); return;
      case OperationKind::set:
      case OperationKind::insert: write(operation, sequence); return;
      case OperationKind::read_modify_write:
        read(operation);
        write(operation, sequence);
        return;
      case OperationKind::erase:
        result_.misses += !plan_.dict.erase(operation.key());
        last_.erase(operation.key_number);
        if (plan_.dict.get(operation.key(), value_)) wrong(operation, "was erased but is there");
        return;
      case OperationKind::add: check_add(operation, plan_.phase.delta); return;
      case OperationKind::scan: check_scan(operation); return;
    }
  }

  void read(const Operation& operation) {
    const bool found = plan_.dict.get(operation.key(), value_);
    result_.misses += !found;
    if (found) check_value(operation, value_.view());
  }

  void write(const Operation& operation, std::uint64_t sequence) {
    plan_.dict.set(operation.key(), writer_.make(operation, sequence));
    last_[operation.key_number] = sequence;
    if (plan_.dict.get(operation.key(), value_))
      check_value(operation, value_.view());
    else if (alone_ || operation.kind == OperationKind::insert)
      wrong(operation, "is not there just after its process has set it");
  }

  // Whose value it is, whether it is whole, and, where this process has written the key in this round, whether it is
  // not older than that.
  void check_value(const Operation& operation, std::string_view value) {
    if (const std::string what = checker_.check(operation.key(), operation.key_number, value); !what.empty())
      return wrong(operation, what);
    const auto own = last_.find(operation.key_number);
    const auto stamp = own == last_.end() ? std::nullopt : checker_.stamp(value);
    if (!stamp || (stamp->writer == plan_.worker && stamp->sequence == own->second)) return;
    if (alone_ || stamp->writer == plan_.worker || stamp->writer == kPreloadWriter)
      wrong(operation, fmt::format("a process read an older value than its own write, operation {}", own->second));
  }

  std::int64_t count_of(const Operation& operation) {
    if (!plan_.dict.get(operation.key(), value_)) return 0;
    const std::string_view text = value_.view();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) wrong(operation, "is no decimal number");
    return number;
  }

  void check_add(const Operation& operation, std::int64_t delta) {
    const std::int64_t before = count_of(operation), sum = plan_.dict.add(operation.key(), delta),
                       after = count_of(operation);
    const bool right = alone_       ? sum == before + delta && after == sum
                       : delta >= 0 ? before + delta <= sum && sum <= after
                                    : before + delta >= sum && sum >= after;
    if (!right) wrong(operation, fmt::format("add({}) says {} between {} and {}", delta, sum, before, after));
  }

  void check_scan(const Operation& operation) {
    std::string last;
    std::uint64_t visited = 0;
    bool ordered = true;
    const std::size_t told =
        plan_.dict.scan(operation.key(), operation.scan_length(), [&](std::string_view key, std::string_view) {
          ordered &= visited == 0 ? key >= operation.key() : key > last;
          last = key;
          return ++visited <= operation.scan_length();
        });
    if (!ordered)
      wrong(operation, "a scan from it visits keys out of order");
    else if (told != visited || visited > operation.scan_length())
      wrong(operation,
            fmt::format("a scan of {} keys from it says {} and visits {}", operation.scan_length(), told, visited));
  }

  void check_batch(std::size_t index, std::size_t length, std::uint64_t sequence) {
    keys_.clear();
    items_.clear();
    for (std::size_t i = 0; i < length; ++i) keys_.push_back(plan_.stream[index + i].key());
    if (plan_.stream[index].kind != OperationKind::get) {
      for (std::size_t i = 0; i < length; ++i) {
        const Operation& operation = plan_.stream[index + i];
        items_.push_back({operation.key(), writer_.make(operation, sequence + i)});
        last_[operation.key_number] = sequence + i;
      }
      plan_.dict.set_many(items_);
    }
    const std::size_t hits = plan_.dict.get_many(keys_, {values_.data(), length}, {found_.get(), length});
    const auto flags = static_cast<std::size_t>(std::count(found_.get(), found_.get() + length, true));
    if (hits != flags)
      wrong(plan_.stream[index], fmt::format("get_many() says that it found {} keys where it found {}", hits, flags));
    result_.misses += length - flags;
    for (std::size_t i = 0; i < length; ++i)
      if (found_[i]) check_value(plan_.stream[index + i], values_[i].view());
  }

  static constexpr std::size_t kAddsOfNothing = 1000;

  const LoopPlan& plan_;
  const bool alone_;
  ValueWriter writer_;
  ValueChecker checker_;
  Value value_;
  std::vector<Value> values_;
  std::unique_ptr<bool[]> found_;
  std::vector<std::string_view> keys_;
  std::vector<KeyValue> items_;
  std::unordered_map<std::uint64_t, std::uint64_t> last_;  // key number -> sequence of the own last write
  LoopResult result_{};
};

}  // namespace

LoopResult run_checked_round(const LoopPlan& plan, bool alone) {
  return plan.stream.size() == 0 ? LoopResult{} : CheckedRound(plan, alone).run();
}

}  // namespace dictbench
