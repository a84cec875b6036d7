#include "harness/check/round.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "harness/driver/child_process.h"
#include "harness/driver/control_page.h"
#include "harness/driver/worker_group.h"
#include "workloads/random.h"

namespace dictbench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// After kills, for what their processes had sent to a server.
constexpr milliseconds kSettle{50};

class RoundDriver {
 public:
  explicit RoundDriver(const RoundPlan& plan)
      : plan_(plan),
        memory_(plan.processes + 1, plan.recording.share + closing_operations(plan.recording)),
        pids_(plan.processes + 1, 0),
        random_(mix64(plan.recording.seed, plan.first_process)),
        deadline_(Clock::now() + plan.patience) {
    round_.next_process = plan.first_process;
    if (plan.kills > 0) kill_distance_ = plan.processes * plan.recording.share / plan.kills;
    choose_next_kill();
  }

  ~RoundDriver() { end_all(); }
  RoundDriver(const RoundDriver&) = delete;
  RoundDriver& operator=(const RoundDriver&) = delete;

  Round run() {
    for (unsigned place = 0; place < plan_.processes; ++place) start(place);
    while (memory_.signals().ready.load(std::memory_order_acquire) < plan_.processes && look_after(0)) sleep();
    memory_.signals().go.store(1, std::memory_order_release);
    futex_wake_all(memory_.signals().go);
    while (look_after(0) && anyone_left()) {
      kill_one_if_due();
      sleep();
    }
    end_all();
    if (round_.failed.empty() && !round_.corrupt && plan_.recording.contract.shared_between_processes) close();
    collect();
    return std::move(round_);
  }

 private:
  static void sleep() { std::this_thread::sleep_for(microseconds(200)); }

  void start(unsigned place) {
    const std::uint32_t process = round_.next_process++;
    const Tape tape = memory_.tape(place);
    const bool closing = place == plan_.processes;
    pids_[place] = fork_child([&] {
      return closing ? record_closing(plan_.recording, tape, process)
                     : record_share(plan_.recording, tape, memory_.signals(), process);
    });
  }

  bool anyone_left() const {
    for (const pid_t pid : pids_)
      if (pid != 0) return true;
    return false;
  }

  // Reaps who ended and puts others in their places. False: the round is over.
  bool look_after(unsigned from) {
    for (unsigned place = from; place < pids_.size(); ++place) {
      int status = 0;
      if (pids_[place] == 0 || waitpid(pids_[place], &status, WNOHANG) != pids_[place]) continue;
      pids_[place] = 0;
      if (!ended(place, status)) return false;
    }
    if (interrupted()) round_.failed = "interrupted";
    if (const std::uint64_t now = operations_done(); now != last_done_) {
      last_done_ = now;
      deadline_ = Clock::now() + plan_.patience;
    } else if (Clock::now() > deadline_) {
      round_.failed = fmt::format("no operation ended for {} s", plan_.patience.count() / 1000.0);
    }
    return round_.failed.empty();
  }

  // False: the round is over.
  bool ended(unsigned place, int status) {
    const Tape tape = memory_.tape(place);
    switch (tape.state()) {
      case TapeState::done: return true;
      case TapeState::running:
        round_.failed = WIFSIGNALED(status) ? fmt::format("a process was killed by signal {} ({})", WTERMSIG(status),
                                                          strsignal(WTERMSIG(status)))
                                            : fmt::format("a process ended with status {}", WEXITSTATUS(status));
        return false;
      case TapeState::attach: return attach_anew(place);
      case TapeState::corrupt:
        round_.corrupt = round_.kills > 0 && !plan_.recording.contract.survives_killed_writer;
        if (!round_.corrupt) round_.failed = tape.why();
        return false;
      case TapeState::mismatch: round_.mismatch = tape.why(); return false;
      case TapeState::refused: round_.failed = tape.why(); return false;
    }
    return false;
  }

  // After a lost connection, in a process with a new number: the operation in flight stays open.
  bool attach_anew(unsigned place) {
    constexpr unsigned kMostTimes = 20;
    Tape tape = memory_.tape(place);
    if (++attached_anew_ > kMostTimes) {
      round_.failed = tape.why();
      return false;
    }
    tape.resume();
    start(place);
    return true;
  }

  std::uint64_t operations_done() const {
    std::uint64_t all = 0;
    for (unsigned place = 0; place <= plan_.processes; ++place) all += memory_.tape(place).count();
    return all;
  }

  void choose_next_kill() {
    if (kill_distance_ > 0) kill_at_ = round_.kills * kill_distance_ + random_.below(kill_distance_);
  }

  void kill_one_if_due() {
    if (round_.kills >= plan_.kills || operations_done() < kill_at_) return;
    std::this_thread::sleep_for(microseconds(random_.below(500)));
    std::vector<unsigned> busy;
    for (unsigned place = 0; place < plan_.processes; ++place) {
      const Tape tape = memory_.tape(place);
      if (pids_[place] != 0 && tape.state() == TapeState::running && tape.count() < plan_.recording.share)
        busy.push_back(place);
    }
    if (busy.empty()) return;
    const unsigned place = busy[random_.below(busy.size())];
    end(place);
    ++round_.kills;
    choose_next_kill();
    // It may have left between the look and the signal.
    if (memory_.tape(place).state() == TapeState::running) start(place);
  }

  void end(unsigned place) {
    kill(pids_[place], SIGKILL);
    while (waitpid(pids_[place], nullptr, 0) < 0 && errno == EINTR) {
    }
    pids_[place] = 0;
  }

  void end_all() {
    for (unsigned place = 0; place < pids_.size(); ++place)
      if (pids_[place] != 0) end(place);
  }

  void close() {
    if (round_.kills > 0) std::this_thread::sleep_for(kSettle);
    deadline_ = Clock::now() + plan_.patience;
    start(plan_.processes);
    while (look_after(plan_.processes) && anyone_left()) sleep();
    end_all();
  }

  void collect() {
    round_.operations.reserve(operations_done());
    for (unsigned place = 0; place <= plan_.processes; ++place)
      for (Operation operation : memory_.tape(place).operations()) {
        if (operation.open()) {  // a killed process may have begun to write its answer
          operation.outcome = Outcome::none;
          operation.result = 0;
        }
        round_.operations.push_back(operation);
      }
  }

  const RoundPlan& plan_;
  TapeMemory memory_;
  std::vector<pid_t> pids_;  // by place; 0: nobody
  Random random_;
  Clock::time_point deadline_;
  std::uint64_t last_done_ = 0;
  std::uint64_t kill_distance_ = 0;  // operations
  std::uint64_t kill_at_ = 0;
  unsigned attached_anew_ = 0;
  Round round_;
};

}  // namespace

Round record_round(const RoundPlan& plan) { return RoundDriver(plan).run(); }

}  // namespace dictbench
