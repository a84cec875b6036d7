#include "harness/torture/arena.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "harness/driver/child_process.h"
#include "harness/driver/worker_group.h"
#include "harness/meters/clock.h"
#include "harness/meters/memory.h"

namespace dictbench::torture {
namespace {

using std::chrono::milliseconds;

constexpr long kLookEveryNs = 100'000;

// Few items, so that an engine of fixed size has to grow under the load.
constexpr SizeHint kHint{.key_bytes = 12, .value_bytes = 1024};

void pause() {
  const timespec time{.tv_sec = 0, .tv_nsec = kLookEveryNs};
  nanosleep(&time, nullptr);
}

int wait_for(pid_t pid, int flags, int& status) {
  pid_t ended = 0;
  do {
    ended = waitpid(pid, &status, flags);
  } while (ended < 0 && errno == EINTR);
  return ended;
}

}  // namespace

Arena::Arena(const Subject& subject, const Options& options, const Rules& rules, bool may_be_lost)
    : options_(options),
      rules_(rules),
      may_be_lost_(may_be_lost),
      engine_(subject.description.create(subject.spec, kHint)),
      pids_(rules.processes, 0) {}

Arena::~Arena() {
  for (const pid_t pid : pids_)
    if (pid != 0) ::kill(pid, SIGKILL);
  for (const pid_t pid : pids_) {
    int status = 0;
    if (pid != 0) wait_for(pid, 0, status);
  }
}

void Arena::start(unsigned slot, const Arming& arming) {
  Slot& own = ledger_->slots[slot];
  own.state.store(SlotState::starting);
  own.leave.store(false);
  if (!rules_.contract.shared_between_processes) ledger_->begin_anew(slot);
  const std::uint64_t life = lives_++;
  pids_[slot] = fork_child(
      [&] { return run_worker(*ledger_, slot, life, rules_, arming, [this] { return engine_->attach(); }); });
}

void Arena::start_all() {
  const Marks before = marks();
  for (unsigned slot = 0; slot < rules_.processes; ++slot) start(slot);
  await_progress(before, "the start");
}

void Arena::reaped(unsigned slot) {
  pids_[slot] = 0;
  if (rules_.contract.shared_between_processes) ledger_->retire_in_flight(slot);
}

void Arena::kill(unsigned slot) {
  int status = 0;
  ::kill(pids_[slot], SIGKILL);
  wait_for(pids_[slot], 0, status);
  reaped(slot);
}

void Arena::dismiss(unsigned slot) { ledger_->slots[slot].leave.store(true); }

void Arena::end(unsigned slot) {
  dismiss(slot);
  if (!await([&] { return pids_[slot] == 0; }, end_patience())) not_ended(slot);
}

bool Arena::was_killed(unsigned slot) {
  constexpr int kLooks = 500;  // 50 ms: others learn of a death before its process has gone altogether
  int status = 0;
  for (int i = 0; i < kLooks && pids_[slot] != 0; ++i) {
    if (wait_for(pids_[slot], WNOHANG, status) == pids_[slot]) {
      reaped(slot);
      return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }
    pause();
  }
  return false;
}

Arena::Death Arena::await_death(unsigned slot, milliseconds limit) {
  Death death = Death::none;
  expected_ = slot;
  const bool came = await(
      [&] {
        int status = 0;
        if (pids_[slot] == 0 || wait_for(pids_[slot], WNOHANG | WUNTRACED, status) != pids_[slot]) return false;
        if (WIFSTOPPED(status)) {
          death = Death::stopped;
        } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
          death = Death::killed;
          reaped(slot);
        } else if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
          death = Death::ended;
          reaped(slot);
        } else {
          const std::string how = how_it_ended(slot, status);
          reaped(slot);
          expected_.reset();
          look();  // it may have told why
          throw InvariantBroken(how);
        }
        return true;
      },
      limit);
  expected_.reset();
  return came ? death : Death::none;
}

void Arena::stop(unsigned slot) {
  int status = 0;
  ::kill(pids_[slot], SIGSTOP);
  wait_for(pids_[slot], WUNTRACED, status);
  ledger_->slots[slot].hits.fetch_add(1);
}

void Arena::resume(unsigned slot) { ::kill(pids_[slot], SIGCONT); }

Arena::Marks Arena::marks() const {
  Marks marks;
  for (unsigned slot = 0; slot < rules_.processes; ++slot)
    marks.push_back(ledger_->slots[slot].operations.load(std::memory_order_acquire));
  return marks;
}

void Arena::await_progress(const Marks& since, const std::string& after) {
  const auto behind = [&]() -> std::optional<unsigned> {
    for (unsigned slot = 0; slot < rules_.processes; ++slot)
      if (pids_[slot] != 0 && ledger_->slots[slot].operations.load(std::memory_order_acquire) <= since[slot])
        return slot;
    return std::nullopt;
  };
  if (await([&] { return !behind(); }, options_.patience)) return;
  const std::optional<unsigned> who = behind();
  if (!who) return;
  const std::string error = ledger_->slots[*who].last_error.data();
  throw InvariantBroken(fmt::format("worker {} got nothing done for {:.1f} s after {}{}", *who,
                                    std::chrono::duration<double>(options_.patience).count(), after,
                                    error.empty() ? "" : fmt::format("; its last error: {}", error)));
}

bool Arena::others_go_on(const Marks& since, unsigned but, milliseconds limit) {
  return await(
      [&] {
        // The first operation may have been past all waiting already.
        for (unsigned slot = 0; slot < rules_.processes; ++slot)
          if (slot != but && ledger_->slots[slot].operations.load(std::memory_order_acquire) <= since[slot] + 1)
            return false;
        return true;
      },
      limit);
}

bool Arena::await(const std::function<bool()>& condition, std::chrono::nanoseconds limit) {
  const std::int64_t deadline = monotonic_ns() + limit.count();
  while (!condition()) {
    look();
    if (monotonic_ns() >= deadline) return false;
    pause();
  }
  return true;
}

void Arena::let_run(std::chrono::nanoseconds time) {
  await([] { return false; }, time);
}

std::string Arena::how_it_ended(unsigned slot, int status) const {
  if (WIFSIGNALED(status))
    return fmt::format("worker {} was killed by signal {} ({})", slot, WTERMSIG(status), strsignal(WTERMSIG(status)));
  return fmt::format("worker {} ended with status {}", slot, WEXITSTATUS(status));
}

void Arena::look() {
  if (interrupted()) throw Interrupted();
  if (ledger_->is_broken()) throw InvariantBroken(ledger_->broken_text.data());
  for (unsigned slot = 0; slot < rules_.processes; ++slot) {
    const Slot& own = ledger_->slots[slot];
    const SlotState state = own.state.load(std::memory_order_acquire);
    if (state == SlotState::lost) {
      const std::string error = own.last_error.data();
      if (may_be_lost_) throw DictLost(error);
      throw InvariantBroken(fmt::format("the dict is lost: {}", error));
    }
    int status = 0;
    if (pids_[slot] == 0 || slot == expected_ || wait_for(pids_[slot], WNOHANG, status) != pids_[slot]) continue;
    reaped(slot);
    // It may have told its reason between the two looks.
    if (ledger_->is_broken()) throw InvariantBroken(ledger_->broken_text.data());
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      if (own.state.load(std::memory_order_acquire) == SlotState::lost) look();
      continue;
    }
    throw InvariantBroken(how_it_ended(slot, status));
  }
}

void Arena::end_workers() {
  ledger_->stop.store(true);
  const auto remaining = [&] { return std::ranges::find_if(pids_, [](pid_t pid) { return pid != 0; }); };
  const bool all = await([&] { return remaining() == pids_.end(); }, end_patience());
  ledger_->stop.store(false);
  if (!all) not_ended(static_cast<unsigned>(remaining() - pids_.begin()));
  look();
}

// Detaching may flush to a disk, for which a busy one lets wait.
milliseconds Arena::end_patience() const { return std::max(options_.patience, milliseconds(30'000)); }

void Arena::not_ended(unsigned slot) const {
  std::ifstream file(fmt::format("/proc/{}/stat", pids_[slot]));
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(')');
  throw InvariantBroken(fmt::format("worker {} (process state {}) did not end within {} s when it was asked to", slot,
                                    name_end + 2 < text.size() ? text[name_end + 2] : '?',
                                    end_patience().count() / 1000));
}

// The auditor's whole life. A server may be slow on a busy machine, and its timeout short for the fault's sake: so it
// may take several attempts.
void Arena::run_auditor() {
  constexpr int kAttempts = 10;
  for (int attempt = 1;; ++attempt) {
    try {
      const std::unique_ptr<Dict> dict = engine_->attach();
      return audit(*ledger_, rules_, *dict, std::nullopt);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::timeout && attempt < kAttempts) continue;
      if (error.code() != ErrorCode::corrupt)
        return ledger_->report_broken(fmt::format("the dict could not be read at the end: {}", error.what()));
      Slot& slot = ledger_->slots[0];
      const std::string text = error.what();
      text.copy(slot.last_error.data(), slot.last_error.size() - 1);
      return slot.state.store(SlotState::lost);
    }
  }
}

void Arena::quiesce() {
  end_workers();
  if (!rules_.contract.stores || !rules_.contract.shared_between_processes) return;
  // In a process of its own: a broken dict may hang or crash who reads it.
  const pid_t auditor = fork_child([this] {
    run_auditor();
    return 0;
  });
  int status = 0;
  try {
    const bool ended = await([&] { return wait_for(auditor, WNOHANG, status) == auditor; }, end_patience());
    if (!ended) throw InvariantBroken("reading the whole dict at the end did not end");
  } catch (...) {
    ::kill(auditor, SIGKILL);
    wait_for(auditor, 0, status);
    throw;
  }
  look();
  if (WIFSIGNALED(status))
    throw InvariantBroken(fmt::format("reading the whole dict at the end: killed by signal {} ({})", WTERMSIG(status),
                                      strsignal(WTERMSIG(status))));
  if (const auto why = engine_->check_integrity(); why && !why->empty())
    throw InvariantBroken(fmt::format("the engine's own check: {}", *why));
}

Footprint Arena::footprint() const {
  Footprint footprint{.bytes = engine_->storage_bytes().in_use, .held = engine_->held()};
  for (const pid_t server : engine_->server_pids()) footprint.bytes += memory_of(server).anonymous_bytes;
  for (const pid_t server : engine_->server_pids()) {
    std::error_code error;
    const std::filesystem::directory_iterator open(fmt::format("/proc/{}/fd", server), error);
    footprint.held.emplace_back("file descriptors of the server",
                                std::distance(std::filesystem::begin(open), std::filesystem::end(open)));
  }
  return footprint;
}

std::uint64_t Arena::operations() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : ledger_->slots) sum += slot.operations.load();
  return sum;
}

std::uint64_t Arena::errors(ErrorCode code) const {
  std::uint64_t sum = 0;
  for (const Slot& slot : ledger_->slots) sum += slot.errors[static_cast<unsigned>(code)].load();
  return sum;
}

double Arena::longest_stall_s() const {
  std::int64_t longest = 0;
  for (const Slot& slot : ledger_->slots) longest = std::max(longest, slot.longest_stall_ns.load());
  return static_cast<double>(longest) / 1e9;
}

}  // namespace dictbench::torture
