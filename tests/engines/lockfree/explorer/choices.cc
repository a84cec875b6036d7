// The scheduler's choices: at each access, at a fiber's end, and where a program waits or rests.
#include <algorithm>
#include <utility>

#include "tests/engines/lockfree/explorer/fiber_heap.h"
#include "tests/engines/lockfree/explorer/scheduler.h"

namespace dictbench::explorer {

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

// A replayed schedule tells at the next access who goes on.
void Scheduler::rest() {
  if (replayed_ != nullptr) return;
  if (const unsigned next = next_fiber(); next != current_) switch_to(next);
}

void Scheduler::operation_begins(std::int64_t* stamp) noexcept {
  begins_[current_] = stamp;
  steps_ = 0;
}

std::int64_t Scheduler::operation_ends() noexcept {
  if (begins_[current_] != nullptr) *std::exchange(begins_[current_], nullptr) = clock_++;
  return clock_++;
}

}  // namespace dictbench::explorer
