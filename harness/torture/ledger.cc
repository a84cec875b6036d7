#include "harness/torture/ledger.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

namespace dictbench::torture {

void Ledger::report_broken(const std::string& what) noexcept {
  std::uint32_t nothing = 0;
  if (!broken.compare_exchange_strong(nothing, 1)) return;
  what.copy(broken_text.data(), broken_text.size() - 1);
  broken.store(2, std::memory_order_release);
}

void Ledger::retire_in_flight(unsigned index) {
  Slot& slot = slots[index];
  for (unsigned key = 0; key < kKeys; ++key) {
    KeyEntry& entry = slot.keys[key];
    const Stamp begun = entry.load_begun();
    const Stamp acknowledged = entry.load_acknowledged();
    if (begun.generation == acknowledged.generation && begun.version == acknowledged.version) continue;
    const std::uint64_t next = Stamp{begun.generation + 1, 0}.word();
    // A process killed within the last two lines has retired the key already.
    if (begun.generation == acknowledged.generation) {
      const std::uint64_t end = slot.retired_end.load(std::memory_order_relaxed);
      if (end - slot.retired_begin.load(std::memory_order_relaxed) == kMostRetired)
        throw std::runtime_error(fmt::format("torture: more than {} keys of uncertain fate in a slot", kMostRetired));
      RetiredEntry& retired = slot.retired_at(end);
      retired.key.store(key, std::memory_order_relaxed);
      retired.generation.store(begun.generation, std::memory_order_relaxed);
      retired.low.store(acknowledged.version, std::memory_order_relaxed);
      retired.high.store(begun.version, std::memory_order_relaxed);
      retired.seen.store(acknowledged.version, std::memory_order_relaxed);
      slot.retired_end.store(end + 1, std::memory_order_release);
      entry.begun.store(next, std::memory_order_release);
      entry.acknowledged.store(next, std::memory_order_release);
    } else {
      entry.acknowledged.store(begun.word(), std::memory_order_release);
    }
  }
}

void Ledger::begin_anew(unsigned index) noexcept {
  Slot& slot = slots[index];
  for (KeyEntry& entry : slot.keys) {
    const std::uint64_t next = Stamp{entry.load_begun().generation + 1, 0}.word();
    entry.begun.store(next, std::memory_order_release);
    entry.acknowledged.store(next, std::memory_order_release);
  }
  for (CounterEntry& counter : slot.counters) {
    counter.begun.store(0);
    counter.acknowledged.store(0);
  }
  slot.filled.store(0);
  slot.retired_begin.store(slot.retired_end.load());
  slot.retired_kept.store(slot.retired_end.load());
}

std::uint64_t Ledger::counter_begun(unsigned counter, unsigned first, unsigned last) const noexcept {
  std::uint64_t sum = 0;
  for (unsigned slot = first; slot <= last; ++slot)
    sum += slots[slot].counters[counter].begun.load(std::memory_order_acquire);
  return sum;
}

std::uint64_t Ledger::counter_acknowledged(unsigned counter, unsigned first, unsigned last) const noexcept {
  std::uint64_t sum = 0;
  for (unsigned slot = first; slot <= last; ++slot)
    sum += slots[slot].counters[counter].acknowledged.load(std::memory_order_acquire);
  return sum;
}

LedgerMapping::LedgerMapping() {
  void* const memory =
      mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "cannot share memory");
  ledger_ = new (memory) Ledger();
}

LedgerMapping::~LedgerMapping() { munmap(ledger_, sizeof(Ledger)); }

}  // namespace dictbench::torture
