#include "results/tables/trust.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "results/host_name.h"
#include "results/number_format.h"
#include "results/tables/provenance.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

constexpr const char* kName = "contracts";
constexpr const char* kSurvivesKill = "survives a killed writer";

// Of one machine: the last record of each engine and fault, engines and faults in the order of their first appearance.
struct Found {
  std::string host;
  std::vector<std::string> engines, faults;
  std::map<std::pair<std::string, std::string>, const TortureRecord*> tortures;
  std::map<std::string, const CheckRecord*> checks;

  const TortureRecord* torture(const std::string& engine, const std::string& fault) const {
    const auto found = tortures.find({engine, fault});
    return found == tortures.end() ? nullptr : found->second;
  }
};

void add_unique(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

std::vector<Found> last_of_each(const RecordFile& records) {
  std::vector<Found> hosts;
  const auto of_host = [&](const std::string& run_id) -> Found& {
    const RunRecord* run = records.run(run_id);
    const std::string host = run == nullptr ? "unknown host" : host_name(run->host);
    const auto found = std::ranges::find(hosts, host, &Found::host);
    if (found != hosts.end()) return *found;
    hosts.emplace_back().host = host;
    return hosts.back();
  };
  for (const TortureRecord& torture : records.tortures) {
    Found& found = of_host(torture.run_id);
    add_unique(found.engines, torture.engine);
    add_unique(found.faults, torture.fault);
    found.tortures[{torture.engine, torture.fault}] = &torture;
  }
  for (const CheckRecord& check : records.checks) {
    Found& found = of_host(check.run_id);
    add_unique(found.engines, check.engine);
    found.checks[check.engine] = &check;
  }
  return hosts;
}

bool promised(const TableContext& context, const std::string& engine, std::string_view promise) {
  const std::string name = engine.substr(0, engine.find('?'));
  const auto row = std::ranges::find(context.contracts, name, &ContractRow::engine);
  if (row == context.contracts.end()) return true;
  const auto found = std::ranges::find(row->promises, promise, &std::pair<std::string, std::string>::first);
  return found == row->promises.end() || found->second != "no";
}

// "ok" and "broken" of "broken: a write was lost".
std::string first_word(const std::string& status) { return status.substr(0, status.find(':')); }

// A status for a cell: what it lacks stands in the notes.
std::string short_status(const TortureRecord& torture) {
  const std::string status = first_word(torture.status);
  if (status == "not applicable") return "n/a";
  return status == "broken" ? "BROKEN" : status;
}

FigureSource source_of(const TortureRecord& torture) {
  FigureSource source;
  source.type = "torture";
  source.runs = {torture.run_id};
  source.engine = torture.engine;
  source.fault = torture.fault;
  return source;
}

TableCell cited(TableCell cell, const TortureRecord* torture) {
  if (torture != nullptr) cell.sources.push_back(source_of(*torture));
  return cell;
}

TableCell cited(TableCell cell, const CheckRecord* check) {
  if (check == nullptr) return cell;
  FigureSource& source = cell.sources.emplace_back();
  source.type = "check";
  source.runs = {check->run_id};
  source.engine = check->engine;
  return cell;
}

// A sum over the kills of every kind; an engine that was not tried has none.
struct Kills {
  std::uint64_t tried = 0, survived = 0, lost = 0;
  double longest_stall_s = 0, bytes_left = 0;
  std::vector<FigureSource> sources;
};

Kills kills_of(const Found& found, const std::string& engine) {
  Kills kills;
  for (const char* fault : {"kill", "crash-points", "hang"}) {
    const TortureRecord* torture = found.torture(engine, fault);
    if (torture == nullptr) continue;
    kills.sources.push_back(source_of(*torture));
    kills.tried += torture->tried;
    kills.survived += torture->survived;
    kills.longest_stall_s = std::max(kills.longest_stall_s, torture->longest_stall_s);
    kills.bytes_left += torture->bytes_left_per_kill * static_cast<double>(torture->tried);
  }
  for (const auto& [key, torture] : found.tortures)
    if (key.first == engine) kills.lost += torture->lost;
  return kills;
}

// "Boost 1.74.0, commit e51b2fec31": of what the engine uses, and of its own code.
std::string version_text(const RunRecord& run, const std::string& engine) {
  const std::string commit = "commit " + run.commit.substr(0, 10) + (run.dirty ? " with local changes" : "");
  const auto version = known_fact(run.versions, engine_name(engine));
  return version ? fmt::format("{}, {}", *version, commit) : commit;
}

TableCell linearizable_cell(const CheckRecord* check) {
  if (check == nullptr) return text_cell("not checked");
  const std::string verdict = first_word(check->verdict);
  if (verdict == "not applicable") return text_cell("n/a");
  const std::string promise = check->promise == "linearizable" ? "" : fmt::format("{}: ", check->promise);
  if (verdict == "ok") return text_cell(fmt::format("{}yes, {} operations", promise, grouped(check->operations)));
  return text_cell(fmt::format("{}{}", promise, verdict == "illegal" ? "NO" : verdict));
}

TableCell durable_cell(const TortureRecord* torture) {
  if (torture == nullptr) return no_figure();
  return text_cell(torture->ok() ? torture->found : short_status(*torture));
}

Table figures_table(const RecordFile& records, const Found& found, const TableContext& context) {
  Table table{kName,
              "What was found: kills and histories",
              {},
              {{"engine", "", Alignment::left},
               {"kills survived", "", Alignment::right},
               {"longest stall of a survivor", "", Alignment::right},
               {"acknowledged writes lost", "", Alignment::right},
               {"left per 1,000 kills", "", Alignment::right},
               {"linearizable", "", Alignment::left},
               {"checked version", "", Alignment::left},
               {"writes synced", "", Alignment::left}},
              {}};
  for (const std::string& engine : found.engines) {
    const Kills kills = kills_of(found, engine);
    const auto check = found.checks.find(engine);
    std::vector<TableCell> row = {text_cell(engine)};
    if (kills.tried == 0) {
      row.insert(row.end(), 4, no_figure());
    } else {
      const auto tried = static_cast<double>(kills.tried);
      row.push_back(number_cell(fmt::format("{} of {}{}", grouped(kills.survived), grouped(kills.tried),
                                            promised(context, engine, kSurvivesKill) ? "" : ", not promised"),
                                static_cast<double>(kills.survived) / tried));
      row.push_back(number_cell(nanoseconds(1e9 * kills.longest_stall_s), 1e9 * kills.longest_stall_s));
      row.push_back(number_cell(grouped(kills.lost), static_cast<double>(kills.lost)));
      const double left = 1000 * kills.bytes_left / tried;
      row.push_back(number_cell(fmt::format("{}{}", left < 0 ? "-" : "", byte_size(std::abs(left))), left));
      for (std::size_t i = 1; i < row.size(); ++i) row[i].sources = kills.sources;
    }
    const CheckRecord* const history = check == found.checks.end() ? nullptr : check->second;
    row.push_back(cited(linearizable_cell(history), history));
    const RunRecord* const run = history == nullptr ? nullptr : records.run(history->run_id);
    row.push_back(run == nullptr ? no_figure() : cited(text_cell(version_text(*run, engine)), history));
    if (history != nullptr && history->verdict != "ok" && first_word(history->verdict) != "not applicable")
      table.notes.push_back(fmt::format("{}, history: {}.", engine, history->verdict));
    row.push_back(cited(durable_cell(found.torture(engine, "durable")), found.torture(engine, "durable")));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table behaviour_table(const Found& found) {
  static constexpr std::pair<const char*, const char*> kColumns[] = {
      {"full", "when it is full"}, {"stop", "when a process is stopped"}, {"server-kill", "when the server dies"}};
  Table table{kName, "What was found: behaviour", {}, {{"engine", "", Alignment::left}}, {}};
  for (const auto& [fault, title] : kColumns) table.columns.push_back({title, "", Alignment::left});
  for (const std::string& engine : found.engines) {
    std::vector<TableCell> row = {text_cell(engine)};
    for (const auto& [fault, title] : kColumns) {
      const TortureRecord* torture = found.torture(engine, fault);
      TableCell cell = torture == nullptr ? no_figure()
                                          : text_cell(torture->found.empty() ? short_status(*torture) : torture->found);
      row.push_back(cited(std::move(cell), torture));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

// "20 of 20" where all is well, else the status; why not goes to the notes.
TableCell fault_cell(const TortureRecord& torture, std::vector<std::string>& notes) {
  if (torture.ok())
    return number_cell(fmt::format("{} of {}", grouped(torture.survived), grouped(torture.tried)),
                       static_cast<double>(torture.survived));
  const std::string status = short_status(torture);
  if (status != "n/a") notes.push_back(fmt::format("{} under {}: {}.", torture.engine, torture.fault, torture.status));
  return text_cell(status);
}

Table faults_table(const Found& found) {
  Table table{kName, "What was found: every fault, survived of tried", {}, {{"fault", "", Alignment::left}}, {}};
  for (const std::string& engine : found.engines) table.columns.push_back({engine, "", Alignment::right});
  for (const std::string& fault : found.faults) {
    std::vector<TableCell> row = {text_cell(fault)};
    for (const std::string& engine : found.engines) {
      const TortureRecord* torture = found.torture(engine, fault);
      row.push_back(torture == nullptr ? no_figure() : cited(fault_cell(*torture, table.notes), torture));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<std::string> provenance(const RecordFile& records, const Found& found) {
  std::vector<const RunRecord*> runs;
  const auto add = [&](const std::string& run_id) {
    const RunRecord* run = records.run(run_id);
    if (run != nullptr && std::ranges::find(runs, run) == runs.end()) runs.push_back(run);
  };
  for (const auto& [key, torture] : found.tortures) add(torture->run_id);
  for (const auto& [engine, check] : found.checks) add(check->run_id);
  return provenance_notes(runs);
}

constexpr const char* kHowToRead =
    "Survived: the dict went on and was whole. One that dies with its server, or that a killed writer breaks as its "
    "contract says, did not; `durable` counts the sets that were flushed before they were acknowledged. A promise that "
    "was broken reads BROKEN. What each fault does: docs/torture.md.";

}  // namespace

OrderChecks::OrderChecks(const RecordFile& records, const std::string& host) : records_(records) {
  for (const CheckRecord& check : records.checks) {
    const RunRecord* const run = records.run(check.run_id);
    if (run != nullptr && host_name(run->host) == host) checks_[check.engine] = &check;
  }
}

TableCell OrderChecks::cell(const std::string& engine, const std::vector<const RunRecord*>& measured) const {
  if (!any()) return no_figure();
  const auto found = checks_.find(engine);
  if (found == checks_.end()) return text_cell("not checked");
  const CheckRecord& check = *found->second;
  const std::string verdict = first_word(check.verdict);
  if (verdict == "not applicable") return cited(text_cell("n/a"), &check);
  if (verdict != "ok") return cited(text_cell(verdict == "illegal" ? "NO" : verdict), &check);
  const RunRecord& run = *records_.run(check.run_id);
  std::string text = fmt::format("checked: {}, {} operations", version_text(run, engine), grouped(check.operations));
  const auto checked = known_fact(run.versions, engine_name(engine));
  for (const RunRecord* const other : measured) {
    const auto used = known_fact(other->versions, engine_name(engine));
    if (checked && used && *checked != *used) return cited(text_cell(text + "; measured: " + *used), &check);
  }
  return cited(text_cell(std::move(text)), &check);
}

std::vector<Table> build_trust(const RecordFile& records, const TableContext& context) {
  std::vector<Table> tables;
  const std::vector<Found> hosts = last_of_each(records);
  for (const Found& found : hosts) {
    std::vector<Table> own = {figures_table(records, found, context)};
    if (!found.faults.empty()) {
      own.push_back(behaviour_table(found));
      own.push_back(faults_table(found));
      own.back().notes.emplace_back(kHowToRead);
    }
    for (Table& table : own) {
      if (hosts.size() > 1) table.title += " on " + found.host;
      for (std::string& note : provenance(records, found)) table.notes.push_back(std::move(note));
      tables.push_back(std::move(table));
    }
  }
  return tables;
}

}  // namespace dictbench
