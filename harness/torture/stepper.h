// A process that is led through one operation instruction by instruction, by ptrace, in any build.
//
// The process is forked. It prepares, then tells where the operation begins and ends. At the beginning it stands still.
// From there the driver has it make one instruction after the other, runs it to an instruction of its choice, and
// leaves it standing there, lets it go on, or kills it. A process that stands still is to all others one that runs:
// it lives and holds what it holds.
//
// A step costs 20 us, or 90 us when driver and process run on different processors; so pin the driver before. To come
// far it runs to a breakpoint, which lies in this process's copy of the code only. A system call is one instruction;
// one turn of a repeated string instruction (`rep movsb`) too.
//
// Used by the thread that made it. The process dies with that thread's process, also when it stands still.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/torture/child.h"
#include "harness/torture/own_time.h"

namespace dictbench::torture {

// Why no process can be led so on this machine, or empty.
std::string why_no_stepping();

// One run of an operation.
struct Trace {
  std::vector<std::uintptr_t> addresses;  // of each instruction, in order
  std::vector<std::uint32_t> visits;      // so often had that address come up to then, this time included
  bool whole = true;                      // false: a limit, or the process's end, came before the operation's
};

// Where a process has come that was led to an instruction.
enum class Came {
  there,      // that instruction is the next one
  elsewhere,  // the operation went another way, and ended before; it has been let go
  too_slow,   // the time was over; it has been killed, for a breakpoint may lie in its code
};

class SteppedProcess {
  struct Shared {
    std::atomic<int> phase = 0;
    std::atomic<std::size_t> threads = 0;  // that the process had before its body began
    SharedText exception;
  };

 public:
  // The process's own view: where its operation begins and ends.
  class Marks {
   public:
    void begin() noexcept;  // the next instruction is the operation's first
    void end() noexcept;

   private:
    friend class SteppedProcess;
    explicit Marks(Shared& shared) : shared_(shared) {}
    Shared& shared_;
  };

  // Forks, and returns when the process stands at the beginning of its operation; `body` is its whole life. One that
  // has ended or hangs before does not stand. Throws std::system_error where there is no process or memory, and
  // StepTooSlow.
  SteppedProcess(const std::function<void(Marks& marks)>& body, const WaitLimit& limit);
  ~SteppedProcess();  // SIGKILL, and reaped
  SteppedProcess(const SteppedProcess&) = delete;
  SteppedProcess& operator=(const SteppedProcess&) = delete;

  // Whether it stands still within the operation. Where not, finish() tells what became of it.
  bool stands() const noexcept { return traced_ && inside(); }

  // The address of the instruction that comes next. While it stands.
  std::uintptr_t next_address() const;

  // Threads that its body has started, which nobody leads. Until it is let go.
  std::size_t started_threads() const;

  // Leads it to the end of the operation, at most so many instructions and so long.
  Trace trace(std::size_t most, milliseconds limit);

  // From the beginning to instruction number `index` (from 0) of the trace.
  Came run_to(const Trace& trace, std::size_t index, milliseconds limit);

  // When it came too slow: its own time since it was last let run, at least. A step or a way to a breakpoint takes well
  // below a second of it.
  std::chrono::nanoseconds waited() const noexcept { return waited_; }

  // Lets it run from where it stands.
  void let_go();

  // Waits for its end, after let_go() or where it does not stand. Empty, or "killed by signal 11 (Segmentation fault)",
  // "threw ...", "no end after 5000 ms". Throws StepTooSlow, with the process killed.
  std::string finish(const WaitLimit& limit);

  // SIGKILL, and reaped.
  void kill();

 private:
  using Clock = std::chrono::steady_clock;

  bool inside() const noexcept;
  bool resume(int request);  // a request of ptrace; waits for the next stop; false when there is none in time
  bool wait();               // false when it has ended (pid_ is 0 then), or runs when the time is over
  void begin_wait(const WaitLimit& limit);
  void begin_wait(milliseconds limit);  // plain time
  bool time_is_over() const;
  void kill_late();  // it runs, and the time is over: `hangs_`, or throws StepTooSlow
  Came run_to_visit(std::uintptr_t address, std::uint32_t visit);
  Came ended_or_too_slow();  // after a wait without a stop

  SharedPage<Shared> shared_;
  pid_t pid_ = 0;           // 0: reaped
  bool traced_ = false;     // it has come to its operation, and was not let go
  int status_ = 0;          // of the last wait
  int pending_signal_ = 0;  // it came while the process was led, and has not been passed on
  // Of the waits that go on: no longer than to the deadline, and so much own time where that counts.
  Clock::time_point deadline_;
  std::optional<OwnTime> own_time_;
  milliseconds most_own_{0};
  std::string hangs_;  // "no end after 5000 ms"
  Clock::time_point resumed_;
  std::chrono::nanoseconds waited_{0};
};

// "dictbench+0x1a2b": the file and the offset in it, as addr2line takes them.
std::string address_text(std::uintptr_t address);

}  // namespace dictbench::torture
