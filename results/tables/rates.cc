// The documents' tables of operations per second: `ultra-old`, `ultra-new`, `ultra-rank`, `ultra-rank-more`,
// `pyshmht-64b` and `smd-sync`. A row of the document with what was measured here for the same system, then everything
// else here.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "results/number_format.h"
#include "results/published.h"
#include "results/tables/builders.h"
#include "results/tables/place.h"
#include "results/tables/provenance.h"

namespace dictbench {
namespace {

const std::vector<TableColumn> kColumns = {{"operation", "", Alignment::left},    {"system", "", Alignment::left},
                                           {"tier", "", Alignment::left},         {"procs", "", Alignment::right},
                                           {"published", "/s", Alignment::right}, {"here", "/s", Alignment::right},
                                           {"ratio", "", Alignment::right},       {"to dict", "", Alignment::right},
                                           {"verified", "", Alignment::left},     {"remark", "", Alignment::left}};

// What one of these tables shows beside the published rows.
struct RateTable {
  const char* name;
  const char* title;  // where no document has figures
  const char* workload;
  bool every_row;    // all rows of the workload, or only our own and the floor
  bool one_process;  // only rows of one process
  const char* meaning;
};

std::optional<double> published_rate(const PublishedRow& row) {
  if (const auto rate = row.figure("per_s")) return rate;
  const auto seconds_per_million = row.figure("seconds_per_million");
  if (!seconds_per_million || *seconds_per_million <= 0) return std::nullopt;
  return 1e6 / *seconds_per_million;
}

class Builder {
 public:
  Builder(const RateTable& what, const std::optional<PublishedTable>& published, const Places& places,
          const TableContext& context, Table& table)
      : what_(what), published_(published), places_(places), context_(context), table_(table) {}

  void fill() {
    std::vector<std::string> phases;  // in the order of the document, then of the records
    if (published_)
      for (const PublishedRow& row : published_->rows)
        if (row.here) add(phases, row.here->phase);
    for (const Block* block : places_.blocks())
      if (block->tier == "python" && block->workload == what_.workload && (what_.every_row || wanted(phases, block)))
        add(phases, block->phase);
    for (const std::string& phase : phases) fill_phase(phase);
  }

 private:
  static void add(std::vector<std::string>& phases, const std::string& phase) {
    if (std::ranges::find(phases, phase) == phases.end()) phases.push_back(phase);
  }

  // The document's own phases decide, where it has any.
  bool wanted(const std::vector<std::string>& phases, const Block* block) const {
    return !published_ || std::ranges::find(phases, block->phase) != phases.end();
  }

  void fill_phase(const std::string& phase) {
    std::set<const Series*> shown;
    if (published_)
      for (const PublishedRow& row : published_->rows)
        if (row.here && row.here->phase == phase) shown.insert(add_published(row));
    const Block* const block = places_.block({"python", "", what_.workload, phase, 1});
    if (block == nullptr) return;
    for (const Series* series : fastest_first(*block, context_)) {
      const bool ours = series->engine.starts_with("SharedDict") || series->engine == "empty call";
      if (shown.contains(series) || (what_.one_process && series->processes != 1) || (!what_.every_row && !ours))
        continue;
      add_row(phase, series->engine, *block, series, std::nullopt, "");
    }
  }

  const Series* add_published(const PublishedRow& row) {
    const Series* const series = places_.find(*row.here);
    const Block* const block = places_.block(*row.here);
    const std::string name =
        row.system == row.here->engine ? row.system : fmt::format("{} ({})", row.system, row.here->engine);
    add_row(row.here->phase, name, block != nullptr ? *block : kNoBlock, series, published_rate(row), row.remark,
            row.here->tier);
    return series;
  }

  void add_row(const std::string& phase, const std::string& name, const Block& block, const Series* series,
               const std::optional<double>& published, std::string remark, const std::string& tier = "python") {
    const auto rate = series != nullptr && series->good() ? median_of(*series, ops_per_s) : std::nullopt;
    const auto ratio = rate && published ? std::optional(*rate / *published) : std::nullopt;
    if (series != nullptr)
      if (const std::string more = row_remark(block, *series, context_); !more.empty())
        remark += (remark.empty() ? "" : "; ") + more;
    const unsigned processes = series != nullptr ? series->processes : 1;
    const auto here = [&](TableCell cell) { return series != nullptr ? cited(std::move(cell), *series) : cell; };
    table_.rows.push_back(
        {text_cell(phase), text_cell(name), text_cell(tier), number_cell(std::to_string(processes), processes),
         optional_cell(published, engineering),
         here(series != nullptr ? speed_cell(*series, table_.notes) : text_cell("not measured")),
         here(optional_cell(ratio, ratio_text)), series != nullptr ? slowness_cell(block, *series) : no_figure(),
         here(series != nullptr ? verified_cell(*series) : text_cell("-")), text_cell(std::move(remark))});
  }

  // How many times slower than the plain dict in the same loop, paired by repetition.
  static TableCell slowness_cell(const Block& block, const Series& series) {
    if (!series.good()) return no_figure();
    for (const Series& dict : block.series)
      if (dict.engine == "dict" && dict.processes == series.processes && dict.good())
        if (const auto ratio = paired_ratio(by_round(dict, ops_per_s), by_round(series, ops_per_s)))
          return cited(number_cell(ratio_text(ratio->median), ratio->median), series, &dict);
    return no_figure();
  }

  static const Block kNoBlock;
  const RateTable& what_;
  const std::optional<PublishedTable>& published_;
  const Places& places_;
  const TableContext& context_;
  Table& table_;
};

const Block Builder::kNoBlock = {};

std::vector<std::string> notes_of(const RateTable& what, const std::optional<PublishedTable>& published) {
  std::vector<std::string> notes = {
      "Published and here: operations per second, all processes together; ratio: here to published, on other hardware; "
      "to dict: how many times slower than Python's own dict in the same loop, here."};
  if (*what.meaning != '\0') notes.emplace_back(what.meaning);
  if (!published) return notes;
  notes.push_back(fmt::format("Published: {}; host: {}{}{}.", published->source, published->host,
                              published->software.empty() ? "" : "; ", published->software));
  for (const std::string& remark : published->remarks) notes.push_back("Published: " + remark);
  return notes;
}

std::vector<Table> build(const RateTable& what, const RecordFile& records, const TableContext& context) {
  std::optional<PublishedTable> published;
  if (what.title == nullptr) published = load_published(what.name);
  const std::string title = published ? published->title : what.title;
  Selection selection = context.selection;
  selection.workloads = {what.workload};
  const std::vector<Block> blocks = group_blocks(records, selection);
  const std::vector<std::string> hosts = hosts_of(blocks);
  std::vector<Table> tables;
  for (const std::string& host : hosts) {
    const Places places(blocks, host);
    Table table{what.name, hosts.size() > 1 ? title + " on " + host : title, {}, kColumns, {}};
    Builder(what, published, places, context, table).fill();
    for (std::string& note : notes_of(what, published)) table.notes.push_back(std::move(note));
    if (places.blocks().empty()) {
      table.notes.emplace_back("Nothing measured yet: `python -m tier` does (docs/documents.md).");
    } else {
      table.notes.push_back(statistics_note(*places.blocks().back()));
      for (std::string& note : provenance_notes(places.runs({what.workload}))) table.notes.push_back(std::move(note));
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

constexpr const char* kFloor =
    "empty call: an extension type that looks nothing up, in the same loop: what CPython itself takes.";

constexpr RateTable kOld = {"ultra-old", nullptr, "ultra-10k", false, true, kFloor};
constexpr RateTable kNew = {"ultra-new", nullptr, "ultra-10k", false, true, kFloor};
constexpr RateTable kRank = {"ultra-rank", nullptr, "ultra-rank", false, true, kFloor};
constexpr RateTable kRankMore = {
    "ultra-rank-more",
    "The ranking with every dict here, for one process and for several",
    "ultra-rank",
    true,
    false,
    "1,000,000 operations on key 1 by each process, all at once; slow rows do fewer (scale)."};
constexpr RateTable k64b = {
    "pyshmht-64b",
    nullptr,
    "pyshmht-64b",
    true,
    true,
    "\"get\" restarts the clock; \"get, clock running on\" counts the sets' time too, as the document's program did. "
    "wrapper: values are serialised, keys are the plain index as published, or 64 bytes; caching wrapper: values wait "
    "in a private dict until they are written back. The wrappers here are ours, over the raw binding that is named."};
constexpr RateTable kSync = {"smd-sync",
                             "shared-memory-dict's benchmarks: few keys, the whole dict in each operation",
                             "smd-sync",
                             true,
                             false,
                             "aggressive: for each letter 5 sets and 10 gets of which 6 miss, 100 times; fun: a set "
                             "and 3 gets, 100 times. The block "
                             "is 4,096 bytes or what the keys need. No figures are published."};

}  // namespace

std::vector<Table> build_ultra_old(const RecordFile& records, const TableContext& context) {
  return build(kOld, records, context);
}
std::vector<Table> build_ultra_new(const RecordFile& records, const TableContext& context) {
  return build(kNew, records, context);
}
std::vector<Table> build_ultra_rank(const RecordFile& records, const TableContext& context) {
  return build(kRank, records, context);
}
std::vector<Table> build_ultra_rank_more(const RecordFile& records, const TableContext& context) {
  return build(kRankMore, records, context);
}
std::vector<Table> build_pyshmht_64b(const RecordFile& records, const TableContext& context) {
  return build(k64b, records, context);
}
std::vector<Table> build_smd_sync(const RecordFile& records, const TableContext& context) {
  return build(kSync, records, context);
}

}  // namespace dictbench
