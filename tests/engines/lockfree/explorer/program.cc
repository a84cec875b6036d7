#include "tests/engines/lockfree/explorer/program.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdlib>
#include <optional>
#include <unordered_set>

#include "engines/counter.h"
#include "engines/lockfree/audit.h"
#include "engines/value.h"
#include "harness/verify/linearizability.h"
#include "tests/engines/lockfree/explorer/fiber_heap.h"

namespace dictbench::explorer {
namespace {

constexpr std::size_t kMostSteps = 32;  // of one fiber

class Running final : public Subject {
 public:
  explicit Running(const Program& program) : program_(program), table_(static_cast<unsigned>(program.fibers.size())) {
    Value value;
    for (const Step& step : program.before) do_step(0, step, value);
    memory_.emplace(table_.base(), table_.bytes() / Memory::kLine * Memory::kLine, table_.used());
    scheduler_.emplace(*this, *memory_);
    values_.resize(program.fibers.size() + 1);
    histories_.resize(program.fibers.size());
  }

  Exploration explore(const Bounds& bounds) {
    Exploration result = scheduler_->explore(bounds);
    if (!result.failure && !memory_->is_restored())
      result.failure = Failure{.what = "the explorer has not put all memory back", .schedule = {}};
    return result;
  }
  Scheduler& scheduler() { return *scheduler_; }
  Memory& memory() { return *memory_; }
  SmallTable& table() { return table_; }

  // What fiber `fiber` does now.
  std::size_t step_of(unsigned fiber) const { return histories_[fiber].step; }

  unsigned fibers() const override { return static_cast<unsigned>(program_.fibers.size()); }
  bool may_die(unsigned fiber) const override { return program_.fibers[fiber].may_die; }

  void begin() override {
    table_.attach_all();
    // What is written without the watcher's knowledge.
    lockfree::Space& space = table_.space();
    keep_table(lockfree::Space::block_of_table(space.directory(0).load()));
    for (unsigned arena = 0; arena < fibers(); ++arena)
      for (auto at = static_cast<lockfree::Block>(space.arena(arena).retired.load()); at != 0;
           at = static_cast<lockfree::Block>(space.table_head(at).retired_next))
        keep_table(at);
    for (History& history : histories_) history.step = history.count = 0;
  }

  void run(unsigned fiber) override {
    History& history = histories_[fiber];
    for (const Step& step : program_.fibers[fiber].steps) {
      if (step.what == Step::What::sweep) {
        table_.sweep(fiber);
      } else if (step.what >= Step::What::wait) {
        take_over(fiber, step);
      } else {
        Operation& operation = history.operations[history.count++];
        operation = {.begin_ns = kNotBegun, .argument = step.number, .process = fiber, .key = step.key};
        operation.kind = kind_of(step);
        scheduler_->operation_begins(&operation.begin_ns);
        answer(operation, do_step(fiber, step, values_[fiber]));
        operation.end_ns = scheduler_->operation_ends();
      }
      ++history.step;
    }
  }

  // Equal memory has equal faults, and a look at it takes a hundred times as long as most executions.
  std::string check() override {
    const auto is_dead = [&](unsigned fiber) { return scheduler_->was_killed(fiber); };
    const std::uint64_t state = memory_->hash_of_changes();
    auto known = states_.find(state);
    if (known == states_.end()) {
      State found;
      for (unsigned fiber = 0; fiber < fibers(); ++fiber)
        if (is_dead(fiber)) table_.adopt(fibers(), fibers(), is_dead);
      found.fault = fault();
      for (unsigned key = 0; found.fault.empty() && key < program_.keys.size(); ++key)
        found.held.push_back(do_step(0, get(key), values_.back()));
      known = states_.emplace(state, std::move(found)).first;
    }
    if (!known->second.fault.empty()) return known->second.fault;
    return history_fault(known->second.held);
  }

 private:
  static constexpr std::int64_t kNotBegun = -1;

  struct Reply {
    bool found = false;
    std::int64_t number = 0;
  };
  struct History {
    std::array<Operation, kMostSteps> operations;
    std::size_t count = 0, step = 0;
  };
  struct State {
    std::string fault;
    std::vector<Reply> held;  // by each key
  };

  static OperationKind kind_of(const Step& step) {
    switch (step.what) {
      case Step::What::set: return OperationKind::set;
      case Step::What::erase: return OperationKind::erase;
      case Step::What::add: return OperationKind::add;
      default: return OperationKind::get;
    }
  }

  void keep_table(lockfree::Block block) { memory_->keep(memory_->word_of(table_.space().block(block))); }

  static std::int64_t number_of(std::string_view text) {
    try {
      return counter_value(text);
    } catch (const std::exception&) {
      return kUnreadable;
    }
  }

  Reply do_step(unsigned handle, const Step& step, Value& out) {
    lockfree::Index& index = table_.index(handle);
    const std::string& key = program_.keys[step.key];
    switch (step.what) {
      case Step::What::get:
        if (!index.get(key, out)) return {};
        return {.found = true, .number = number_of(out.view())};
      case Step::What::set: index.set(key, CounterText(step.number).view()); return {};
      case Step::What::erase: return {.found = index.erase(key)};
      case Step::What::add: {
        std::int64_t sum = 0;
        CounterText text(0);
        index.update(key, [&](std::optional<std::string_view> old) {
          sum = (old ? number_of(*old) : 0) + step.number;
          text = CounterText(sum);
          return text.view();
        });
        return {.found = true, .number = sum};
      }
      default: return {};
    }
  }

  static void answer(Operation& operation, const Reply& reply) {
    if (operation.kind == OperationKind::set) return;
    operation.outcome = reply.found ? Outcome::found : Outcome::missing;
    operation.result = reply.number;
  }

  void take_over(unsigned fiber, const Step& step) {
    const auto dead = static_cast<unsigned>(step.number);
    scheduler_->wait_for_end(dead);
    const auto is_dead = [&](unsigned other) { return program_.fibers[other].may_die && scheduler_->has_ended(other); };
    if (step.what == Step::What::adopt)
      table_.adopt(fiber, fiber, is_dead);
    else if (step.what == Step::What::attach && table_.take_over(dead, fiber, is_dead))
      table_.attach(fiber, dead);
  }

  std::string fault() {
    for (unsigned arena = 0; arena < fibers(); ++arena) {
      const lockfree::Arena& mine = table_.space().arena(arena);
      if (mine.fresh.load() != 0 || mine.stale.load() != 0 || mine.table.load() != 0 || mine.stale_table.load() != 0)
        return fmt::format("arena {} has an intent when all is over", arena);
      if (mine.hazard.load() != 0) return fmt::format("arena {} has a hazard when all is over", arena);
    }
    return lockfree::broken(table_.space());
  }

  std::string history_fault(const std::vector<Reply>& held) {
    std::vector<Operation>& all = all_;
    all.clear();
    for (const History& history : histories_)
      for (std::size_t i = 0; i < history.count; ++i) {
        all.push_back(history.operations[i]);
        if (all.back().begin_ns == kNotBegun) all.back().begin_ns = scheduler_->now();
      }
    const std::int64_t end = scheduler_->now();
    for (unsigned key = 0; key < held.size(); ++key) {
      all.push_back({.begin_ns = end, .end_ns = end + 1, .process = fibers(), .key = key});
      answer(all.back(), held[key]);
    }
    std::uint64_t hash = 0;
    for (const Operation& one : all) {
      const std::array<std::int64_t, 6> said = {
          one.begin_ns,
          one.end_ns,
          one.argument,
          one.result,
          static_cast<std::int64_t>(one.process) << 32 | one.key,
          static_cast<std::int64_t>(one.kind) << 8 | static_cast<std::int64_t>(one.outcome)};
      hash = XXH3_64bits_withSeed(said.data(), sizeof said, hash);
    }
    if (legal_.contains(hash)) return "";
    for (unsigned key = 0; key < program_.keys.size(); ++key) {
      std::vector<Operation> one = initial(key);
      for (const Operation& operation : all)
        if (operation.key == key) one.push_back(operation);
      const Decision decision = decide_key(one, {});
      if (decision.answer != Answer::ok)
        return fmt::format("not linearizable: key {}\n{}", program_.keys[key],
                           history_table(one, decision.unexplained));
    }
    legal_.insert(hash);
    return "";
  }

  std::vector<Operation> initial(unsigned key) const {
    std::vector<Operation> operations;
    std::int64_t at = -2 * static_cast<std::int64_t>(program_.before.size()) - 2;
    for (const Step& step : program_.before) {
      if (step.key != key || step.what == Step::What::get) continue;
      Operation operation{
          .begin_ns = at, .end_ns = at + 1, .argument = step.number, .process = kBeforeHistory, .key = key};
      operation.kind = kind_of(step);
      operation.outcome = step.what == Step::What::erase ? Outcome::forgotten : Outcome::none;
      operations.push_back(operation);
      at += 2;
    }
    return operations;
  }

  const Program& program_;
  SmallTable table_;
  std::optional<Memory> memory_;
  std::optional<Scheduler> scheduler_;
  std::vector<Value> values_;
  std::vector<History> histories_;
  std::vector<Operation> all_;
  std::unordered_map<std::uint64_t, State> states_;
  std::unordered_set<std::uint64_t> legal_;
};

std::string step_text(const Program& program, const Step& step) {
  const std::string& key = program.keys[step.key];
  switch (step.what) {
    case Step::What::get: return fmt::format("get {}", key);
    case Step::What::set: return fmt::format("set {} {}", key, step.number);
    case Step::What::erase: return fmt::format("erase {}", key);
    case Step::What::add: return fmt::format("add {} {}", key, step.number);
    case Step::What::sweep: return "sweep";
    case Step::What::wait: return "wait";
    case Step::What::attach: return fmt::format("attach to {}'s arena", fiber_name(static_cast<unsigned>(step.number)));
    case Step::What::adopt: return "adopt";
  }
  return "";
}

}  // namespace

Exploration explore(const Program& program) {
  Running running(program);
  Bounds bounds = program.bounds;
  if (const char* schedule = std::getenv("DICTBENCH_EXPLORER_REPLAY")) {
    Exploration result;
    result.executions = {1};
    result.failure = running.scheduler().replay(schedule_of(schedule), bounds, {});
    return result;
  }
  if (const char* more = std::getenv("DICTBENCH_EXPLORER_PREEMPTIONS"))
    bounds.preemptions += static_cast<unsigned>(std::strtoul(more, nullptr, 10));
  if (const char* seconds = std::getenv("DICTBENCH_EXPLORER_SECONDS")) bounds.seconds = std::strtod(seconds, nullptr);
  return running.explore(bounds);
}

std::string report(const Program& program, const Failure& failure) {
  Running running(program);
  std::string text = fmt::format("{}\nwith {} preemptions:\n", failure.what, failure.preemptions);
  running.scheduler().replay(failure.schedule, program.bounds, {});  // to learn which words are shared
  running.memory().learn();
  unsigned last = kMostFibers;
  std::size_t last_step = 0;
  running.scheduler().replay(failure.schedule, program.bounds, [&](unsigned fiber, std::uint64_t word, Access access) {
    const std::size_t step = running.step_of(fiber);
    if (fiber != last || step != last_step)
      text += fmt::format("{}: {}\n", fiber_name(fiber), step_text(program, program.fibers[fiber].steps[step]));
    last = fiber;
    last_step = step;
    if (access == Access::read && !running.memory().is_shared(word)) return;
    constexpr const char* kAccess[] = {"reads", "writes", "changes"};
    text += fmt::format("     {} {} (was {:x})\n", kAccess[static_cast<unsigned>(access)],
                        word_name(running.table(), word), running.memory().value(word));
  });
  return text + fmt::format("replay: DICTBENCH_EXPLORER_REPLAY=\"{}\"\n", to_text(failure.schedule));
}

}  // namespace dictbench::explorer
