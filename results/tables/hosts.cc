// Table `hosts`: the facts of every machine side by side, those of the documents among them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "results/host_name.h"
#include "results/number_format.h"
#include "results/published.h"
#include "results/statistics/statistics.h"
#include "results/tables/builders.h"
#include "results/tables/provenance.h"
#include "results/tables/published_figures.h"

namespace dictbench {
namespace {

constexpr const char* kNotRecorded =
    "not recorded";  // by the dictbench that measured, or not asked of this kind of run
constexpr const char* kNotTold = "not told";

// "Boost" beside "blob", not before all small letters.
struct IgnoringCase {
  bool operator()(const std::string& a, const std::string& b) const {
    return std::ranges::lexicographical_compare(a, b, {}, lower, lower);
  }
  static int lower(unsigned char c) { return std::tolower(c); }
};

// Of libraries and servers, by name.
using Versions = std::map<std::string, std::vector<std::string>, IgnoringCase>;

struct Machine {
  std::string name;
  std::vector<const RunRecord*> runs;  // newest first
};

std::vector<Machine> machines_of(const RecordFile& records, const Selection& selection) {
  std::vector<Machine> machines;
  for (const RunRecord& run : records.runs) {
    const std::string name = host_name(run.host);
    if (!selection.hosts.empty() && std::ranges::find(selection.hosts, name) == selection.hosts.end()) continue;
    auto machine = std::ranges::find(machines, name, &Machine::name);
    if (machine == machines.end()) machine = machines.insert(machines.end(), Machine{name, {}});
    machine->runs.push_back(&run);
  }
  std::ranges::sort(machines, {}, &Machine::name);
  for (Machine& machine : machines) std::ranges::stable_sort(machine.runs, std::greater{}, &RunRecord::started);
  return machines;
}

void add_unique(std::vector<std::string>& texts, const std::string& text) {
  if (!text.empty() && std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
}

// What the runs tell, newest first; where none does, whether one tried.
struct Told {
  std::vector<std::string> values;
  bool unavailable = false;

  std::string otherwise() const { return unavailable ? "unavailable" : kNotRecorded; }
};

Told told(const Machine& machine, std::string_view fact) {
  Told told;
  for (const RunRecord* run : machine.runs) {
    if (const auto value = known_fact(run->host, fact)) add_unique(told.values, *value);
    told.unavailable =
        told.unavailable || std::ranges::find(run->host, fact, &Facts::value_type::first) != run->host.end();
  }
  return told;
}

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

// As it is told; several values: the newest first.
std::string plain(const Machine& machine, const char* fact) {
  const Told values = told(machine, fact);
  return values.values.empty() ? values.otherwise() : fmt::format("{}", fmt::join(values.values, "; "));
}

// "L1 Data 32K, L2 Unified 1024K" in short: "L1d 32K, L2 1024K".
std::string caches(const Machine& machine, const char* fact) {
  std::string text = plain(machine, fact);
  for (const auto& [word, shorter] :
       {std::pair<std::string, const char*>{" Data", "d"}, {" Instruction", "i"}, {" Unified", ""}})
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word))
      text.replace(at, word.size(), shorter);
  return text;
}

std::string cores(const Machine& machine, const char* fact) {
  const Told smt = told(machine, "smt");
  std::string text = plain(machine, fact);
  if (smt.values.empty()) return text;
  return fmt::format("{}, SMT {}", text, smt.values.front() == "1" ? "on" : "off");
}

std::string median_text(const Machine& machine, const char* fact, const std::string& unit, int decimals) {
  std::vector<double> figures;
  bool tried = false;
  for (const RunRecord* run : machine.runs) {
    tried = tried || std::ranges::find(run->host, fact, &Facts::value_type::first) != run->host.end();
    const auto value = known_fact(run->host, fact);
    if (const auto figure = value ? number_of(*value) : std::nullopt) figures.push_back(*figure);
  }
  if (figures.empty()) return tried ? "unavailable" : kNotRecorded;
  const double middle = median(figures);
  return decimals == 0 ? fmt::format("{} {}", grouped(static_cast<std::uint64_t>(std::llround(middle))), unit)
                       : fmt::format("{:.{}f} {}", middle, decimals, unit);
}

std::string megahertz(const Machine& machine, const char* fact) { return median_text(machine, fact, "MHz", 0); }
std::string latency(const Machine& machine, const char* fact) { return median_text(machine, fact, "ns", 0); }

// The smallest and the largest: what moves from run to run.
std::string range(const Machine& machine, const char* fact) {
  std::vector<std::pair<double, std::string>> figures;
  for (const std::string& value : told(machine, fact).values)
    if (const auto figure = number_of(value)) figures.emplace_back(*figure, value);
  if (figures.empty()) return told(machine, fact).otherwise();
  const auto [low, high] = std::ranges::minmax(figures);
  return low.second == high.second ? low.second : fmt::format("{} to {}", low.second, high.second);
}

// How many; which ones is in the record.
std::string mitigations(const Machine& machine, const char* fact) {
  const Told values = told(machine, fact);
  if (values.values.empty()) return values.otherwise();
  const std::string& text = values.values.front();
  if (text == "none needed") return text;
  std::size_t flaws = 0, vulnerable = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t comma = std::min(text.find(", ", begin), text.size());
    ++flaws;
    if (text.substr(begin, comma - begin).find(": Vulnerable") != std::string::npos) ++vulnerable;
    begin = comma + 2;
  }
  return fmt::format("{} on, {} vulnerable", flaws - vulnerable, vulnerable);
}

std::string turbo(const Machine& machine, const char* fact) {
  const Told older = told(machine, "turbo_off");
  if (told(machine, fact).values.empty() && (!older.values.empty() || older.unavailable))
    return older.values.empty() ? "unavailable" : older.values.front() == "1" ? "off" : "on";
  return plain(machine, fact);
}

bool interpreted(const RunRecord& run) {
  return run.compiler.starts_with("CPython") || run.compiler.starts_with("PyPy");
}

std::string compilers(const Machine& machine, const char*) {
  std::vector<std::string> texts;
  for (const RunRecord* run : machine.runs)
    if (!interpreted(*run)) add_unique(texts, run->compiler);
  return texts.empty() ? kNotRecorded : fmt::format("{}", fmt::join(texts, "; "));
}

std::string flags(const Machine& machine, const char*) {
  std::vector<std::string> texts;
  for (const RunRecord* run : machine.runs)
    if (!interpreted(*run)) add_unique(texts, run->flags);
  return texts.empty() ? kNotRecorded : fmt::format("{}", fmt::join(texts, "; "));
}

std::string dates(const Machine& machine, const char*) {
  const std::string last = machine.runs.front()->started.substr(0, 10),
                    first = machine.runs.back()->started.substr(0, 10);
  return first == last ? last : fmt::format("{} to {}", first, last);
}

struct FactRow {
  const char* name;
  const char* fact;       // of the record
  const char* published;  // of a document's machine; null: no document tells it
  std::string (*text)(const Machine&, const char* fact);
};

constexpr FactRow kRows[] = {
    {"CPU", "cpu_model", "cpu_model", plain},
    {"stepping", "cpu_stepping", nullptr, plain},
    {"microcode", "cpu_microcode", nullptr, plain},
    {"cores", "cores", nullptr, cores},
    {"caches", "caches", nullptr, caches},
    {"memory", "memory", "memory", plain},
    {"processors that a run may use", "allowed_cpus", nullptr, plain},
    {"NUMA nodes", "numa_nodes", nullptr, plain},
    {"clock, as told", "cpu_mhz", "cpu_clock", megahertz},
    {"clock, measured", "measured_mhz", nullptr, megahertz},
    {"memory latency, 4 kB pages", "memory_latency_4k_ns", nullptr, latency},
    {"memory latency, 2 MB pages", "memory_latency_2m_ns", nullptr, latency},
    {"two time stamps", "clock_stamp_ns", nullptr, latency},
    {"governor", "governor", nullptr, plain},
    {"turbo", "turbo", nullptr, turbo},
    {"power", "power", nullptr, plain},
    {"architecture", "architecture", nullptr, plain},
    {"kernel", "kernel", nullptr, plain},
    {"mitigations", "mitigations", nullptr, mitigations},
    {"system", "os", nullptr, plain},
    {"huge pages", "transparent_huge_pages", nullptr, plain},
    {"huge pages, shared memory", "shmem_huge_pages", nullptr, plain},
    {"/dev/shm", "dev_shm", nullptr, plain},
    {"virtualisation", "virtualization", nullptr, plain},
    {"steal", "steal", nullptr, range},
    {"load before a run", "load_average", nullptr, range},
    {"measured on", "", nullptr, dates},
    {"compiler", "", nullptr, compilers},
    {"flags", "", nullptr, flags},
};

// "hiredis 0.14.1, redis-server 7.0.15" of engine redis as name and version each; a bare version is the engine's.
void add_versions(const std::string& engine, const std::string& text, Versions& all) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t comma = std::min(text.find(", ", begin), text.size());
    const std::string part = text.substr(begin, comma - begin);
    const std::size_t blank = part.find(' ');
    const bool named = blank != std::string::npos && blank + 1 < part.size() &&
                       std::isdigit(static_cast<unsigned char>(part[blank + 1])) != 0;
    add_unique(all[named ? part.substr(0, blank) : engine], named ? part.substr(blank + 1) : part);
    begin = comma + 2;
  }
}

Versions versions_of(const Machine& machine) {
  Versions versions;
  for (const RunRecord* run : machine.runs) {
    for (const auto& [engine, text] : run->versions) add_versions(engine, text, versions);
    if (interpreted(*run)) add_versions("", run->compiler, versions);
  }
  return versions;
}

// The documents' machines by name, with what all documents together tell.
std::vector<PublishedMachine> published_machines() {
  std::vector<PublishedMachine> machines;
  for (const std::string& name : list_published()) {
    for (const PublishedMachine& machine : load_published(name).machines) {
      auto known = std::ranges::find(machines, machine.name, &PublishedMachine::name);
      if (known == machines.end()) known = machines.insert(machines.end(), PublishedMachine{machine.name, {}, {}});
      for (const auto& fact : machine.facts)
        if (std::ranges::find(known->facts, fact) == known->facts.end()) known->facts.push_back(fact);
    }
  }
  return machines;
}

std::string published_fact(const PublishedMachine& machine, std::string_view name) {
  const auto found = std::ranges::find(machine.facts, name, &std::pair<std::string, std::string>::first);
  return found == machine.facts.end() ? kNotTold : found->second;
}

}  // namespace

std::vector<Table> build_hosts(const RecordFile& records, const TableContext& context) {
  const std::vector<Machine> machines = machines_of(records, context.selection);
  const std::vector<PublishedMachine> published = published_machines();
  Table table{"hosts", "Machines", {}, {{"fact", "", Alignment::left}}, {}};
  for (const Machine& machine : machines) table.columns.push_back({machine.name, "", Alignment::left});
  for (const PublishedMachine& machine : published)
    table.columns.push_back({machine.name + ", published", "", Alignment::left});

  for (const FactRow& fact : kRows) {
    std::vector<TableCell>& row = table.rows.emplace_back();
    row.push_back(text_cell(fact.name));
    for (const Machine& machine : machines) row.push_back(text_cell(fact.text(machine, fact.fact)));
    for (const PublishedMachine& machine : published)
      row.push_back(text_cell(fact.published == nullptr ? kNotTold : published_fact(machine, fact.published)));
  }

  std::vector<Versions> versions;
  std::set<std::string, IgnoringCase> names;
  for (const Machine& machine : machines)
    for (const auto& [name, version] : versions.emplace_back(versions_of(machine))) names.insert(name);
  for (const std::string& name : names) {
    std::vector<TableCell>& row = table.rows.emplace_back();
    row.push_back(text_cell(name));
    for (const auto& own : versions) {
      const auto found = own.find(name);
      row.push_back(text_cell(found == own.end() ? kNotRecorded : fmt::format("{}", fmt::join(found->second, "; "))));
    }
    for (const PublishedMachine& machine : published) row.push_back(text_cell(published_fact(machine, name)));
  }
  if (machines.empty()) table.notes.emplace_back("No records to show: `./run_all.sh host` makes some.");
  table.notes.emplace_back(
      "Clock, measured: a chain of additions. Memory latency: loads each of which needs the one before, at random over "
      "64 MB. Both are medians over the runs; several other values: the newest first. Unavailable: the machine does "
      "not "
      "tell; not recorded: measured by a dictbench that did not ask; not told: by the document.");
  return {table, published_figures(table.name, records, context)};
}

}  // namespace dictbench
