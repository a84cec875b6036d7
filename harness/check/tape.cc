#include "harness/check/tape.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "harness/meters/clock.h"

namespace dictbench {
namespace {

constexpr std::size_t kSignalBytes = 64;
static_assert(sizeof(TapeMemory::Signals) <= kSignalBytes);

}  // namespace

// The fences keep the operation's loads and stores between the two times: the processor may otherwise load before
// it has read the clock, or make a store seen by others only after it has.
void Tape::begin(Operation operation) {
  const std::uint64_t at = head_->count.load(std::memory_order_relaxed);
  Operation& place = operations_[at];
  place = operation;
  place.begin_ns = monotonic_ns();
  head_->count.store(at + 1, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

std::int64_t Tape::now() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return monotonic_ns();
}

void Tape::end(Outcome outcome, std::int64_t result, std::int64_t end_ns) {
  Operation& place = operations_[head_->count.load(std::memory_order_relaxed) - 1];
  place.outcome = outcome;
  place.result = result;
  std::atomic_ref(place.end_ns).store(end_ns, std::memory_order_release);
}

void Tape::take_back() { head_->count.fetch_sub(1, std::memory_order_release); }

void Tape::leave(TapeState state, std::string_view why) {
  const std::size_t length = std::min(why.size(), sizeof(head_->why) - 1);
  std::memcpy(head_->why, why.data(), length);
  head_->why[length] = '\0';
  head_->state.store(state, std::memory_order_release);
}

TapeMemory::TapeMemory(unsigned tapes, std::size_t capacity)
    : tapes_(tapes),
      capacity_(capacity),
      bytes_(kSignalBytes + tapes * (sizeof(TapeHead) + capacity * sizeof(Operation))) {
  void* const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "no memory to record a history in; use less --operations");
  auto* at = static_cast<std::byte*>(memory);
  signals_ = new (at) Signals;
  at += kSignalBytes;
  heads_ = reinterpret_cast<TapeHead*>(at);
  for (unsigned number = 0; number < tapes; ++number) new (&heads_[number]) TapeHead;
  operations_ = reinterpret_cast<Operation*>(at + tapes * sizeof(TapeHead));
}

TapeMemory::~TapeMemory() { munmap(signals_, bytes_); }

Tape TapeMemory::tape(unsigned number) const { return {&heads_[number], operations_ + number * capacity_, capacity_}; }

}  // namespace dictbench
