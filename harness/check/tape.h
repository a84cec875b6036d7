// The memory in which processes record their operations, so that the record outlives its writer.
//
// One anonymous shared mapping that forked processes inherit, with one tape a worker's place; when a worker is
// killed the next one in its place goes on with its tape. A tape has one writer at a time. An operation is
// written to the tape, open, and counted before it is called; its answer is filled in when it has returned, `end`
// last. So a SIGKILL at any instruction leaves only whole operations, the last one open. The driver reads counts
// and states at any time, and operations once their writer is dead.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "harness/verify/history.h"

namespace dictbench {

enum class TapeState : std::uint32_t {
  running,
  done,      // all operations of its share, and what closes them
  attach,    // an error left the connection unusable: another process must attach anew
  corrupt,   // the engine says that the dict is not to be trusted; `why`
  refused,   // the engine does not do what its contract says; `why`
  mismatch,  // size() or for_each() contradict what gets found; `why`
};

struct alignas(64) TapeHead {
  std::atomic<std::uint64_t> count{0};
  std::atomic<TapeState> state{TapeState::running};
  char why[512] = {};
};

class Tape {
 public:
  Tape(TapeHead* head, Operation* operations, std::size_t capacity)
      : head_(head), operations_(operations), capacity_(capacity) {}

  // By the writer. Begins an operation; the time is taken last.
  void begin(Operation operation);
  // The time at which it returned, and then its answer; or it is taken back, because the dict refused it and so it
  // never took effect.
  static std::int64_t now();
  void end(Outcome outcome, std::int64_t result, std::int64_t end_ns);
  void take_back();
  void leave(TapeState state, std::string_view why);

  // By the driver.
  void resume() { head_->state.store(TapeState::running, std::memory_order_release); }

  std::uint64_t count() const { return head_->count.load(std::memory_order_acquire); }
  std::size_t capacity() const { return capacity_; }
  TapeState state() const { return head_->state.load(std::memory_order_acquire); }
  std::string why() const { return head_->why; }
  std::span<const Operation> operations() const { return {operations_, count()}; }

 private:
  TapeHead* head_;
  Operation* operations_;
  std::size_t capacity_;
};

class TapeMemory {
 public:
  TapeMemory(unsigned tapes, std::size_t capacity);  // throws std::system_error
  ~TapeMemory();
  TapeMemory(const TapeMemory&) = delete;
  TapeMemory& operator=(const TapeMemory&) = delete;

  Tape tape(unsigned number) const;
  unsigned tapes() const { return tapes_; }

  // Workers that have attached count themselves and wait for `go`.
  struct Signals {
    std::atomic<std::uint32_t> ready{0};
    std::atomic<std::uint32_t> go{0};
  };
  Signals& signals() const { return *signals_; }

 private:
  unsigned tapes_;
  std::size_t capacity_;
  std::size_t bytes_;
  Signals* signals_;
  TapeHead* heads_;
  Operation* operations_;
};

}  // namespace dictbench
