#include "results/tables/series.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "results/host_name.h"

namespace dictbench {
namespace {

bool failed_verification(const CellRecord& cell) { return cell.verified.starts_with("failed"); }

bool verified_enough(const CellRecord& cell) {
  return cell.verified == "ok" || cell.verified.starts_with("not applicable");
}

// What one repetition of one cell is called; equal keys are the same measurement told twice.
using CellKey = std::tuple<std::string, std::string, std::string, double, std::string, unsigned, std::string, unsigned>;
CellKey key_of(const CellRecord& cell) {
  return {cell.tier, cell.engine, cell.workload, cell.scale, cell.phase, cell.processes, cell.start, cell.repetition};
}

template <typename T>
bool chosen(const std::vector<T>& allowed, const T& value) {
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

struct Entry {
  const CellRecord* cell;
  const RunRecord* run;  // null: the file has lost it
  std::string host;
};

bool stands_apart(const RunRecord& run) {
  return std::ranges::any_of(run.options, [](const auto& option) {
    return option == std::pair<std::string, std::string>("for", "targets") ||
           (option.first == "engines" && option.second.find("rival-") != std::string::npos);
  });
}

std::vector<Entry> select(const RecordFile& records, const Selection& selection) {
  std::map<std::string, std::pair<const RunRecord*, std::string>> runs;
  for (const RunRecord& run : records.runs) runs[run.run_id] = {&run, host_name(run.host)};
  const bool all = selection.yardsticks || std::ranges::all_of(records.runs, stands_apart);
  std::vector<Entry> entries;
  for (const CellRecord& cell : records.cells) {
    const auto run = runs.find(cell.run_id);
    if (!all && run != runs.end() && stands_apart(*run->second.first)) continue;
    Entry entry{&cell, nullptr, "unknown host"};
    if (run != runs.end()) entry = {&cell, run->second.first, run->second.second};
    if (chosen(selection.engines, cell.engine) && chosen(selection.workloads, cell.workload) &&
        chosen(selection.phases, cell.phase) && chosen(selection.processes, cell.processes) &&
        chosen(selection.hosts, entry.host)) {
      entries.push_back(std::move(entry));
    }
  }
  return entries;
}

// Drops what a later record replaces (see the header).
std::vector<Entry> drop_replaced(const std::vector<Entry>& entries) {
  std::set<std::pair<std::string, CellKey>> same_run;  // run id
  std::set<std::pair<std::string, CellKey>> any_run;   // host
  std::vector<Entry> kept;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const CellKey key = key_of(*entry->cell);
    const bool repeated = !same_run.emplace(entry->cell->run_id, key).second;
    const bool replaced = !any_run.emplace(entry->host, key).second && !entry->cell->ok();
    if (failed_verification(*entry->cell) || !(repeated || replaced)) kept.push_back(*entry);
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

// What a record did, and what it was built from.
struct Version {
  std::string hash;
  double scale = 1;
  std::string commit;

  bool same_work(const Version& other) const { return hash == other.hash && scale == other.scale; }
};

Version version_of(const Entry& entry) {
  return {entry.cell->workload_hash, entry.cell->scale, entry.run != nullptr ? commit_of(*entry.run) : ""};
}

// The version that counts for each host, tier and workload: that of the run that started last, its largest scale.
using WorkloadKey = std::tuple<std::string, std::string, std::string>;
WorkloadKey workload_of(const Entry& entry) { return {entry.host, entry.cell->tier, entry.cell->workload}; }

std::map<WorkloadKey, Version> newest_versions(const std::vector<Entry>& entries) {
  std::map<WorkloadKey, std::pair<std::string, Version>> newest;  // with the start time
  for (const Entry& entry : entries) {
    const std::string started = entry.run != nullptr ? entry.run->started : "";
    const auto [best, fresh] = newest.try_emplace(workload_of(entry), started, version_of(entry));
    const auto& [time, version] = best->second;
    if (fresh || started > time || (started == time && entry.cell->scale >= version.scale))
      best->second = {started, version_of(entry)};
  }
  std::map<WorkloadKey, Version> versions;
  for (const auto& [key, best] : newest) versions[key] = best.second;
  return versions;
}

Block& block_for(std::vector<Block>& blocks, const Entry& entry, const Version& version) {
  for (Block& block : blocks) {
    if (block.host == entry.host && block.tier == entry.cell->tier && block.workload == entry.cell->workload &&
        block.phase == entry.cell->phase && block.commit == version.commit) {
      return block;
    }
  }
  Block& block = blocks.emplace_back();
  block.host = entry.host;
  block.tier = entry.cell->tier;
  block.workload = entry.cell->workload;
  block.phase = entry.cell->phase;
  block.workload_hash = version.hash;
  block.scale = version.scale;
  block.commit = version.commit;
  return block;
}

Series& series_for(Block& block, const CellRecord& cell) {
  for (Series& series : block.series)
    if (series.engine == cell.engine && series.processes == cell.processes && series.start == cell.start) return series;
  Series& series = block.series.emplace_back();
  series.engine = cell.engine;
  series.processes = cell.processes;
  series.start = cell.start;
  series.host = block.host;
  series.commit = block.commit;
  return series;
}

bool too_slow(const CellRecord& cell) { return cell.status.starts_with("unfinished"); }

// Wrong data is the worst, then a run that broke, then one that nobody checked; "unavailable" says least about the
// engine.
int severity(const CellRecord& cell) {
  if (shows_speed(cell)) return 0;
  if (failed_verification(cell)) return 5;
  if (cell.ok()) return 3;
  if (too_slow(cell)) return 2;
  return cell.status.starts_with("unavailable") ? 1 : 4;
}

}  // namespace

std::string commit_of(const RunRecord& run) { return run.commit + (run.dirty ? " with local changes" : ""); }

bool same_work(const Series& a, const Series& b) {
  return a.host == b.host && a.commit == b.commit && a.any().workload_hash == b.any().workload_hash &&
         a.any().scale == b.any().scale;
}

bool Block::open_loop() const {
  return std::ranges::any_of(series, [](const Series& own) {
    return std::ranges::any_of(own.cells, [](const CellRecord* cell) { return cell->work.arrival_rate > 0; });
  });
}

bool Block::overwrites() const {
  return std::ranges::any_of(series, [](const Series& own) {
    return std::ranges::any_of(own.cells, [](const CellRecord* cell) { return cell->work.overwrites; });
  });
}

std::map<std::string, std::string> leave_out_overwriting_loads(std::vector<Block>& blocks) {
  std::map<std::string, std::set<std::string>> phases;
  for (const Block& block : blocks)
    if (block.overwrites()) phases[block.workload].insert(block.phase);
  std::erase_if(blocks, [](const Block& block) { return block.overwrites(); });
  std::map<std::string, std::string> notes;
  for (const auto& [workload, names] : phases)
    notes[workload] = fmt::format("Left out: {}. The keys were there already, so these loads filled no dict.",
                                  fmt::join(names, ", "));
  return notes;
}

std::vector<const Series*> fastest_first(const Block& block, const TableContext& context) {
  std::vector<const Series*> rows;
  for (const Series& series : block.series) rows.push_back(&series);
  const bool open = block.open_loop();
  const auto rank = [&](const Series* series) {
    constexpr double kNone = std::numeric_limits<double>::infinity();
    const bool good = series->good();
    const double p99 = good && open ? median_of(*series, latency_p99).value_or(kNone) : kNone;
    const double p50 = good && open ? median_of(*series, latency_p50).value_or(kNone) : kNone;
    const double speed = good && !open ? median_of(*series, ops_per_s).value_or(0) : 0;
    return std::tuple(series->processes, standing_of(*series, context) == Standing::cost, !good, !series->unfinished(),
                      p99, p50, -speed, series->engine, series->start);
  };
  std::sort(rows.begin(), rows.end(), [&](const Series* a, const Series* b) { return rank(a) < rank(b); });
  return rows;
}

bool shows_speed(const CellRecord& cell) { return cell.ok() && verified_enough(cell); }

std::string Series::reason() const {
  if (broken == nullptr) return "";
  constexpr std::string_view kUnfinished = "unfinished: ";
  std::string text = broken->status.substr(broken->status.starts_with(kUnfinished) ? kUnfinished.size() : 0);
  if (failed_verification(*broken)) {
    text = broken->verified;
  } else if (broken->ok()) {
    constexpr std::string_view kNotDone = "not done: ";
    std::string_view why = broken->verified;
    if (why.starts_with(kNotDone)) why.remove_prefix(kNotDone.size());
    text = why.empty() ? "not verified" : fmt::format("not verified: {}", why);
  }
  const auto bad =
      std::count_if(cells.begin(), cells.end(), [](const CellRecord* cell) { return !shows_speed(*cell); });
  if (bad < static_cast<std::ptrdiff_t>(cells.size())) text += fmt::format(" ({} of {})", bad, cells.size());
  return text;
}

bool Series::unfinished() const { return broken != nullptr && too_slow(*broken) && !failed_verification(*broken); }

FigureSource source_of(const Series& series) {
  const CellRecord& any = series.any();
  FigureSource source{.type = "cell",
                      .runs = {},
                      .tier = any.tier,
                      .engine = any.engine,
                      .workload = any.workload,
                      .phase = any.phase,
                      .processes = any.processes,
                      .scale = any.scale,
                      .start = any.start,
                      .fault = "",
                      .host = series.host,
                      .commit = series.commit,
                      .workload_hash = any.workload_hash,
                      .keys = any.work.keys,
                      .key_bytes = any.work.key_bytes,
                      .value_bytes = any.work.value_bytes};
  for (const CellRecord* cell : series.cells)
    if (std::ranges::find(source.runs, cell->run_id) == source.runs.end()) source.runs.push_back(cell->run_id);
  return source;
}

TableCell cited(TableCell cell, const Series& series, const Series* base) {
  cell.sources.push_back(source_of(series));
  if (base != nullptr && base != &series) cell.sources.push_back(source_of(*base));
  return cell;
}

std::string engine_name(const std::string& spec) { return spec.substr(0, spec.find('?')); }

Standing standing_of(const Series& series, const TableContext& context) {
  const std::string name = engine_name(series.engine);
  if (context.cost_engines.contains(name)) return Standing::cost;
  if (context.stand_ins.contains(name)) return Standing::stand_in;
  if (series.start == "threads") return Standing::threads_only;
  return context.private_engines.contains(name) ? Standing::not_shared : Standing::shared;
}

std::vector<Block> group_blocks(const RecordFile& records, const Selection& selection, Commits commits) {
  const std::vector<Entry> entries = drop_replaced(select(records, selection));
  const std::map<WorkloadKey, Version> newest = newest_versions(entries);
  std::vector<Block> blocks;
  for (const Entry& entry : entries) {
    const Version& counts = newest.at(workload_of(entry));
    const Version own = version_of(entry);
    const bool same_work = own.same_work(counts);
    const bool taken = same_work && (own.commit == counts.commit || commits == Commits::each);
    Block& block = block_for(blocks, entry, taken ? own : counts);
    if (!taken) {
      ++(same_work ? block.other_commits : block.outdated);
      continue;
    }
    Series& series = series_for(block, *entry.cell);
    series.cells.push_back(entry.cell);
    const int level = severity(*entry.cell);
    if (level > (series.broken != nullptr ? severity(*series.broken) : 0)) series.broken = entry.cell;
    if (entry.run != nullptr && std::find(block.runs.begin(), block.runs.end(), entry.run) == block.runs.end()) {
      block.runs.push_back(entry.run);
    }
  }
  std::erase_if(blocks, [](const Block& block) { return block.series.empty(); });
  // Runs are shuffled; what is made of them must not be.
  for (Block& block : blocks) {
    std::sort(block.series.begin(), block.series.end(), [](const Series& a, const Series& b) {
      return std::tie(a.engine, a.processes, a.start) < std::tie(b.engine, b.processes, b.start);
    });
  }
  // By commit, not by Block: a run of some phases only must not change their order.
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::string> last_start;
  const auto started = [&](const Block& block) -> std::string& {
    return last_start[{block.workload, block.tier, block.host, block.commit}];
  };
  for (const Block& block : blocks)
    for (const RunRecord* run : block.runs) started(block) = std::max(started(block), run->started);
  std::stable_sort(blocks.begin(), blocks.end(), [&](const Block& a, const Block& b) {
    return std::tie(a.workload, a.tier, a.host, started(b)) < std::tie(b.workload, b.tier, b.host, started(a));
  });
  return blocks;
}

}  // namespace dictbench
