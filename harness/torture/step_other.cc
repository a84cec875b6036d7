#include "harness/torture/step_other.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>

#include "harness/torture/judge.h"

namespace dictbench::torture {
namespace {

using Clock = std::chrono::steady_clock;

// As much as goes into this time, but some of it however long it takes.
constexpr milliseconds kHurtTime{25}, kFillTime{250};
constexpr unsigned kReuseRounds = 64, kLeastRounds = 4;
constexpr std::uint64_t kLeastNewKeys = 64;
constexpr std::size_t kRestartBytes = 3 << 20, kLeastSets = 16, kMostSets = 3000;
static_assert(kReuseRounds * (6 * kOwnKeys + 1) + kMostSets + 4 * kTracked < kMostCalls);

class Hurting {
 public:
  Hurting(Dict& dict, StepPage& page) : dict_(dict), page_(page) {}

  void set_bystanders() {
    for (unsigned tracked = kOwnKeys; tracked < kTracked; ++tracked) set(tracked);
  }

  void serve(Command command) {
    switch (command) {
      case Command::prepare: return prepare();
      case Command::hurt: return hurt();
      case Command::look: return look(kTracked);
      case Command::tidy: return tidy();
      case Command::leave: return;
    }
  }

 private:
  void prepare() {
    for (unsigned own = 0; own < kOwnKeys; ++own)
      if (const State first = page_.trial.first_state(own))
        call(own, {.ask = Ask::set, .argument = *first, .answer = {}});
  }

  void hurt() {
    end_ = Clock::now() + (page_.trial.hurt == Hurt::fill ? kFillTime : kHurtTime);
    switch (page_.trial.hurt) {
      case Hurt::reuse: reuse(); break;
      case Hurt::erase_all: erase_all(); break;
      case Hurt::restart: restart(); break;
      case Hurt::grow:
      case Hurt::fill: set_new_keys(); break;
    }
    look(kOwnKeys);
  }

  void look(unsigned tracked) {
    for (unsigned i = 0; i < tracked; ++i) call(i, {.ask = Ask::get, .argument = 0, .answer = {}});
  }

  void tidy() {
    for (unsigned tracked = 0; tracked < kTracked; ++tracked) {
      if (tracked < kOwnKeys)
        erase(tracked);
      else if (!dict_.get(page_.trial.key(tracked), out_))
        set(tracked);
    }
  }

  void reuse() {
    for (unsigned round = 0; round < kReuseRounds && goes_on(round, kLeastRounds); ++round) {
      for (unsigned own = 0; own < kOwnKeys; ++own) {
        set(own);
        set(own);
        erase(own);
        set(own, round % 2 == 1);
        if (page_.trial.is_counter(own)) call(own, {.ask = Ask::add, .argument = 3, .answer = {}});
      }
      look(kOwnKeys);
      set(kOwnKeys + round % kBystanders);
    }
    if (!page_.trial.ends_erased) return;
    for (unsigned own = 0; own < kOwnKeys; ++own) erase(own);
  }

  void erase_all() {
    for (unsigned tracked = 0; tracked < kTracked; ++tracked) erase(tracked);
    look(kOwnKeys);
    for (unsigned tracked = kOwnKeys; tracked < kOwnKeys + kBystanders / 2; ++tracked) set(tracked);
  }

  void restart() {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < kMostSets && bytes < kRestartBytes && goes_on(i, kLeastSets); ++i)
      bytes += set(kOwnKeys + static_cast<unsigned>(i % kBystanders), true);
  }

  // A dict that has become full ends it.
  void set_new_keys() {
    const Hurt which = page_.trial.hurt;
    for (std::uint64_t i = 0; i < kMostNewKeys && goes_on(i, kLeastNewKeys); ++i) {
      page_.new_begun.store(i + 1);
      const auto error = error_of([&] { dict_.set(new_key(which, i), new_value(which, i)); });
      page_.work.fetch_add(1);
      if (error) page_.new_begun.store(i);
      if (error && error->code() == ErrorCode::full) return page_.is_full.store(true);
      if (error) throw *error;
      page_.new_done.store(i + 1);
    }
  }

  bool goes_on(std::uint64_t done, std::uint64_t least) const { return done < least || Clock::now() < end_; }

  // Returns the value's size.
  std::size_t set(unsigned tracked, bool is_long = false) {
    version_ = next_version(version_, is_long);
    return call(tracked, {.ask = Ask::set, .argument = version_, .answer = {}});
  }

  void erase(unsigned tracked) { call(tracked, {.ask = Ask::erase, .argument = 0, .answer = {}}); }

  // Notes the call before it is begun; so the driver knows of one in which this process waits.
  std::size_t call(unsigned tracked, const Call& asked) {
    const std::size_t at = page_.begun.load();
    Call& noted = page_.log[at].call;
    page_.log[at] = {.tracked = tracked, .call = asked};
    page_.begun.store(at + 1);
    try {
      const std::size_t size = make(tracked, noted);
      page_.work.fetch_add(1);
      return size;
    } catch (const Error&) {
      noted.ask = Ask::nothing;
      throw;
    }
  }

  std::size_t make(unsigned tracked, Call& noted) {
    const std::string key = page_.trial.key(tracked);
    switch (noted.ask) {
      case Ask::nothing: break;
      case Ask::get: noted.answer = dict_.get(key, out_) ? page_.trial.state_of(tracked, out_.view()) : State(); break;
      case Ask::set: {
        const std::string value = page_.trial.text_of(tracked, noted.argument);
        dict_.set(key, value);
        return value.size();
      }
      case Ask::erase: noted.answer = dict_.erase(key) ? 1 : 0; break;
      case Ask::add: noted.answer = dict_.add(key, noted.argument); break;
    }
    return 0;
  }

  Dict& dict_;
  StepPage& page_;
  std::int64_t version_ = 1;
  Clock::time_point end_;
  Value out_;
};

// The other process's whole life.
std::string live(Engine& engine, StepPage& page, int socket, const cpu_set_t& processors) {
  sched_setaffinity(0, sizeof processors, &processors);
  const auto dict = engine.attach();
  Hurting hurting(*dict, page);
  hurting.set_bystanders();
  for (char command = 'a'; write(socket, &command, 1) == 1;) {
    if (read(socket, &command, 1) != 1 || static_cast<Command>(command) == Command::leave) break;
    if (const auto error = error_of([&] { hurting.serve(static_cast<Command>(command)); })) page.failure.put(*error);
  }
  return {};
}

}  // namespace

OtherProcess::OtherProcess(Engine& engine, StepPage& page, const cpu_set_t& processors) : page_(page) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw Unavailable("no socket is left");
  socket_ = ends[0];
  try {
    child_ = std::make_unique<Child>([&] {
      close(ends[0]);
      return live(engine, page, ends[1], processors);
    });
  } catch (...) {
    close(ends[0]);
    close(ends[1]);
    throw;
  }
  close(ends[1]);
}

OtherProcess::~OtherProcess() { close(socket_); }

void OtherProcess::ask(Command command) {
  const char text = static_cast<char>(command);
  // If it has ended, who waits for the answer finds out.
  [[maybe_unused]] const ssize_t sent = send(socket_, &text, 1, MSG_NOSIGNAL);
}

bool OtherProcess::answers(milliseconds longest_pause, Clock::time_point end) {
  constexpr int kLookMs = 2;
  std::uint64_t work = page_.work.load();
  for (std::optional<OwnTime> pause(child_->pid());;) {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kLookMs) > 0) {
      char answer = 0;
      if (read(socket_, &answer, 1) == 1) return true;
      const std::string trouble = child_->finish(milliseconds(1000)).trouble;
      throw Broken(fmt::format("the other process ended{}{}", trouble.empty() ? "" : ": ", trouble));
    }
    if (const std::uint64_t now = page_.work.load(); now != work) {
      work = now;
      pause.emplace(child_->pid());
    } else if (pause->passed() >= longest_pause) {
      return false;
    }
    if (Clock::now() >= end) throw StepTooSlow("the other process is not done in time");
  }
}

void OtherProcess::leave(const WaitLimit& limit) {
  ask(Command::leave);
  if (const ChildEnd end = finish_in_own_time(*child_, limit); !end.ok())
    throw Broken(fmt::format("the other process, asked to detach and end: {}", end.trouble));
}

}  // namespace dictbench::torture
