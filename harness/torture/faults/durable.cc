// `durable`: is every acknowledged write on the disk before it is acknowledged?
//
// A machine's power cannot be cut in a test, and a killed process proves nothing: what it wrote is in the page
// cache. What can be seen is the order: a child does sets under ptrace, and for each the driver looks whether the
// child called the kernel to flush (fsync, fdatasync, msync) successfully between the call of set and its return.
// An engine that promises `durable` must do so for every set; for others the share is told.
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>

#include "harness/driver/child_process.h"
#include "harness/torture/child.h"
#include "harness/torture/faults/environment_faults.h"

namespace dictbench::torture {
namespace {

constexpr unsigned kSets = 50;
constexpr int kNotTraceable = 77;  // exit status

// Between the child, which does the sets, and the driver, which watches it while it stands still.
struct Watch {
  std::atomic<unsigned> begun = 0, acknowledged = 0;
  std::array<std::atomic<bool>, kSets> synced{};
  char failure[256] = {};
};

int do_sets(Engine& engine, Watch& watch) {
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) return kNotTraceable;
  try {
    const std::unique_ptr<Dict> dict = engine.attach();
    raise(SIGSTOP);  // the driver takes over here, and counts from the first set on
    for (unsigned i = 0; i < kSets; ++i) {
      watch.begun.store(i + 1);
      dict->set(fmt::format("durable-{}", i), "a value to be kept");
      watch.acknowledged.store(i + 1);
    }
    return 0;
  } catch (const std::exception& error) {
    std::strncpy(watch.failure, error.what(), sizeof watch.failure - 1);
    return 1;
  }
}

bool is_flush(std::uint64_t number, const decltype(__ptrace_syscall_info{}.entry.args) & arguments) {
  if (number == SYS_fsync || number == SYS_fdatasync) return true;
  constexpr int kFlags = 2;
  return number == SYS_msync && (arguments[kFlags] & MS_SYNC) != 0;
}

// At each end of a system call of the child.
void note_flush(pid_t child, bool& flushing, Watch& watch) {
  __ptrace_syscall_info info{};
  if (ptrace(static_cast<__ptrace_request>(PTRACE_GET_SYSCALL_INFO), child, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    flushing = is_flush(info.entry.nr, info.entry.args);
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && flushing && info.exit.rval == 0) {
    const unsigned begun = watch.begun.load();
    if (begun > watch.acknowledged.load()) watch.synced[begun - 1] = true;
  }
}

// Leads the child from stop to stop until it ends; returns its exit status, or 128 + the signal that killed it.
int watch_child(pid_t child, Watch& watch) {
  bool flushing = false;
  for (int status = 0;;) {
    if (waitpid(child, &status, 0) < 0) {
      if (errno == EINTR) continue;
      throw Error(ErrorCode::unavailable, fmt::format("lost the traced process: {}", std::strerror(errno)));
    }
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    int pass_on = 0;
    if (WSTOPSIG(status) == (SIGTRAP | 0x80))
      note_flush(child, flushing, watch);
    else if (WSTOPSIG(status) == SIGSTOP)
      ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    else
      pass_on = WSTOPSIG(status);
    ptrace(PTRACE_SYSCALL, child, nullptr, pass_on);
  }
}

}  // namespace

TortureRecord inflict_durable(const Subject& subject, const Options&) {
  TortureRecord record;
  record.processes = 1;
  const std::unique_ptr<Engine> engine = subject.create();
  const SharedPage<Watch> watch;
  const pid_t child = fork_child([&] { return do_sets(*engine, *watch); });
  const int end = watch_child(child, *watch);
  if (end == kNotTraceable) {
    record.status = "unavailable: this system does not let a process trace its child (ptrace)";
    return record;
  }
  record.tried = kSets;
  record.operations = watch->acknowledged.load();
  for (const std::atomic<bool>& synced : watch->synced) record.survived += synced.load();
  if (end != 0) {
    record.status = fmt::format("broken: the sets ended with status {} {}", end, watch->failure);
  } else if (record.survived == kSets) {
    record.status = "ok";
    record.found = "each one";
  } else {
    record.found = record.survived == 0 ? "none" : fmt::format("{} of {}", record.survived, kSets);
    record.status = subject.contract.durable ? fmt::format("broken: {} of {} acknowledged sets were not flushed",
                                                           kSets - record.survived, kSets)
                                             : "ok";
  }
  return record;
}

}  // namespace dictbench::torture
