#include "results/choose/situation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/number_format.h"

namespace dictbench {
namespace {

constexpr double kNearReads = 0.1;  // of the operations
constexpr double kNearShare = 1.25;
constexpr double kNearValue = 1;     // doublings
constexpr double kNearItems = 1;     // powers of ten
constexpr double kManyKeys = 1e4;    // a dict of fewer stays in the caches
constexpr double kFewKeys = 0.5;     // for each power of ten below that, where no number of items is asked
constexpr double kSomething = 1e-9;  // shares are sums of decimals

bool any(double share) { return share > kSomething; }

// Both none, or one a quarter above the other at most: so far off can the time of an operation be.
bool near_share(double measured, double asked) {
  if (!any(measured) || !any(asked)) return any(measured) == any(asked);
  return std::max(measured, asked) <= kNearShare * std::min(measured, asked) + kSomething;
}

bool same_kind(const PhaseTraits& traits, const Requirements& asked) {
  if (!traits.special.empty() || any(traits.read_modify_writes)) return false;
  if (any(asked.read_kind == ReadKind::gets ? traits.scans : traits.gets)) return false;
  if (!near_share(traits.reads(), asked.reads) || !near_share(1 - traits.reads(), 1 - asked.reads)) return false;
  if (!any(1 - asked.reads)) return true;
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

double value_doublings(const PhaseTraits& traits, const Requirements& asked) {
  if (!asks_value(asked)) return 0;
  return doublings(std::max(traits.value_bytes, 1.0), static_cast<double>(*asked.value_bytes));
}

}  // namespace

std::optional<double> distance(const PhaseTraits& traits, unsigned processes, const Requirements& asked) {
  if (traits.arrival_rate > 0 || !same_kind(traits, asked)) return std::nullopt;
  const double value = value_doublings(traits, asked);
  if (value > kNearValue) return std::nullopt;
  double sum =
      std::abs(traits.reads() - asked.reads) / kNearReads + value / kNearValue + doublings(processes, asked.processes);
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

std::optional<double> distance_of_open_loop(PhaseTraits traits, unsigned processes, const Requirements& asked) {
  if (traits.arrival_rate <= 0) return std::nullopt;
  traits.arrival_rate = 0;
  return distance(traits, processes, asked);
}

std::optional<Mixed> mix(const PhaseTraits& fewer_reads, const PhaseTraits& more_reads, const Requirements& asked) {
  const double low = fewer_reads.reads(), high = more_reads.reads();
  if (!(low < asked.reads - kSomething && asked.reads + kSomething < high)) return std::nullopt;
  if (fewer_reads.distribution != more_reads.distribution || !fewer_reads.special.empty() ||
      !more_reads.special.empty() || fewer_reads.arrival_rate > 0 || more_reads.arrival_rate > 0)
    return std::nullopt;
  Mixed mixed;
  mixed.share = (asked.reads - low) / (high - low);
  // Counters have a size and keys of their own; what is read are the others.
  mixed.traits = more_reads;
  if (!any(fewer_reads.adds) &&
      (fewer_reads.value_bytes != more_reads.value_bytes || fewer_reads.keys != more_reads.keys))
    return std::nullopt;
  for (double PhaseTraits::*share : {&PhaseTraits::gets, &PhaseTraits::scans, &PhaseTraits::sets, &PhaseTraits::inserts,
                                     &PhaseTraits::erases, &PhaseTraits::adds, &PhaseTraits::read_modify_writes})
    mixed.traits.*share = (1 - mixed.share) * fewer_reads.*share + mixed.share * more_reads.*share;
  mixed.traits.every_key_by_all = fewer_reads.every_key_by_all && more_reads.every_key_by_all;
  return mixed;
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
