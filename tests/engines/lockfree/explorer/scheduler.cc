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
    if (seconds_now() > deadline_) {
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
    if (!found_.empty()) return true;
    if (memory_.learn()) return false;
    if ((executions & 0xff) == 0 && seconds_now() > deadline_) return true;
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

// --- choices ---

void Scheduler::on_access(const void* address, Access access) noexcept {
  if (!memory_.contains(address)) {
    if (current_ == kMain) return;
    fail("an access outside the segment");
  }
  const std::uint64_t word = memory_.word_of(address);
  memory_.keep(word);
  if (current_ == kMain) return;
  if (++steps_ > bounds_.accesses) {
    if (current_ == kChecker) fail("a look at the table afterwards does not end");
    fail("an operation does not end though all others stand still");
  }
  if (current_ == kChecker) return;
  if (replayed_ != nullptr)
    replay_at();
  else
    choose_at(word, access);
  if (begins_[current_] != nullptr && memory_.is_shared(word)) *std::exchange(begins_[current_], nullptr) = clock_++;
  ++runs_.back().accesses;
  memory_.note(word, current_, access != Access::read);
  if (trace_) {
    const FiberHeap::Pause pause;
    watcher = nullptr;
    trace_(current_, word, access);
    watcher = this;
  }
}

void Scheduler::choose_at(std::uint64_t word, Access access) {
  std::array<std::uint8_t, kMostFibers + 1> options;
  std::size_t count = 0;
  options[count++] = static_cast<std::uint8_t>(current_);
  if (access != Access::read && kills_ < bounds_.kills && subject_.may_die(current_))
    options[count++] = static_cast<std::uint8_t>(kKill | current_);
  if (preemptions_ < bounds_.preemptions && memory_.is_shared(word))
    for (unsigned fiber = 0; fiber < subject_.fibers(); ++fiber)
      if (fiber != current_ && can_run(fiber)) options[count++] = static_cast<std::uint8_t>(fiber);
  const unsigned choice = choose({options.data(), count});
  if (choice == current_) return;
  if ((choice & kKill) != 0) kill_current();
  ++preemptions_;
  switch_to(choice);
}

void Scheduler::kill_current() {
  runs_.back().killed = true;
  ++kills_;
  killed_[current_] = ended_[current_] = true;
  leave(next_fiber());
}

// Where the run that is replayed has made its accesses, the next one's fiber goes on.
void Scheduler::replay_at() {
  while (replayed_at_ < replayed_->size()) {
    const Run& run = (*replayed_)[replayed_at_];
    if (run.fiber == current_ && runs_.back().accesses < run.accesses) return;
    ++replayed_at_;
    if (run.fiber == current_ && run.killed) kill_current();
    if (replayed_at_ == replayed_->size()) return;
    const unsigned next = (*replayed_)[replayed_at_].fiber;
    if (next == current_) continue;
    if (!can_run(next)) fail("the schedule does not fit the program");
    switch_to(next);
    return;
  }
}

bool Scheduler::can_run(unsigned fiber) const noexcept {
  return !ended_[fiber] && (waits_for_[fiber] < 0 || ended_[static_cast<unsigned>(waits_for_[fiber])]);
}

// After a fiber has ended or waits: any other that can run, at no cost. kMain: all have ended.
unsigned Scheduler::next_fiber() {
  std::array<std::uint8_t, kMostFibers> options;
  std::size_t count = 0;
  for (unsigned fiber = 0; fiber < subject_.fibers(); ++fiber)
    if (can_run(fiber)) options[count++] = static_cast<std::uint8_t>(fiber);
  if (count == 0) return kMain;
  if (replayed_ == nullptr) return choose({options.data(), count});
  while (replayed_at_ < replayed_->size() &&
         ((*replayed_)[replayed_at_].fiber == current_ || !can_run((*replayed_)[replayed_at_].fiber)))
    ++replayed_at_;
  return replayed_at_ < replayed_->size() ? (*replayed_)[replayed_at_].fiber : options[0];
}

unsigned Scheduler::choose(std::span<const std::uint8_t> options) {
  if (options.size() == 1) return options[0];
  if (depth_ == path_.size()) {
    const FiberHeap::Pause pause;
    Node node{.options = {}, .count = static_cast<std::uint8_t>(options.size()), .at = 0};
    std::ranges::copy(options, node.options.begin());
    path_.push_back(node);
  }
  const Node& node = path_[depth_++];
  if (!std::ranges::equal(options, std::span(node.options.data(), node.count)))
    fail("the program is not deterministic: one schedule led to different choices");
  return node.options[node.at];
}

// --- for the subject ---

void Scheduler::wait_for_end(unsigned fiber) {
  if (ended_[fiber]) return;
  waits_for_[current_] = static_cast<int>(fiber);
  const unsigned next = next_fiber();
  if (next == kMain) fail("all fibers wait");
  const unsigned self = current_;
  switch_to(next);
  waits_for_[self] = -1;
}

void Scheduler::operation_begins(std::int64_t* stamp) noexcept { begins_[current_] = stamp; }

std::int64_t Scheduler::operation_ends() noexcept {
  if (begins_[current_] != nullptr) *std::exchange(begins_[current_], nullptr) = clock_++;
  return clock_++;
}

}  // namespace dictbench::explorer
