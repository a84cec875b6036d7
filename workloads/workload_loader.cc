// From a file's text to a Workload, with everything checked that one phase or value alone can have wrong;
// what concerns several of them together is in workload_rules.cc.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "workloads/key_text.h"
#include "workloads/table_reader.h"
#include "workloads/tagged_value.h"
#include "workloads/toml_tree.h"
#include "workloads/workload.h"
#include "workloads/workload_rules.h"

namespace dictbench {
namespace {

constexpr std::int64_t kMaxKeys = std::int64_t{1} << 34;
constexpr std::int64_t kMaxOperations = std::int64_t{1} << 34;
constexpr std::int64_t kMaxValueBytes = std::int64_t{1} << 30;
constexpr std::int64_t kMaxBatch = 65536;
constexpr std::int64_t kMaxDelta = 1'000'000;  // so that no sum leaves the range of int64
constexpr std::int64_t kMaxChoices = 256;      // lengths that an even distribution is expanded to
constexpr double kLeastExponent = 0.001, kMostExponent = 100;
constexpr double kLeastSeconds = 0.001, kMostSeconds = 86400;

KeySpec read_keys(TableReader reader) {
  KeySpec keys;
  const std::string_view key = reader.has("formats") ? "formats" : "format";
  if (reader.has("format") && key == "formats") throw reader.error("formats", "stands beside format", "one of the two");
  if (key == "formats")
    keys.formats = reader.texts(key);
  else
    keys.formats = {reader.text(key)};
  keys.count = static_cast<std::uint64_t>(reader.integer("count", 1, kMaxKeys));
  reader.finish();
  if (keys.formats.size() > kMaxKeyGroups)
    throw reader.error(key, fmt::format("has {} formats", keys.formats.size()),
                       fmt::format("at most {}", kMaxKeyGroups));
  for (const std::string& format : keys.formats) {
    try {
      KeyFormat::parse(format);
    } catch (const std::invalid_argument& invalid) {
      throw reader.error(key, invalid.what(), "text with one {index}");
    }
  }
  if (const auto clash = clashing_formats(keys.formats))
    throw reader.error(key, fmt::format("'{}' and '{}' can make the same key", clash->first, clash->second),
                       "formats that differ in more than digits at {index}");
  return keys;
}

// {distribution = "uniform", least = 10, most = 1000}: every length, or kMaxChoices of them at even distances.
std::vector<SizeChoice> read_even_sizes(TableReader reader, std::int64_t least_allowed) {
  reader.choice<int>("distribution", {{"uniform", 0}}, 0);
  const std::int64_t least = reader.integer("least", least_allowed, kMaxValueBytes);
  const std::int64_t most = reader.integer("most", least, kMaxValueBytes);
  reader.finish();
  const std::int64_t choices = std::min(most - least + 1, kMaxChoices);
  std::vector<SizeChoice> sizes;
  for (std::int64_t i = 0; i < choices; ++i)
    sizes.push_back({static_cast<std::uint64_t>(choices == 1 ? least : least + (most - least) * i / (choices - 1)), 1});
  return sizes;
}

std::vector<SizeChoice> read_weighted_sizes(TableReader& reader, std::int64_t least) {
  std::vector<SizeChoice> sizes;
  double sum = 0;
  for (TableReader& choice : reader.tables("sizes")) {
    const std::int64_t bytes = choice.integer("bytes", least, kMaxValueBytes);
    const double weight = choice.number("weight", 0, 1e9, 1);
    choice.finish();
    if (weight > 0) sizes.push_back({static_cast<std::uint64_t>(bytes), weight});
    sum += weight;
  }
  if (sum == 0) throw reader.error("sizes", "has no weight above 0", "at least one weight above 0");
  return sizes;
}

ValueSpec read_values(TableReader reader, const KeySpec& keys) {
  ValueSpec values;
  values.content = reader.choice<ContentKind>(
      "content", {{"tagged", ContentKind::tagged}, {"key", ContentKind::key}, {"repeat", ContentKind::repeat}},
      ContentKind::tagged);
  const std::int64_t least = values.content == ContentKind::tagged ? static_cast<std::int64_t>(kStampBytes) : 0;
  if (reader.has("sizes") && reader.has("size")) throw reader.error("sizes", "stands beside size", "one of the two");
  if (reader.has("sizes"))
    values.sizes = read_weighted_sizes(reader, least);
  else if (reader.is_table("size"))
    values.sizes = read_even_sizes(reader.table("size"), least);
  else
    values.sizes = {{static_cast<std::uint64_t>(reader.integer("size", least, kMaxValueBytes, kStampBytes)), 1}};
  if (values.content == ContentKind::repeat) {
    values.texts = reader.texts("texts");
    const bool has_empty =
        std::any_of(values.texts.begin(), values.texts.end(), [](const auto& text) { return text.empty(); });
    if (values.texts.size() != keys.formats.size() || has_empty)
      throw reader.error("texts",
                         fmt::format("has {} texts{}", values.texts.size(), has_empty ? ", one of them empty" : ""),
                         fmt::format("one for each of the {} key formats, none empty", keys.formats.size()));
  } else if (reader.has("texts")) {
    throw reader.error("texts", "is of no use here", "texts only with content = \"repeat\"");
  }
  reader.finish();
  return values;
}

Mix read_mix(TableReader reader) {
  constexpr double kMost = 1e9;
  Mix mix;
  mix.get = reader.number("get", 0, kMost, 0);
  mix.set = reader.number("set", 0, kMost, 0);
  mix.insert = reader.number("insert", 0, kMost, 0);
  mix.erase = reader.number("erase", 0, kMost, 0);
  mix.add = reader.number("add", 0, kMost, 0);
  mix.scan = reader.number("scan", 0, kMost, 0);
  mix.read_modify_write = reader.number("read_modify_write", 0, kMost, 0);
  mix.get_absent = reader.number("get_absent", 0, kMost, 0);
  reader.finish();
  if (mix.sum() == 0) throw reader.error("", "has no weight above 0", "at least one operation with a weight above 0");
  return mix;
}

DistributionSpec read_distribution(TableReader& phase) {
  using Kinds = std::vector<std::pair<std::string_view, DistributionKind>>;
  static const Kinds kKinds = {{"sequential", DistributionKind::sequential},
                               {"uniform", DistributionKind::uniform},
                               {"zipfian", DistributionKind::zipfian},
                               {"latest", DistributionKind::latest},
                               {"hotspot", DistributionKind::hotspot}};
  DistributionSpec spec;
  if (!phase.has("distribution") || phase.is_text("distribution")) {
    spec.kind = phase.choice("distribution", kKinds, spec.kind);
    return spec;
  }
  TableReader reader = phase.table("distribution");
  reader.text("kind");
  spec.kind = reader.choice("kind", kKinds, spec.kind);
  if (spec.kind == DistributionKind::zipfian || spec.kind == DistributionKind::latest)
    spec.exponent = reader.number("exponent", kLeastExponent, kMostExponent, spec.exponent);
  if (spec.kind == DistributionKind::hotspot) {
    spec.hot_keys = reader.number("hot_keys", 0, 1, spec.hot_keys);
    spec.hot_operations = reader.number("hot_operations", 0, 1, spec.hot_operations);
  }
  reader.finish();
  return spec;
}

Phase read_phase(TableReader& reader, const Workload& workload) {
  Phase phase;
  phase.name = reader.text("name");
  reader.set_path(fmt::format("phase {}.", phase.name));
  phase.mix = read_mix(reader.table("mix"));
  if (!reader.has("operations") && !reader.has("seconds"))
    throw reader.error("", "has no end", "seconds, operations, or both: whichever ends first");
  phase.seconds = reader.has("seconds") ? reader.number("seconds", kLeastSeconds, kMostSeconds) : 0;
  if (reader.has("operations"))
    phase.operations = static_cast<std::uint64_t>(reader.integer("operations", 1, kMaxOperations));
  phase.limit = reader.has("limit") ? reader.number("limit", kLeastSeconds, kMostSeconds) : 0;
  phase.fill = reader.boolean("fill", false);
  phase.batch = static_cast<std::uint32_t>(reader.integer("batch", 1, kMaxBatch, 1));
  phase.arrival_rate = reader.number("arrival_rate", 0, 1e9, 0);
  phase.scan_limit = static_cast<std::uint32_t>(reader.integer("scan_limit", 1, 1'000'000, phase.scan_limit));
  phase.delta = reader.integer("delta", -kMaxDelta, kMaxDelta, phase.delta);
  phase.counters = phase.mix.add > 0 && workload.counters.count > 0;
  const std::uint64_t most_keys = phase.counters ? workload.counters.count : workload.keys.count;
  phase.keys = static_cast<std::uint64_t>(reader.integer("keys", 0, static_cast<std::int64_t>(most_keys), 0));
  phase.distribution = read_distribution(reader);
  phase.share = reader.choice<Share>("share", {{"all", Share::all}, {"own", Share::own}}, phase.share);
  phase.start =
      reader.choice<Start>("start", {{"together", Start::together}, {"first-alone", Start::first_alone}}, phase.start);
  phase.writers = static_cast<unsigned>(reader.integer("writers", 0, kMaxProcesses - 1, 0));
  phase.values = reader.has("values") ? read_values(reader.table("values"), workload.keys) : workload.values;
  reader.finish();
  check_phase(phase, reader);
  return phase;
}

}  // namespace

Workload parse_workload(std::string_view text, const std::string& where, double scale) {
  const TomlNode file = parse_toml(text, where);
  TableReader reader(file, where, "");
  Workload workload;
  workload.name = std::filesystem::path(where).stem().string();
  workload.file = where;
  workload.summary = reader.text("summary", "");
  workload.source = reader.text("source", "");
  workload.seed = static_cast<std::uint64_t>(reader.integer("seed", 0, INT64_MAX, 1));
  workload.processes = {1};
  if (reader.has("processes")) {
    workload.processes.clear();
    for (const std::int64_t processes : reader.integers("processes", 1, kMaxProcesses))
      workload.processes.push_back(static_cast<unsigned>(processes));
  }
  workload.repetitions = static_cast<unsigned>(reader.integer("repetitions", 1, 1000, workload.repetitions));
  workload.preload = reader.boolean("preload", false);
  workload.keys = read_keys(reader.table("keys"));
  if (reader.has("counters")) workload.counters = read_keys(reader.table("counters"));
  workload.values.sizes = {{kStampBytes, 1}};
  if (reader.has("values")) workload.values = read_values(reader.table("values"), workload.keys);
  for (TableReader& phase : reader.tables("phase")) workload.phases.push_back(read_phase(phase, workload));
  reader.finish();
  check_workload(workload, reader);
  scale_workload(workload, scale);
  for (const unsigned processes : workload.processes) check_split(workload, processes, reader);
  workload.hash = hash_workload(workload);
  return workload;
}

}  // namespace dictbench
