#include "workloads/workload_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "workloads/key_text.h"
#include "workloads/operation_generator.h"

namespace dictbench {
namespace {

constexpr std::uint64_t kLeastScaledKeys = 16;
constexpr double kMostScale = 1000;
constexpr unsigned kGeneratorVersion = 2;  // to be raised when the same file begins to give other operations

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Whether digits next to them could make one text of both, seen from the outer end.
bool prefixes_meet(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.starts_with(a) && all_digits(b.substr(a.size()));
}

bool suffixes_meet(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.ends_with(a) && all_digits(b.substr(0, b.size() - a.size()));
}

bool pure(const Mix& mix, double weight) { return weight > 0 && weight == mix.sum(); }

std::uint64_t scaled(std::uint64_t number, double scale) {
  return static_cast<std::uint64_t>(std::floor(static_cast<double>(number) * scale + 0.5));
}

std::uint64_t scaled_keys(std::uint64_t keys, double scale, std::uint64_t groups) {
  const std::uint64_t least = std::min(keys, kLeastScaledKeys);
  const std::uint64_t wanted = std::max(scaled(keys, scale), least);
  return (wanted + groups - 1) / groups * groups;
}

std::string canonical(const ValueSpec& values) {
  std::string text = fmt::format("values {}", static_cast<int>(values.content));
  for (const SizeChoice& choice : values.sizes)
    text += fmt::format(" {}*{:x}", choice.bytes, std::bit_cast<std::uint64_t>(choice.weight));
  for (const std::string& repeat : values.texts) text += fmt::format(" {}:{}", repeat.size(), repeat);
  return text + "\n";
}

std::string canonical(const Phase& phase) {
  const auto bits = [](double number) { return std::bit_cast<std::uint64_t>(number); };
  const Mix& mix = phase.mix;
  const DistributionSpec& spec = phase.distribution;
  // Only what is used: a file that does not know of something keeps its hash.
  std::string used;
  if (phase.writers > 0) used += fmt::format("writers {}\n", phase.writers);
  if (mix.get_absent > 0) used += fmt::format("absent {:x}\n", bits(mix.get_absent));
  if (phase.fill) used += "fill\n";
  if (phase.counters) used += "counters\n";
  return fmt::format("phase {}:{} {:x} {:x} {:x} {:x} {:x} {:x} {:x}\n", phase.name.size(), phase.name, bits(mix.get),
                     bits(mix.set), bits(mix.insert), bits(mix.erase), bits(mix.add), bits(mix.scan),
                     bits(mix.read_modify_write)) +
         fmt::format("{} {:d} {} {:x} {} {} {}\n", phase.operations, phase.seconds > 0, phase.batch,
                     bits(phase.arrival_rate), phase.scan_limit, phase.delta, phase.keys) +
         fmt::format("{} {:x} {:x} {:x} {} {}\n", static_cast<int>(spec.kind), bits(spec.exponent), bits(spec.hot_keys),
                     bits(spec.hot_operations), static_cast<int>(phase.share), static_cast<int>(phase.start)) +
         used + canonical(phase.values);
}

}  // namespace

std::optional<std::pair<std::string, std::string>> clashing_formats(const std::vector<std::string>& formats) {
  for (std::size_t i = 0; i < formats.size(); ++i) {
    const KeyFormat a = KeyFormat::parse(formats[i]);
    for (std::size_t j = i + 1; j < formats.size(); ++j) {
      const KeyFormat b = KeyFormat::parse(formats[j]);
      if (prefixes_meet(a.prefix, b.prefix) && suffixes_meet(a.suffix, b.suffix))
        return std::pair(formats[i], formats[j]);
    }
  }
  return std::nullopt;
}

void check_phase(const Phase& phase, const TableReader& reader) {
  const Mix& mix = phase.mix;
  if (phase.name.empty() || phase.name == preload_phase({}).name)
    throw reader.error("name", fmt::format("\"{}\" cannot be a phase's name", phase.name), "any other text");
  if (phase.batch > 1 && !pure(mix, mix.get) && !pure(mix, mix.set))
    throw reader.error("batch", "goes with one kind of operation only",
                       "batch above 1 with mix = {get = 1} or {set = 1}");
  if (has_own_keys(mix) && phase.operations == 0)
    throw reader.error("seconds", "alone does not go with insert or erase, which need a known number of keys",
                       "operations, alone or beside seconds");
  if (phase.limit > 0 && (phase.operations == 0 || phase.seconds > 0))
    throw reader.error("limit", "goes with a number of operations that all are to be done",
                       "operations and no seconds beside limit");
  if (phase.fill && (!pure(mix, mix.set) || phase.operations == 0 || phase.seconds > 0))
    throw reader.error("fill", "goes with a load", "mix = {set = 1}, operations and no seconds beside fill");
  if (mix.erase > 0 && sets_keys(mix) && (phase.share == Share::all || phase.keys > 0))
    throw reader.error("mix",
                       "erases keys that another process may set at the same time, so that the outcome is unknown",
                       "erase beside set or read_modify_write with share = \"own\" and without keys");
  if (mix.get_absent > 0 && (mix.insert > 0 || phase.batch > 1))
    throw reader.error("mix", "asks for absent keys beside inserts or in batches",
                       "get_absent with single operations and without insert");
  if (phase.writers > 0) {
    if (mix.get + mix.scan == 0 || !(sets_keys(mix) || has_own_keys(mix)))
      throw reader.error("writers", "has nobody to set apart", "a mix with gets or scans and with writes");
    if (phase.seconds > 0 || phase.arrival_rate > 0 || phase.start != Start::together)
      throw reader.error("writers", "goes with operations as fast as can be done, all starting together",
                         "neither seconds nor arrival_rate nor start beside writers");
  }
  if (phase.delta == 0) throw reader.error("delta", "0 changes nothing", "any other number");
}

void check_workload(const Workload& workload, const TableReader& reader) {
  std::set<std::string> names;
  bool adds = false, adds_to_counters = false, writes = workload.preload;
  for (const Phase& phase : workload.phases) {
    if (!names.insert(phase.name).second)
      throw reader.error("phase", fmt::format("has two phases \"{}\"", phase.name), "a name of its own for each");
    const Mix& mix = phase.mix;
    adds |= mix.add > 0 && !phase.counters;
    adds_to_counters |= phase.counters;
    writes |= mix.set > 0 || mix.read_modify_write > 0 || has_own_keys(mix);
    if (phase.counters && !pure(mix, mix.add))
      throw reader.error("phase", fmt::format("{} has other operations beside add", phase.name),
                         "add alone where the workload has counters");
    if (has_own_keys(mix) && (phase.seconds > 0 || phase.limit > 0) && &phase != &workload.phases.back())
      throw reader.error("phase", fmt::format("{} may end before all its keys are inserted or erased", phase.name),
                         "insert or erase with seconds or limit in the last phase only");
  }
  if (workload.counters.count > 0) {
    if (!adds_to_counters)
      throw reader.error("counters", "are there, and no phase adds", "a phase with mix = {add = 1}");
    std::vector<std::string> formats = workload.keys.formats;
    formats.insert(formats.end(), workload.counters.formats.begin(), workload.counters.formats.end());
    if (const auto clash = clashing_formats(formats))
      throw reader.error("counters", fmt::format("'{}' and '{}' can make the same key", clash->first, clash->second),
                         "formats that differ from those of the keys in more than digits at {index}");
  }
  if (adds && writes)
    throw reader.error("phase", "has add beside operations that write other values, to which nothing can be added",
                       "add beside get and scan only, without preload, or on counters of its own");
}

void check_split(const Workload& workload, unsigned processes, const TableReader& reader) {
  try {
    check_processes(workload, processes);
  } catch (const WorkloadError& error) {
    throw reader.error("processes", error.what(), "as many processes as there are keys, or fewer");
  }
}

void scale_workload(Workload& workload, double scale) {
  if (!(scale > 0 && scale <= kMostScale))
    throw WorkloadError(fmt::format("workload {}: scale {} is out of range; allowed: above 0 and up to {}",
                                    workload.name, scale, kMostScale));
  workload.scale = scale;
  if (scale == 1) return;
  const std::uint64_t groups = workload.keys.formats.size();
  const Workload whole = workload;
  workload.keys.count = scaled_keys(workload.keys.count, scale, groups);
  if (workload.counters.count > 0)
    workload.counters.count = scaled_keys(workload.counters.count, scale, workload.counters.formats.size());
  const std::uint64_t most_processes = *std::max_element(workload.processes.begin(), workload.processes.end());
  for (Phase& phase : workload.phases) {
    const std::uint64_t touched_before = touched_keys(whole, phase);
    if (phase.keys != 0)
      phase.keys = std::min(scaled_keys(phase.keys, scale, groups),
                            phase.counters ? workload.counters.count : workload.keys.count);
    const std::uint64_t touched = touched_keys(workload, phase);
    if (phase.operations == 0) continue;
    // A phase that goes over its keys a whole number of times still does, so that all of them are set.
    const bool rounds = phase.operations % touched_before == 0 && (phase.fill || touched_before >= kLeastScaledKeys);
    phase.operations = rounds ? phase.operations / touched_before * touched
                              : std::max(scaled(phase.operations, scale), most_processes);
  }
}

std::uint64_t hash_workload(const Workload& workload) {
  std::string text = fmt::format("generator {} seed {} preload {} keys {}\n", kGeneratorVersion, workload.seed,
                                 workload.preload, workload.keys.count);
  for (const std::string& format : workload.keys.formats) text += fmt::format("{}:{}\n", format.size(), format);
  if (workload.counters.count > 0) {
    text += fmt::format("counters {}\n", workload.counters.count);
    for (const std::string& format : workload.counters.formats) text += fmt::format("{}:{}\n", format.size(), format);
  }
  text += canonical(workload.values);
  for (const Phase& phase : workload.phases) text += canonical(phase);
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace dictbench
