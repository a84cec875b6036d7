#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "harness/torture/worker.h"

namespace dictbench::torture {
namespace {

class Audit {
 public:
  Audit(Ledger& ledger, const Rules& rules, Dict& dict) : ledger_(ledger), rules_(rules), dict_(dict) {}

  void check_slot(unsigned slot) {
    for (unsigned key = 0; key < kKeys; ++key) {
      const Stamp now = ledger_.slots[slot].keys[key].load_acknowledged();
      const std::uint64_t low = binding() ? now.version : 0;
      check_key({slot, key, now.generation}, low, now.version, "");
    }
    Slot& owner = ledger_.slots[slot];
    for (std::uint64_t i = owner.retired_begin.load(); i < owner.retired_end.load(); ++i) {
      const RetiredEntry& entry = owner.retired_at(i);
      const KeyId id{slot, entry.key.load(), entry.generation.load()};
      // Being erased: any of its versions, or none.
      if (i < owner.retired_kept.load())
        present_[id.text()] = dict_.get(id.text(), out_);
      else
        check_key(id, binding() ? entry.seen.load() : 0, entry.high.load(), ", in flight at a kill,");
    }
  }

  void check_counters(unsigned first, unsigned last) {
    if (!rules_.contract.atomic_add) return;
    for (unsigned counter = 0; counter < kCounters; ++counter) {
      const std::uint64_t low = binding() ? ledger_.counter_acknowledged(counter, first, last) : 0;
      const std::uint64_t high = ledger_.counter_begun(counter, first, last);
      const std::string name = counter_text(counter);
      const bool found = present_[name] = dict_.get(name, out_);
      const std::uint64_t value = found ? std::strtoull(std::string(out_.view()).c_str(), nullptr, 10) : 0;
      if (value < low) ledger_.lost.fetch_add(1);
      if (value < low || value > high)
        ledger_.report_broken(
            fmt::format("at the end counter {} is {}, it must be in [{}, {}]", counter, value, low, high));
    }
  }

  void check_size() {
    std::uint64_t expected = 0;
    for (const auto& [name, there] : present_) expected += there;
    const std::uint64_t size = dict_.size();
    if (size != expected)
      ledger_.report_broken(fmt::format("at the end size() is {}, but {} keys are there", size, expected));
    if (!rules_.contract.lists) return;
    std::map<std::string, unsigned, std::less<>> listed;
    dict_.for_each([&](std::string_view key, std::string_view) {
      ++listed[std::string(key)];
      return true;
    });
    for (const auto& [name, times] : listed) {
      const auto known = present_.find(name);
      if (known == present_.end() || !known->second)
        return ledger_.report_broken(fmt::format("at the end the listing has {}, which get() does not find", name));
      if (times != 1) return ledger_.report_broken(fmt::format("at the end the listing has {} {} times", name, times));
    }
    if (listed.size() != expected)
      ledger_.report_broken(fmt::format("at the end the listing has {} of {} keys", listed.size(), expected));
  }

 private:
  // Whether what was acknowledged must be there.
  bool binding() const { return rules_.linearizable() || !rules_.contract.shared_between_processes; }

  void check_key(const KeyId& id, std::uint64_t low, std::uint64_t high, std::string_view how) {
    const std::string name = id.text();
    const bool found = present_[name] = dict_.get(name, out_);
    std::optional<std::uint64_t> version;
    if (found && !(version = version_of(id, out_.view(), rules_.longest_value())))
      return ledger_.report_broken(
          fmt::format("at the end the value of {}{} is not whole: {} bytes that nobody set", name, how, out_.size()));
    if (version_read(version, low, high)) return;
    if (!found || *version < low) ledger_.lost.fetch_add(1);
    ledger_.report_broken(fmt::format("at the end {}{} is {}; it must be a version in [{}, {}]", name, how,
                                      found ? fmt::format("version {}", *version) : "missing", low, high));
  }

  Ledger& ledger_;
  const Rules& rules_;
  Dict& dict_;
  Value out_;
  std::map<std::string, bool> present_;
};

}  // namespace

void audit(Ledger& ledger, const Rules& rules, Dict& dict, std::optional<unsigned> only) {
  const unsigned first = only.value_or(0);
  const unsigned last = only.value_or(rules.processes - 1);
  Audit check(ledger, rules, dict);
  for (unsigned slot = first; slot <= last; ++slot) check.check_slot(slot);
  check.check_counters(first, last);
  check.check_size();
}

}  // namespace dictbench::torture
