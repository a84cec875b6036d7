#include "harness/torture/worker.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "harness/meters/clock.h"
#include "harness/torture/reader.h"
#include "workloads/random.h"

namespace dictbench::torture {
namespace {

constexpr unsigned kHotKeys = 16;           // of a slot; half of all operations go to them
constexpr unsigned kBatch = 4;              // keys of a set_many
constexpr std::uint64_t kKeepRetired = 16;  // older ones are erased
constexpr long kAttachPauseNs = 1'000'000;

void pause(long nanoseconds) {
  const timespec time{.tv_sec = 0, .tv_nsec = nanoseconds};
  nanosleep(&time, nullptr);
}

// The dict cannot be used any more; the process ends in order.
struct Ended {
  SlotState state;
};

class Worker {
 public:
  Worker(Ledger& ledger, unsigned slot, std::uint64_t life, const Rules& rules,
         const std::function<std::unique_ptr<Dict>()>& attach)
      : ledger_(ledger),
        slot_(slot),
        own_(ledger.slots[slot]),
        rules_(rules),
        attach_(attach),
        random_(mix64(rules.seed, slot, life)),
        hits_(own_.hits.load()),
        reader_(ledger, slot, rules) {}

  void run() {
    try {
      attach();
      while (!is_to_end()) {
        try {
          operate();
        } catch (const Error& error) {
          take(error);
        }
      }
      if (rules_.contract.stores && !rules_.contract.shared_between_processes && !ledger_.is_broken())
        audit(ledger_, rules_, *dict_, slot_);
    } catch (const Ended& ended) {
      own_.state.store(ended.state, std::memory_order_release);
    }
  }

 private:
  bool is_to_end() const {
    return ledger_.stop.load(std::memory_order_relaxed) || own_.leave.load(std::memory_order_relaxed) ||
           ledger_.is_broken();
  }

  void attach() {
    while (true) {
      try {
        dict_.reset();
        dict_ = attach_();
        own_.state.store(SlotState::running, std::memory_order_release);
        return;
      } catch (const Error& error) {
        note(error);
        if (error.code() == ErrorCode::corrupt) throw Ended{SlotState::lost};
        if (error.code() == ErrorCode::unavailable && rules_.ends_with_server) throw Ended{SlotState::refused};
        if (is_to_end()) throw Ended{SlotState::running};
        pause(kAttachPauseNs);
      }
    }
  }

  void note(const Error& error) {
    own_.errors[static_cast<unsigned>(error.code())].fetch_add(1, std::memory_order_relaxed);
    const std::string text = fmt::format("{}: {}", to_string(error.code()), error.what());
    own_.last_error.fill('\0');
    text.copy(own_.last_error.data(), own_.last_error.size() - 1);
  }

  // After these three the write did not take effect and the dict is usable; after the others nobody knows, and it is
  // not.
  void take(const Error& error) {
    note(error);
    switch (error.code()) {
      case ErrorCode::full:
      case ErrorCode::too_large:
      case ErrorCode::unsupported:
        // Of a batch some may be stored.
        if (in_batch_) ledger_.retire_in_flight(slot_);
        withdraw();
        return;
      case ErrorCode::corrupt: throw Ended{SlotState::lost};
      case ErrorCode::disconnected:
      case ErrorCode::timeout:
      case ErrorCode::unavailable: ledger_.retire_in_flight(slot_); attach();
    }
  }

  void withdraw() {
    for (KeyEntry& entry : own_.keys) entry.begun.store(entry.acknowledged.load(std::memory_order_relaxed));
    own_.counters[adding_.counter].begun.fetch_sub(adding_.delta);
  }

  void progress() {
    const std::int64_t now = monotonic_ns();
    const std::uint32_t hits = own_.hits.load(std::memory_order_relaxed);
    if (last_ns_ != 0 && hits == hits_ && now - last_ns_ > own_.longest_stall_ns.load(std::memory_order_relaxed))
      own_.longest_stall_ns.store(now - last_ns_, std::memory_order_relaxed);
    hits_ = hits;
    last_ns_ = now;
    own_.last_progress_ns.store(now, std::memory_order_relaxed);
    own_.operations.fetch_add(1, std::memory_order_release);
  }

  void operate() {
    in_batch_ = false;
    adding_ = {};
    if (own_.retired_end.load(std::memory_order_relaxed) - own_.retired_begin.load(std::memory_order_relaxed) >
        kKeepRetired)
      return erase_oldest_retired();
    const std::uint64_t kind = random_.below(100);
    if (const unsigned filled = own_.filled.load(std::memory_order_relaxed); filled < kKeys && kind < 50) {
      own_.filled.store(filled + 1, std::memory_order_relaxed);
      return write(filled);
    }
    if (kind < 50) return write(some_key());
    if (kind < 55) return write_many();
    if (kind < 94 && kind >= 86) return add();
    read(kind);
    progress();
  }

  void read(std::uint64_t kind) {
    if (kind < 70) return reader_.read(*dict_, {slot_, some_key()});
    if (kind < 82) return reader_.read(*dict_, some_place());
    if (kind < 86) {
      std::array<Place, Reader::kMostAtOnce> places;
      for (Place& place : places) place = some_place();
      return reader_.read_many(*dict_, places);
    }
    if (kind < 96) return reader_.read_counter(*dict_, static_cast<unsigned>(random_.below(kCounters)));
    const unsigned slot = some_place().slot;
    if (!reader_.read_retired(*dict_, slot, random_.next())) reader_.read(*dict_, {slot, some_key()});
  }

  unsigned some_key() {
    return static_cast<unsigned>(random_.below(2) == 0 ? random_.below(kHotKeys) : random_.below(kKeys));
  }

  Place some_place() {
    const bool shared = rules_.contract.shared_between_processes;
    return {shared ? static_cast<unsigned>(random_.below(rules_.processes)) : slot_, some_key()};
  }

  void write(unsigned key) {
    KeyEntry& entry = own_.keys[key];
    const Stamp before = entry.load_acknowledged();
    const Stamp now{before.generation, before.version + 1};
    const KeyId id{slot_, key, now.generation};
    const std::string name = id.text();
    entry.begun.store(now.word(), std::memory_order_release);
    if (!erases(now.version)) {
      make_value(id, now.version, rules_.longest_value(), value_);
      dict_->set(name, value_);
    } else if (!dict_->erase(name) && rules_.contract.stores && reader_.is_bound({slot_, key})) {
      return reader_.report_lost(
          fmt::format("erase of {} found nothing, acknowledged was version {}", name, before.version));
    }
    acknowledged(key, now);
    progress();
  }

  void acknowledged(unsigned key, Stamp now) {
    own_.keys[key].acknowledged.store(now.word(), std::memory_order_release);
    reader_.has_written(key);
  }

  // A batch is not atomic: each of its writes is in flight by itself.
  void write_many() {
    std::array<std::pair<unsigned, Stamp>, kBatch> batch;
    std::array<std::string, kBatch> names, values;
    std::array<KeyValue, kBatch> items;
    std::size_t count = 0;
    for (unsigned i = 0; i < kBatch; ++i) {
      const unsigned key = some_key();
      const Stamp before = own_.keys[key].load_acknowledged();
      const Stamp now{before.generation, before.version + 1};
      const auto end = batch.begin() + static_cast<std::ptrdiff_t>(count);
      if (erases(now.version) || std::any_of(batch.begin(), end, [&](const auto& one) { return one.first == key; }))
        continue;
      const KeyId id{slot_, key, now.generation};
      names[count] = id.text();
      make_value(id, now.version, rules_.longest_value(), values[count]);
      items[count] = {names[count], values[count]};
      batch[count++] = {key, now};
    }
    for (std::size_t i = 0; i < count; ++i)
      own_.keys[batch[i].first].begun.store(batch[i].second.word(), std::memory_order_release);
    in_batch_ = true;
    dict_->set_many(std::span(items).first(count));
    for (std::size_t i = 0; i < count; ++i) acknowledged(batch[i].first, batch[i].second);
    progress();
  }

  void add() {
    const auto counter = static_cast<unsigned>(random_.below(kCounters));
    const std::uint64_t delta = 1 + random_.below(3);
    CounterEntry& entry = own_.counters[counter];
    const std::uint64_t before = reader_.acknowledged_sum(counter);
    adding_ = {counter, delta};
    entry.begun.fetch_add(delta, std::memory_order_release);
    const std::int64_t sum = dict_->add(counter_text(counter), static_cast<std::int64_t>(delta));
    reader_.judge_counter(counter, before + delta, sum);
    entry.acknowledged.fetch_add(delta, std::memory_order_release);
    adding_ = {};
    progress();
  }

  // A kill in between leaves the key to the slot's next process, which erases it again.
  void erase_oldest_retired() {
    const std::uint64_t index = own_.retired_begin.load(std::memory_order_relaxed);
    const RetiredEntry& entry = own_.retired_at(index);
    own_.retired_kept.store(std::max(index + 1, own_.retired_kept.load()), std::memory_order_seq_cst);
    dict_->erase(KeyId{slot_, entry.key.load(), entry.generation.load()}.text());
    own_.retired_begin.store(index + 1, std::memory_order_release);
    progress();
  }

  struct Adding {
    unsigned counter = 0;
    std::uint64_t delta = 0;
  };

  Ledger& ledger_;
  const unsigned slot_;
  Slot& own_;
  const Rules& rules_;
  const std::function<std::unique_ptr<Dict>()>& attach_;
  std::unique_ptr<Dict> dict_;
  bool in_batch_ = false;  // the operation under way is a set_many
  Adding adding_;          // the add under way; delta 0: none
  Random random_;
  std::uint32_t hits_;
  std::int64_t last_ns_ = 0;
  Reader reader_;
  std::string value_;
};

}  // namespace

int run_worker(Ledger& ledger, unsigned slot, std::uint64_t life, const Rules& rules, const Arming& arming,
               const std::function<std::unique_ptr<Dict>()>& attach) {
  try {
    if (!arming.point.empty()) arm_crash_point(arming.point, arming.nth, arming.action);
    Worker(ledger, slot, life, rules, attach).run();
    const std::vector<std::string> names = crash_point_names();
    for (const auto& [name, visits] : crash_point_visits()) {
      const auto at = static_cast<std::size_t>(std::ranges::lower_bound(names, name) - names.begin());
      ledger.point_visits[at].fetch_add(visits, std::memory_order_relaxed);
    }
  } catch (const std::exception& error) {
    ledger.report_broken(fmt::format("worker {} threw {}", slot, error.what()));
  }
  return ledger.is_broken() ? 1 : 0;
}

}  // namespace dictbench::torture
