#include "harness/torture/stepper.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "engines/error.h"
#include "harness/driver/child_process.h"

namespace dictbench::torture {
namespace {

constexpr int kNotTraceable = 77;  // exit status
constexpr int kBefore = 0, kInside = 1, kBehind = 2;

#if defined(__x86_64__)
constexpr bool kSteps = true;
constexpr std::size_t kAddressRegister = offsetof(user, regs.rip);
constexpr std::uintptr_t kBreakpointBytes = 1;
constexpr long with_breakpoint(long code) { return (code & ~0xffL) | 0xcc; }
void stop_here() noexcept { asm volatile("int3" ::: "memory"); }
#else
// On Arm a step would clear the reservation of an exclusive load, so that its loop never ends.
constexpr bool kSteps = false;
constexpr std::size_t kAddressRegister = 0;
constexpr std::uintptr_t kBreakpointBytes = 0;
constexpr long with_breakpoint(long code) { return code; }
void stop_here() noexcept { raise(SIGTRAP); }
#endif

// While it lives, a signal every 20 ms interrupts what waits, which then looks at its deadline.
class Ticks {
 public:
  Ticks() {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // no SA_RESTART: waitpid() returns
    sigaction(SIGALRM, &action, &before_);
    set(20'000);
  }
  ~Ticks() {
    set(0);
    sigaction(SIGALRM, &before_, nullptr);
  }
  Ticks(const Ticks&) = delete;
  Ticks& operator=(const Ticks&) = delete;

 private:
  static void set(suseconds_t microseconds) {
    const timeval interval{.tv_sec = 0, .tv_usec = microseconds};
    const itimerval timer{.it_interval = interval, .it_value = interval};
    setitimer(ITIMER_REAL, &timer, nullptr);
  }

  struct sigaction before_ {};
};

std::optional<long> read_code(pid_t pid, std::uintptr_t address) {
  errno = 0;
  const long code = ptrace(PTRACE_PEEKTEXT, pid, address, nullptr);
  return errno == 0 ? std::optional<long>(code) : std::nullopt;
}

bool write_code(pid_t pid, std::uintptr_t address, long code) {
  return ptrace(PTRACE_POKETEXT, pid, address, code) == 0;
}

// 0 where the system does not tell.
std::size_t threads_of(const std::string& process) {
  std::error_code error;
  std::size_t count = 0;
  std::filesystem::directory_iterator thread(fmt::format("/proc/{}/task", process), error);
  for (; !error && thread != std::filesystem::directory_iterator(); thread.increment(error)) ++count;
  return error ? 0 : count;
}

// How to come to an instruction: by single steps from the instruction number `from`, which is reached by a breakpoint
// at its `visit`, or (0) is the first.
struct Way {
  std::size_t from = 0;
  std::uint32_t visit = 0;
};

// That with the fewest stops: a step is one, a breakpoint that is passed is two.
Way shortest_way(const Trace& trace, std::size_t index) {
  Way best;
  std::size_t least = index;
  for (std::size_t back = 0; back < least; ++back) {
    const std::uint32_t visit = trace.visits[index - back];
    const std::size_t stops = back + 2 * static_cast<std::size_t>(visit);
    if (stops >= least) continue;
    least = stops;
    best = {.from = index - back, .visit = visit};
  }
  return best;
}

// Not in the vsyscall page, and not where the code's last word ends behind its page.
bool takes_breakpoint(pid_t pid, std::uintptr_t address) {
  const auto code = read_code(pid, address);
  return code && write_code(pid, address, *code);
}

}  // namespace

void SteppedProcess::Marks::begin() noexcept {
  shared_.phase.store(kInside);
  stop_here();
}

void SteppedProcess::Marks::end() noexcept { shared_.phase.store(kBehind); }

SteppedProcess::SteppedProcess(const std::function<void(Marks& marks)>& body, const WaitLimit& limit) {
  pid_ = fork_child([&] {
    if (!kSteps || ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return kNotTraceable;
    Marks marks(*shared_);
    try {
      shared_->threads.store(threads_of("self"));
      body(marks);
    } catch (const Error& error) {
      shared_->exception.put(fmt::format("Error({}): {}", to_string(error.code()), error.what()));
    } catch (const std::exception& error) {
      shared_->exception.put(error.what());
    }
    return 0;
  });
  const Ticks ticks;
  begin_wait(limit);
  // A signal on the way, like one that will end it, is passed on.
  for (bool stopped = wait(); stopped; stopped = resume(PTRACE_CONT)) {
    if (pending_signal_ != 0 || !inside()) continue;
    traced_ = true;
    ptrace(PTRACE_SETOPTIONS, pid_, nullptr, static_cast<long>(PTRACE_O_EXITKILL));
    return;
  }
  if (pid_ != 0) kill_late();
}

SteppedProcess::~SteppedProcess() {
  if (pid_ != 0) kill();
}

bool SteppedProcess::inside() const noexcept { return shared_->phase.load() == kInside; }

std::uintptr_t SteppedProcess::next_address() const {
  return static_cast<std::uintptr_t>(ptrace(PTRACE_PEEKUSER, pid_, kAddressRegister, nullptr));
}

std::size_t SteppedProcess::started_threads() const {
  const std::size_t before = shared_->threads.load(), now = pid_ == 0 ? 0 : threads_of(std::to_string(pid_));
  return before == 0 || now < before ? 0 : now - before;
}

bool SteppedProcess::wait() {
  while (waitpid(pid_, &status_, 0) < 0) {
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "cannot wait for a stepped process");
    if (time_is_over()) return false;
  }
  if (!WIFSTOPPED(status_)) {
    pid_ = 0;
    traced_ = false;
    return false;
  }
  if (WSTOPSIG(status_) != SIGTRAP) pending_signal_ = WSTOPSIG(status_);
  return true;  // however late: it stands, and who gave up now would leave it standing for good
}

void SteppedProcess::begin_wait(const WaitLimit& limit) {
  deadline_ = limit.end;
  own_time_.emplace(pid_);
  most_own_ = limit.own;
}

void SteppedProcess::begin_wait(milliseconds limit) {
  deadline_ = Clock::now() + limit;
  own_time_.reset();
}

bool SteppedProcess::time_is_over() const {
  return Clock::now() >= deadline_ || (own_time_ && own_time_->passed() >= most_own_);
}

void SteppedProcess::kill_late() {
  const bool hangs = own_time_->passed() >= most_own_;
  kill();
  if (!hangs) throw StepTooSlow("a stepped process had no processor for too long");
  hangs_ = fmt::format("no end after {} ms", most_own_.count());
}

bool SteppedProcess::resume(int request) {
  resumed_ = Clock::now();
  ptrace(static_cast<__ptrace_request>(request), pid_, nullptr, static_cast<long>(std::exchange(pending_signal_, 0)));
  return wait();
}

Trace SteppedProcess::trace(std::size_t most, milliseconds limit) {
  const Ticks ticks;
  begin_wait(limit);
  Trace trace;
  std::unordered_map<std::uintptr_t, std::uint32_t> visits;
  while (stands()) {
    trace.whole = trace.addresses.size() < most && Clock::now() < deadline_;
    if (!trace.whole) break;
    trace.addresses.push_back(next_address());
    trace.visits.push_back(++visits[trace.addresses.back()]);
    if (!resume(PTRACE_SINGLESTEP)) {
      trace.whole = false;
      break;
    }
  }
  return trace;
}

Came SteppedProcess::run_to(const Trace& trace, std::size_t index, milliseconds limit) {
  const Ticks ticks;
  begin_wait(limit);
  Way way = shortest_way(trace, index);
  if (way.visit != 0 && !takes_breakpoint(pid_, trace.addresses[way.from])) way = {};
  if (way.visit != 0)
    if (const Came came = run_to_visit(trace.addresses[way.from], way.visit); came != Came::there) return came;
  for (std::size_t i = way.from; i < index && stands(); ++i)
    if (time_is_over() || !resume(PTRACE_SINGLESTEP)) return ended_or_too_slow();
  if (stands()) return Came::there;
  let_go();
  return Came::elsewhere;
}

Came SteppedProcess::run_to_visit(std::uintptr_t address, std::uint32_t visit) {
  const auto code = read_code(pid_, address);
  for (std::uint32_t come = 1; code; ++come) {
    if (time_is_over()) return ended_or_too_slow();
    write_code(pid_, address, with_breakpoint(*code));
    bool stopped = resume(PTRACE_CONT);
    while (stopped && pending_signal_ != 0) stopped = resume(PTRACE_CONT);
    if (!stopped) return ended_or_too_slow();
    write_code(pid_, address, *code);
    // It has made the breakpoint in place of the instruction.
    const bool here = next_address() == address + kBreakpointBytes;
    if (here) ptrace(PTRACE_POKEUSER, pid_, kAddressRegister, address);
    if (!here || !inside()) break;
    if (come == visit) return Came::there;
    if (!resume(PTRACE_SINGLESTEP)) return ended_or_too_slow();
  }
  let_go();
  return Came::elsewhere;
}

Came SteppedProcess::ended_or_too_slow() {
  if (pid_ == 0) return Came::elsewhere;
  // All its time in the queue, also that before: rather too little is said than too much.
  waited_ = Clock::now() - resumed_ - queued_time(pid_);
  kill();
  return Came::too_slow;
}

void SteppedProcess::let_go() {
  if (!traced_) return;
  traced_ = false;
  ptrace(PTRACE_DETACH, pid_, nullptr, static_cast<long>(std::exchange(pending_signal_, 0)));
}

std::string SteppedProcess::finish(const WaitLimit& limit) {
  if (pid_ != 0) {
    const Ticks ticks;
    begin_wait(limit);
    for (bool stopped = wait(); stopped; stopped = resume(PTRACE_CONT)) {
    }
    if (pid_ != 0) kill_late();
  }
  if (!hangs_.empty()) return hangs_;
  if (WIFSIGNALED(status_))
    return fmt::format("killed by signal {} ({})", WTERMSIG(status_), strsignal(WTERMSIG(status_)));
  if (WEXITSTATUS(status_) == kNotTraceable) return "this system does not let a process trace its child (ptrace)";
  if (const auto thrown = shared_->exception.get()) return fmt::format("threw {}", *thrown);
  return WEXITSTATUS(status_) == 0 ? "" : fmt::format("ended early with status {}", WEXITSTATUS(status_));
}

void SteppedProcess::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  while (waitpid(pid_, &status_, 0) >= 0 || errno == EINTR)
    if (WIFSIGNALED(status_) || WIFEXITED(status_)) break;
  pid_ = 0;
  traced_ = false;
}

std::string why_no_stepping() {
  if (!kSteps) return "processes are led instruction by instruction on x86-64 only";
  try {
    SteppedProcess trial(
        [](SteppedProcess::Marks& marks) {
          marks.begin();
          marks.end();
        },
        milliseconds(5000));
    return trial.stands() ? "" : trial.finish(milliseconds(1000));
  } catch (const StepTooSlow& reason) {
    return reason.what();
  }
}

std::string address_text(std::uintptr_t address) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(address), &info) == 0 || info.dli_fname == nullptr)
    return fmt::format("{:#x}", address);
  return fmt::format("{}+{:#x}", std::filesystem::path(info.dli_fname).filename().string(),
                     address - reinterpret_cast<std::uintptr_t>(info.dli_fbase));
}

}  // namespace dictbench::torture
