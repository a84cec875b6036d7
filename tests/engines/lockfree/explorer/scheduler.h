// The explorer's scheduler: runs a small program of fibers under every schedule with a bounded number of preemptions
// (M. Musuvathi, S. Qadeer: "Iterative Context Bounding for Systematic Testing of Multithreaded Programs", 2007), by
// depth-first search with re-execution.
//
// A schedule is a row of choices: who begins; before an access to a shared word, whether another fiber goes on instead
// (a preemption) or the fiber is killed, never to run again; when a fiber has ended, who is next. Bounds of 0, 1, 2 ...
// preemptions are explored one after the other, so the first failing schedule has as few as there can be.
//
// Points of choice: only accesses to words that two fibers use in one execution, one of them writing. All others
// commute with what the other fibers do. Which words those are is learnt: when an execution finds a new one, the search
// of that bound begins again. A fiber that may be killed can be so before each of its writes, shared or not, as what
// the living do afterwards and the final check read everything.
//
// Lock-freedom: while the others stand still, wherever they were preempted or killed, a fiber must come to its end
// within a limited number of accesses. More is a failure.
//
// Used by one thread, and at most one at a time runs in a program.
#pragma once

#include <ucontext.h>

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/engines/lockfree/explorer/access.h"
#include "tests/engines/lockfree/explorer/memory.h"
#include "tests/engines/lockfree/explorer/schedule.h"

namespace dictbench::explorer {

inline constexpr unsigned kMostFibers = 6;

// What is explored.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual unsigned fibers() const = 0;
  virtual bool may_die(unsigned fiber) const = 0;
  virtual void begin() = 0;              // before each execution; memory stands as at the start
  virtual void run(unsigned fiber) = 0;  // the fiber's program; an exception is a failure
  virtual std::string check() = 0;       // after each execution: what is wrong, or empty
};

struct Bounds {
  unsigned preemptions = 2;
  unsigned kills = 0;
  std::uint64_t accesses = 20'000;  // of one operation while the others stand still
  double seconds = 1e9;             // after which the search ends, unfinished
  std::uint64_t executions = std::numeric_limits<std::uint64_t>::max();  // as well
};

struct Failure {
  std::string what;
  Schedule schedule;
  unsigned preemptions = 0;
};

struct Exploration {
  std::vector<std::uint64_t> executions;  // of the whole search with 0, 1, 2 ... preemptions
  std::uint64_t abandoned = 0;            // executions of searches that began again with more shared words
  bool finished = true;                   // false: out of time, or of executions
  std::optional<Failure> failure;         // the search ends with the first
};

class Scheduler final : public Watcher {
 public:
  // The subject's accesses are to `memory`.
  Scheduler(Subject& subject, Memory& memory);
  ~Scheduler() override;

  Exploration explore(const Bounds& bounds);

  // One execution. `trace` is called before each access.
  using Trace = std::function<void(unsigned fiber, std::uint64_t word, Access access)>;
  std::optional<Failure> replay(const Schedule& schedule, const Bounds& bounds, Trace trace);

  // --- for the subject, from a fiber ---
  unsigned current() const noexcept { return current_; }
  bool has_ended(unsigned fiber) const noexcept { return ended_[fiber]; }  // done or dead
  bool was_killed(unsigned fiber) const noexcept { return killed_[fiber]; }
  void wait_for_end(unsigned fiber);
  // Any fiber may go on from here, at no cost: the process sleeps between two operations.
  void rest();

  // Counts begins and ends of operations. A begin counts when the operation first touches a shared word: what it did
  // before, it could as well have done later.
  void operation_begins(std::int64_t* stamp) noexcept;
  std::int64_t operation_ends() noexcept;
  std::int64_t now() noexcept { return clock_++; }

 private:
  static constexpr unsigned kMain = kMostFibers, kChecker = kMostFibers + 1, kContexts = kMostFibers + 2;
  static constexpr unsigned kKill = 0x80;

  struct Node {  // of the path of choices
    std::array<std::uint8_t, kMostFibers + 1> options;
    std::uint8_t count;
    std::uint8_t at;
  };
  struct Context {
    ucontext_t machine;
    std::unique_ptr<char[]> stack;
    std::array<std::uint64_t, 2> exceptions{};  // the runtime's list of exceptions that are being handled
  };

  void on_access(const void* address, Access access) noexcept override;

  bool search(const Bounds& bounds, unsigned preemptions, std::uint64_t& executions);
  bool next_path();
  void execute();
  void start(unsigned context);
  static void enter(unsigned high, unsigned low);
  void body();
  void switch_to(unsigned context);
  [[noreturn]] void leave(unsigned context);
  [[noreturn]] void fail(const char* what, const char* detail = "") noexcept;

  void choose_at(std::uint64_t word, Access access);
  void replay_at();
  unsigned next_fiber();
  unsigned choose(std::span<const std::uint8_t> options);
  void kill_current();
  bool can_run(unsigned fiber) const noexcept;

  Subject& subject_;
  Memory& memory_;
  std::array<Context, kContexts> contexts_;
  Bounds bounds_;
  double deadline_ = 0;
  std::uint64_t executed_ = 0;  // by this explore()
  bool spent_ = false;          // no time or no executions are left

  std::vector<Node> path_;
  std::size_t depth_ = 0;  // choices of this execution made

  // of this execution
  unsigned current_ = kMain;
  std::array<bool, kMostFibers> started_{}, ended_{}, killed_{};
  std::array<int, kMostFibers> waits_for_{};  // fiber; -1: for nobody
  unsigned preemptions_ = 0, kills_ = 0;
  std::uint64_t steps_ = 0;  // accesses since the fiber was switched to or its operation began
  std::int64_t clock_ = 0;
  std::array<std::int64_t*, kMostFibers> begins_{};
  Schedule runs_;
  std::array<char, 512> failure_{};
  std::string found_;  // by the check

  const Schedule* replayed_ = nullptr;
  std::size_t replayed_at_ = 0;
  Trace trace_;
};

}  // namespace dictbench::explorer
