#include "python/src/attachment.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <new>
#include <set>
#include <string_view>
#include <utility>

namespace dictbench::python {
namespace {

// Engines in this process's or in shared memory that nobody waits for longer than for a cache line or a short critical
// section. blob writes the whole dict anew and boost-map sleeps for its lock, so they are not among the writers.
constexpr std::array<std::string_view, 6> kQuickReaders{"lockfree", "stream-log", "bucket-table",
                                                        "blob",     "local",      "null"};
constexpr std::array<std::string_view, 5> kQuickWriters{"lockfree", "stream-log", "bucket-table", "local", "null"};

// Not even open may such an engine's dict be at a fork: SQLite's record of its own locks would be copied to a process
// that has none of them (engines/sqlite_wal/connection.h).
constexpr std::string_view kClosedAtFork = "sqlite-wal";

class WithoutGil {
 public:
  WithoutGil() : thread_(PyEval_SaveThread()) {}
  ~WithoutGil() { PyEval_RestoreThread(thread_); }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* thread_;
};

}  // namespace

unsigned fork_generation = 0;

// The attachments to close before a fork. Their locks are held while the process forks, so that none is opened again.
class ForkGuard {
 public:
  // Never destroyed: forks may come when static objects are gone.
  static ForkGuard& instance() {
    static auto* const guard = new ForkGuard;
    return *guard;
  }

  void add(Attachment* attachment) {
    const std::lock_guard lock(mutex_);
    attachments_.insert(attachment);
  }
  void remove(Attachment* attachment) {
    const std::lock_guard lock(mutex_);
    attachments_.erase(attachment);
  }

 private:
  ForkGuard() {
    if (pthread_atfork([] { instance().before(); }, [] { instance().after(); },
                       [] {
                         ++fork_generation;
                         instance().after();
                       }) != 0)
      throw std::bad_alloc();
  }

  void before() {
    mutex_.lock();
    for (Attachment* attachment : attachments_) {
      attachment->state_->mutex.lock();
      attachment->state_->dict.reset();
    }
  }
  void after() {
    for (Attachment* attachment : attachments_) attachment->state_->mutex.unlock();
    mutex_.unlock();
  }

  std::mutex mutex_;
  std::set<Attachment*> attachments_;
};

Attachment::Attachment(const std::string& spec, std::string address)
    : spec_(parse_engine_spec(spec)),
      engine_(find_engine(spec_.name())),
      address_(std::move(address)),
      quick_read_(std::ranges::find(kQuickReaders, spec_.name()) != kQuickReaders.end()),
      quick_write_(std::ranges::find(kQuickWriters, spec_.name()) != kQuickWriters.end()),
      state_(std::make_unique<State>()) {
  ForkGuard& guard = ForkGuard::instance();
  state_->dict = engine_.attach(spec_, address_);
  if (spec_.name() == kClosedAtFork) guard.add(this);
}

Attachment::~Attachment() {
  ForkGuard::instance().remove(this);
  if (state_->generation != fork_generation) static_cast<void>(state_.release());
}

bool Attachment::ends_dict(const std::exception& error) {
  const auto* ours = dynamic_cast<const Error*>(&error);
  return ours != nullptr && (ours->code() == ErrorCode::disconnected || ours->code() == ErrorCode::timeout ||
                             ours->code() == ErrorCode::corrupt);
}

Attachment::State& Attachment::own_state() {
  if (state_->generation != fork_generation) {
    static_cast<void>(state_.release());
    state_ = std::make_unique<State>();
  }
  return *state_;
}

bool Attachment::slow(const std::function<void(Dict&, Value&)>& operation) {
  thread_local Value value;
  if (closed_) {
    raise(ErrorCode::unavailable, "this SharedDict is closed");
    return false;
  }
  State& state = own_state();
  std::exception_ptr failure;
  ++state.busy;
  {
    const WithoutGil without_gil;
    const std::lock_guard lock(state.mutex);
    try {
      if (!state.dict) state.dict = engine_.attach(spec_, address_);
      operation(*state.dict, value);
    } catch (const std::exception& error) {
      failure = std::current_exception();
      if (ends_dict(error)) state.dict.reset();
    }
  }
  --state.busy;
  if (failure == nullptr) return true;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    raise(error);
  }
  return false;
}

void Attachment::close() {
  closed_ = true;
  State& state = own_state();
  ++state.busy;
  {
    const WithoutGil without_gil;
    const std::lock_guard lock(state.mutex);
    state.dict.reset();
  }
  --state.busy;
}

}  // namespace dictbench::python
