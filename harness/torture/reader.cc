#include "harness/torture/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace dictbench::torture {

Reader::Reader(Ledger& ledger, unsigned slot, const Rules& rules)
    : ledger_(ledger), slot_(slot), rules_(rules), seen_(rules.processes * kKeys), written_(kKeys) {}

Reader::Before Reader::look(Place place) const {
  return {place, ledger_.slots[place.slot].keys[place.key].load_acknowledged()};
}

bool Reader::is_bound(Place place) const {
  return rules_.linearizable() || (place.slot == slot_ && written_[place.key] != 0);
}

void Reader::read(Dict& dict, Place place) {
  const Before before = look(place);
  const bool found = dict.get(before.id().text(), out_);
  judge(before, found, out_.view());
}

void Reader::read_many(Dict& dict, std::span<const Place> places) {
  std::array<Before, kMostAtOnce> before;
  std::array<std::string, kMostAtOnce> names;
  std::array<std::string_view, kMostAtOnce> keys;
  std::array<bool, kMostAtOnce> found{};
  const std::size_t count = std::min(places.size(), kMostAtOnce);
  for (std::size_t i = 0; i < count; ++i) {
    before[i] = look(places[i]);
    names[i] = before[i].id().text();
    keys[i] = names[i];
  }
  dict.get_many(std::span(keys).first(count), std::span(outs_).first(count), std::span(found).first(count));
  for (std::size_t i = 0; i < count; ++i) judge(before[i], found[i], outs_[i].view());
}

void Reader::judge(const Before& before, bool found, std::string_view value) {
  if (!rules_.contract.stores) return;
  const KeyId id = before.id();
  std::optional<std::uint64_t> version;
  if (found && !(version = version_of(id, value, rules_.longest_value())))
    return ledger_.report_broken(
        fmt::format("the value of {} is not whole: {} bytes that nobody set", id.text(), value.size()));
  const Stamp begun = ledger_.slots[before.place.slot].keys[before.place.key].load_begun();
  if (begun.generation != id.generation) return;  // given up meanwhile: its bounds are with the retired keys
  const bool bound = is_bound(before.place);
  Stamp& seen = seen_[before.place.slot * kKeys + before.place.key];
  const std::uint64_t low = bound ? before.stamp.version : 0;
  const std::uint64_t known = bound && seen.generation == id.generation ? seen.version : 0;
  const auto read = version_read(version, std::max(low, known), begun.version);
  if (read) {
    if (bound) seen = {id.generation, *read};
    return;
  }
  const std::string what = found ? fmt::format("version {}", *version) : "missing";
  if (version_read(version, low, begun.version))
    ledger_.report_broken(fmt::format("{} flipped back: version {} was seen, then it was {}", id.text(), known, what));
  else if (!found || *version < low)
    report_lost(fmt::format("{} is {}, acknowledged was version {}", id.text(), what, low));
  else
    ledger_.report_broken(fmt::format("{} is {}, but only {} was begun", id.text(), what, begun.version));
}

void Reader::report_lost(const std::string& what) {
  ledger_.lost.fetch_add(1);
  ledger_.report_broken(fmt::format("an acknowledged write is lost: {}", what));
}

void Reader::read_counter(Dict& dict, unsigned counter) {
  const std::uint64_t before = acknowledged_sum(counter);
  std::int64_t sum = 0;
  const bool found = dict.get(counter_text(counter), out_);
  if (found && rules_.contract.stores) sum = std::strtoll(std::string(out_.view()).c_str(), nullptr, 10);
  judge_counter(counter, before, sum);
}

std::uint64_t Reader::acknowledged_sum(unsigned counter) const {
  return ledger_.counter_acknowledged(counter, first_sharer(), last_sharer());
}

void Reader::judge_counter(unsigned counter, std::uint64_t low, std::int64_t sum) {
  const Contract& contract = rules_.contract;
  if (!contract.stores || !contract.atomic_add || (contract.shared_between_processes && !rules_.linearizable())) return;
  const std::uint64_t begun = ledger_.counter_begun(counter, first_sharer(), last_sharer());
  low = std::max(low, counters_seen_[counter]);
  const auto value = static_cast<std::uint64_t>(sum);
  if (sum >= 0 && value >= low && value <= begun) {
    counters_seen_[counter] = value;
    return;
  }
  const std::string what = fmt::format("counter {} is {}, it must be in [{}, {}]", counter, sum, low, begun);
  if (sum < 0 || value < low) return report_lost(what);
  ledger_.report_broken(what);
}

bool Reader::read_retired(Dict& dict, unsigned slot, std::uint64_t choice) {
  Slot& theirs = ledger_.slots[slot];
  const std::uint64_t kept = theirs.retired_kept.load(std::memory_order_acquire);
  const std::uint64_t end = theirs.retired_end.load(std::memory_order_acquire);
  if (!rules_.contract.stores || kept >= end) return false;
  const std::uint64_t index = kept + choice % (end - kept);
  RetiredEntry& entry = theirs.retired_at(index);
  const KeyId id{slot, entry.key.load(std::memory_order_relaxed), entry.generation.load(std::memory_order_relaxed)};
  const std::uint64_t high = entry.high.load(std::memory_order_relaxed);
  std::uint64_t low = entry.seen.load(std::memory_order_acquire);
  const Stamp mine = seen_[slot * kKeys + id.key];
  if (mine.generation == id.generation) low = std::max(low, mine.version);
  if (!rules_.linearizable()) low = 0;
  const bool found = dict.get(id.text(), out_);
  std::optional<std::uint64_t> version;
  if (found) version = version_of(id, out_.view(), rules_.longest_value());
  if (theirs.retired_kept.load(std::memory_order_acquire) > index) return true;
  const auto read = version_read(version, low, high);
  if (found && !version)
    ledger_.report_broken(fmt::format("the value of {}, in flight at a kill, is not whole", id.text()));
  else if (!read)
    ledger_.report_broken(fmt::format("{}, in flight at a kill, is {}; it must be a version in [{}, {}]", id.text(),
                                      found ? fmt::format("version {}", *version) : "missing", low, high));
  else
    for (std::uint64_t seen = low; seen < *read && !entry.seen.compare_exchange_weak(seen, *read);) {
    }
  return true;
}

}  // namespace dictbench::torture
