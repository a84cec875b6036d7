#include "results/choose/situation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/number_format.h"

namespace dictbench {
namespace {

constexpr double kNearReads = 0.1;  // of the operations
constexpr double kNearValue = 2;    // doublings
constexpr double kNearItems = 1;    // powers of ten
constexpr double kMostlyReads = 0.9;
constexpr double kManyKeys = 1e4;    // a dict of fewer stays in the caches
constexpr double kFewKeys = 0.5;     // for each power of ten below that, where no number of items is asked
constexpr double kSomething = 1e-9;  // shares are sums of decimals

bool any(double share) { return share > kSomething; }

bool same_kind(const PhaseTraits& traits, const Requirements& asked) {
  if (!traits.special.empty() || any(traits.read_modify_writes)) return false;
  if (any(asked.read_kind == ReadKind::gets ? traits.scans : traits.gets)) return false;
  if (asked.reads > 0 && !any(traits.reads())) {
    // No read at all stands for few reads only.
    if (asked.reads > 0.5) return false;
  }
  // Reads alone stand for a need with writes where they are few, or overwrite what is there.
  if (!any(1 - traits.reads())) return asked.reads >= (asked.write_kind == WriteKind::sets ? 0.5 : kMostlyReads);
  if (asked.reads >= 1) return traits.reads() >= 0.5 && !any(traits.adds) && !any(traits.erases);
  switch (asked.write_kind) {
    case WriteKind::sets: return !any(traits.erases) && !any(traits.adds);
    case WriteKind::churn: return any(traits.inserts) && any(traits.erases) && !any(traits.adds);
    case WriteKind::adds: return any(traits.adds) && !any(traits.sets + traits.inserts + traits.erases);
  }
  return false;
}

bool asks_value(const Requirements& asked) {
  return asked.value_bytes && !(asked.write_kind == WriteKind::adds && asked.reads < 1);
}

double doublings(double measured, double asked) { return std::abs(std::log2(measured / asked)); }

// Values of another order of size are another task (a copy of 100 kB is no copy of 1 kB), so that beyond what is near
// each doubling counts for more than a doubling of anything else.
double value_distance(double value_doublings) {
  return value_doublings / kNearValue + std::max(0.0, value_doublings - kNearValue);
}

double value_doublings(const PhaseTraits& traits, const Requirements& asked) {
  if (!asks_value(asked)) return 0;
  return doublings(std::max(traits.value_bytes, 1.0), static_cast<double>(*asked.value_bytes));
}

}  // namespace

std::optional<double> distance(const PhaseTraits& traits, unsigned processes, const Requirements& asked) {
  if (!same_kind(traits, asked)) return std::nullopt;
  double sum = std::abs(traits.reads() - asked.reads) / kNearReads + value_distance(value_doublings(traits, asked)) +
               doublings(processes, asked.processes);
  if (!asked.items)
    sum +=
        kFewKeys * std::max(0.0, std::log10(kManyKeys / static_cast<double>(std::max<std::uint64_t>(traits.keys, 1))));
  if (asked.items)
    sum +=
        doublings(static_cast<double>(traits.keys), static_cast<double>(*asked.items)) / (kNearItems * std::log2(10));
  // One process alone never waits for another.
  if (processes == 1 && asked.processes > 1) sum += 1.5;
  if (!traits.every_key_by_all) sum += 0.5;
  if (asked.write_kind == WriteKind::sets && any(traits.inserts)) sum += 0.25;
  return sum;
}

bool covers(const PhaseTraits& traits, const Requirements& asked) {
  return distance(traits, asked.processes, asked) &&
         std::abs(traits.reads() - asked.reads) <= kNearReads + kSomething &&
         value_doublings(traits, asked) <= kNearValue;
}

std::vector<std::string> extrapolations(const PhaseTraits& traits, unsigned processes, const Requirements& asked) {
  std::vector<std::string> texts;
  if (processes != asked.processes)
    texts.push_back(fmt::format("measured with {} {}, you asked {}", processes,
                                processes == 1 ? "process" : "processes", asked.processes));
  if (std::abs(traits.reads() - asked.reads) > kSomething)
    texts.push_back(
        fmt::format("measured with {:.4g} % reads, you asked {:.4g} %", 100 * traits.reads(), 100 * asked.reads));
  if (asks_value(asked) && traits.value_bytes != static_cast<double>(*asked.value_bytes))
    texts.push_back(fmt::format("measured with values of {}, you asked {}", byte_size(traits.value_bytes),
                                byte_size(static_cast<double>(*asked.value_bytes))));
  if (asked.items && traits.keys != *asked.items)
    texts.push_back(fmt::format("measured with {} items, you asked {}", grouped(traits.keys), grouped(*asked.items)));
  return texts;
}

}  // namespace dictbench
