// A program while it is explored: the table that it works on, what each fiber does, and what is looked at after each
// execution.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engines/value.h"
#include "tests/engines/lockfree/explorer/fiber_word.h"
#include "tests/engines/lockfree/explorer/history_check.h"
#include "tests/engines/lockfree/explorer/program.h"

namespace dictbench::explorer {

// One at a time, because fiber_word.h asks it who is dead.
class Running final : public Subject, private Owners {
 public:
  // Throws std::length_error for a fiber of too many steps. `program` must live as long.
  explicit Running(const Program& program);
  ~Running() override;
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  Exploration explore(const Bounds& bounds);
  // One execution, with `trace` called before each access. Which words are shared is learnt before, so that operations
  // begin where they did in the search.
  std::optional<Failure> replay(const Schedule& schedule, Scheduler::Trace trace);

  Memory& memory() { return *memory_; }
  SmallTable& table() { return table_; }
  // Which of its steps the fiber is at.
  std::size_t step_of(unsigned fiber) const { return histories_[fiber].step; }

 private:
  static constexpr std::size_t kMostOperations = 96;  // of one fiber; a for_each is as many as there are keys
  static constexpr std::size_t kMostCounts = 16;
  static constexpr std::int64_t kNotBegun = -1;

  struct Reply {
    bool found = false;
    std::int64_t number = 0;
  };
  // What a fiber was answered in this execution. Nothing here is allocated while fibers run (fiber_heap.h).
  struct History {
    std::array<Operation, kMostOperations> operations;
    std::array<Count, kMostCounts> counts;
    std::size_t operation_count = 0, count_count = 0, step = 0;
    std::vector<Reply> shown;  // by for_each, by each key
    std::int64_t walk_begin = kNotBegun;
  };
  // What the memory is like once what the dead left is in order.
  struct Settled {
    std::string fault;
    std::vector<Reply> held;  // by each key
  };
  // And as an execution leaves it.
  struct Left {
    std::string fault = {};
    const Settled* settled = nullptr;  // null where there is a fault
  };

  // Subject
  unsigned fibers() const override { return static_cast<unsigned>(program_.fibers.size()); }
  bool may_die(unsigned fiber) const override { return program_.fibers[fiber].may_die; }
  void begin() override;
  void run(unsigned fiber) override;
  std::string check() override;

  // Owners
  unsigned running() const override { return scheduler_->current(); }
  bool is_dead(unsigned fiber) const override;

  void operate(unsigned fiber, const Step& step);
  bool try_step(unsigned fiber, const Step& step, Reply& reply);
  Reply do_step(unsigned handle, const Step& step, Value& out);
  void count(unsigned fiber);
  void walk(unsigned fiber);
  void take_over(unsigned fiber, const Step& step);
  static void answer(Operation& operation, const Reply& reply);

  Left look(bool after_kills);
  const Settled& look_at_settled();
  std::string fault();
  std::string history_fault(const std::vector<Reply>& held);
  void keep_table(lockfree::Block block);

  const Program& program_;
  SmallTable table_;
  std::optional<Memory> memory_;
  std::optional<Scheduler> scheduler_;
  std::vector<Value> values_;
  std::vector<History> histories_;
  std::vector<Operation> operations_;
  std::vector<Count> counts_;
  HistoryCheck history_check_;
  std::unordered_map<std::uint64_t, Left> left_;  // by hashes of the memory
  std::unordered_map<std::uint64_t, Settled> settled_;
};

}  // namespace dictbench::explorer
