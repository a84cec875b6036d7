#include "tests/engines/lockfree/explorer/scheduler.h"

#include <cxxabi.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

#include "tests/engines/lockfree/explorer/fiber_heap.h"

namespace dictbench::explorer {
namespace {

constexpr std::size_t kStackBytes = 256 << 10;

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Scheduler::Scheduler(Subject& subject, Memory& memory) : subject_(subject), memory_(memory) {
  for (Context& context : contexts_) context.stack = std::make_unique_for_overwrite<char[]>(kStackBytes);
}

Scheduler::~Scheduler() = default;

// --- the search ---

Exploration Scheduler::explore(const Bounds& bounds) {
  Exploration result;
  bounds_ = bounds;
  deadline_ = seconds_now() + bounds.seconds;
  executed_ = 0;
  spent_ = false;
  for (unsigned preemptions = 0; preemptions <= bounds.preemptions; ++preemptions) {
    std::uint64_t executions = 0;
    while (!search(bounds, preemptions, executions)) {
      result.abandoned += executions;
      executions = 0;
    }
    result.executions.push_back(executions);
    if (!found_.empty()) {
      result.failure = Failure{.what = found_, .schedule = runs_, .preemptions = preemptions_};
      return result;
    }
    if (spent_) {
      result.finished = false;
      return result;
    }
  }
  return result;
}

// All schedules with so many preemptions at most. False: a shared word was found, so that it must begin again.
bool Scheduler::search(const Bounds& bounds, unsigned preemptions, std::uint64_t& executions) {
  bounds_.preemptions = preemptions;
  bounds_.kills = bounds.kills;
  path_.clear();
  do {
    execute();
    ++executions;
    spent_ = ++executed_ == bounds.executions || ((executed_ & 0xff) == 0 && seconds_now() > deadline_);
    if (memory_.learn()) {
      // A fault may be one for want of the word only: an operation begins with its first access to a shared one.
      found_.clear();
      if (!spent_) return false;
    }
    if (!found_.empty() || spent_) return true;
  } while (next_path());
  return true;
}

// The path to the next leaf of the tree of choices.
bool Scheduler::next_path() {
  while (!path_.empty() && path_.back().at + 1 == path_.back().count) path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().at;
  return true;
}

std::optional<Failure> Scheduler::replay(const Schedule& schedule, const Bounds& bounds, Trace trace) {
  bounds_ = bounds;
  replayed_ = &schedule;
  replayed_at_ = 0;
  trace_ = std::move(trace);
  execute();
  replayed_ = nullptr;
  trace_ = nullptr;
  if (found_.empty()) return std::nullopt;
  return Failure{.what = found_, .schedule = runs_, .preemptions = preemptions_};
}

// --- one execution ---

void Scheduler::execute() {
  started_.fill(false);
  ended_.fill(false);
  killed_.fill(false);
  waits_for_.fill(-1);
  begins_.fill(nullptr);
  preemptions_ = kills_ = 0;
  depth_ = 0;
  clock_ = 0;
  runs_.clear();
  failure_[0] = '\0';
  found_.clear();
  FiberHeap::clear();

  watcher = this;
  current_ = kMain;
  subject_.begin();
  const unsigned first = replayed_ != nullptr && !replayed_->empty() ? replayed_->front().fiber : next_fiber();
  switch_to(first);
  if (failure_[0] == '\0') switch_to(kChecker);
  if (failure_[0] != '\0') found_ = failure_.data();
  watcher = nullptr;
  memory_.restore();
}

void Scheduler::start(unsigned at) {
  Context& context = contexts_[at];
  getcontext(&context.machine);
  context.machine.uc_stack.ss_sp = context.stack.get();
  context.machine.uc_stack.ss_size = kStackBytes;
  context.machine.uc_link = nullptr;
  context.exceptions = {};
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&context.machine, reinterpret_cast<void (*)()>(&Scheduler::enter), 2, static_cast<unsigned>(self >> 32),
              static_cast<unsigned>(self));
}

void Scheduler::enter(unsigned high, unsigned low) {
  reinterpret_cast<Scheduler*>(std::uintptr_t{high} << 32 | low)->body();
}

void Scheduler::body() {
  try {
    if (current_ == kChecker) {
      found_ = subject_.check();
    } else {
      subject_.run(current_);
    }
  } catch (const std::exception& error) {
    fail("exception: ", error.what());
  }
  if (current_ == kChecker) leave(kMain);
  ended_[current_] = true;
  leave(next_fiber());
}

void Scheduler::switch_to(unsigned next) {
  const unsigned before = current_;
  if (next == kChecker || (next < kMostFibers && !started_[next])) {
    if (next < kMostFibers) started_[next] = true;
    start(next);
  }
  if (next < kMostFibers && (runs_.empty() || runs_.back().fiber != next)) {
    const FiberHeap::Pause pause;
    runs_.push_back({.fiber = next});
  }
  auto* const exceptions = reinterpret_cast<std::uint64_t*>(abi::__cxa_get_globals());
  std::copy_n(exceptions, 2, contexts_[before].exceptions.begin());
  std::copy_n(contexts_[next].exceptions.begin(), 2, exceptions);
  current_ = next;
  steps_ = 0;
  FiberHeap::use(next < kMostFibers);
  swapcontext(&contexts_[before].machine, &contexts_[next].machine);
}

void Scheduler::leave(unsigned context) {
  switch_to(context);
  std::abort();  // nobody comes back to a fiber that has ended
}

void Scheduler::fail(const char* what, const char* detail) noexcept {
  std::snprintf(failure_.data(), failure_.size(), "%s%s", what, detail);
  leave(kMain);
}

}  // namespace dictbench::explorer
