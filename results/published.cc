#include "results/published.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace dictbench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Refuses a key that the schema lacks: a misspelt figure would silently be none.
void check_keys(const Json& object, const std::string& where, const std::set<std::string>& allowed) {
  if (!object.is_object()) throw PublishedError(where + ": must be an object");
  for (const auto& [key, value] : object.items()) {
    if (!allowed.contains(key)) {
      throw PublishedError(
          fmt::format("{}: key '{}' is unknown; allowed are {}", where, key, fmt::join(allowed, ", ")));
    }
  }
}

enum class Need { required, optional };

std::string text_of(const Json& object, const char* key, const std::string& where, Need need) {
  const auto found = object.find(key);
  if (found == object.end()) {
    if (need == Need::optional) return "";
    throw PublishedError(fmt::format("{}: '{}' is missing", where, key));
  }
  if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
    throw PublishedError(fmt::format("{}: '{}' must be a text that is not empty", where, key));
  }
  return found->get<std::string>();
}

std::vector<std::string> texts_of(const Json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end()) return {};
  if (!found->is_array() || !std::all_of(found->begin(), found->end(), [](const Json& e) { return e.is_string(); })) {
    throw PublishedError(fmt::format("{}: '{}' must be a list of texts", where, key));
  }
  return found->get<std::vector<std::string>>();
}

unsigned processes_of(const Json& object, const std::string& where) {
  const auto processes = object.find("processes");
  if (processes == object.end()) return 1;
  if (!processes->is_number_unsigned() || *processes == 0u || *processes > 1'000'000u) {
    throw PublishedError(where + ": 'processes' must be a whole number from 1 to 1000000");
  }
  return processes->get<unsigned>();
}

MeasuredPlace place_of(const Json& object, const std::string& where) {
  check_keys(object, where, {"tier", "engine", "workload", "phase", "processes"});
  const auto text = [&](const char* key) { return text_of(object, key, where, Need::required); };
  return {text("tier"), text("engine"), text("workload"), text("phase"), processes_of(object, where)};
}

std::optional<MeasuredPlace> optional_place(const Json& object, const char* key, const std::string& where) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  return place_of(*found, fmt::format("{}: '{}'", where, key));
}

ClaimFigure figure_of(const std::string& name, const std::string& where) {
  static const std::map<std::string, ClaimFigure> kFigures = {{"rate", ClaimFigure::rate},
                                                              {"slowness", ClaimFigure::slowness},
                                                              {"elapsed", ClaimFigure::elapsed},
                                                              {"bytes_per_item", ClaimFigure::bytes_per_item},
                                                              {"max_rss", ClaimFigure::max_rss}};
  const auto found = kFigures.find(name);
  if (found != kFigures.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, figure] : kFigures) names.push_back(known);
  throw PublishedError(fmt::format("{}: 'figure' must be one of {}", where, fmt::join(names, ", ")));
}

PublishedClaim claim_of(const Json& object, const std::string& where) {
  check_keys(object, where,
             {"text", "published", "figure", "at_least", "at_most", "unit", "subject", "own", "base", "why"});
  const auto text = [&](const char* key) { return text_of(object, key, where, Need::required); };
  PublishedClaim claim;
  claim.text = text("text");
  claim.published = text("published");
  claim.why = text("why");
  claim.unit = text("unit");
  claim.figure = figure_of(text("figure"), where);
  claim.at_least = object.contains("at_least");
  const auto bound = object.find(claim.at_least ? "at_least" : "at_most");
  if (bound == object.end() || !bound->is_number() || (claim.at_least && object.contains("at_most"))) {
    throw PublishedError(where + ": either 'at_least' or 'at_most' must be given, a number");
  }
  claim.bound = bound->get<double>();
  for (const char* key : {"subject", "own"}) {
    if (!object.contains(key)) throw PublishedError(fmt::format("{}: '{}' is missing", where, key));
  }
  claim.subject = *optional_place(object, "subject", where);
  claim.own = *optional_place(object, "own", where);
  claim.base = optional_place(object, "base", where);
  return claim;
}

PublishedRow row_of(const Json& object, const std::string& where) {
  check_keys(object, where, {"system", "operation", "processes", "figures", "remark", "here"});
  PublishedRow row;
  row.system = text_of(object, "system", where, Need::required);
  row.operation = text_of(object, "operation", where, Need::optional);
  row.remark = text_of(object, "remark", where, Need::optional);
  row.processes = processes_of(object, where);
  row.here = optional_place(object, "here", where);
  const auto figures = object.find("figures");
  if (figures == object.end() || !figures->is_object() || figures->empty()) {
    throw PublishedError(where + ": 'figures' must be an object of numbers, like {\"elapsed_s\": 3.25}");
  }
  for (const auto& [name, figure] : figures->items()) {
    if (!figure.is_number()) throw PublishedError(fmt::format("{}: figure '{}' must be a number", where, name));
    row.figures.emplace(name, figure.get<double>());
  }
  return row;
}

PublishedMachine machine_of(const Json& object, const std::string& where) {
  check_keys(object, where, {"name", "facts", "rows"});
  PublishedMachine machine;
  machine.name = text_of(object, "name", where, Need::required);
  const auto facts = object.find("facts");
  if (facts == object.end() || !facts->is_object() || facts->empty())
    throw PublishedError(where + ": 'facts' must be an object of texts, like {\"cpu_model\": \"Xeon\"}");
  for (const auto& [name, value] : facts->items())
    machine.facts.emplace_back(name, text_of(*facts, name.c_str(), where + ": facts", Need::required));
  if (const auto rows = object.find("rows"); rows != object.end()) {
    if (!rows->is_array()) throw PublishedError(where + ": 'rows' must be a list");
    for (const Json& row : *rows)
      machine.rows.push_back(row_of(row, fmt::format("{}: row {}", where, machine.rows.size() + 1)));
  }
  return machine;
}

std::vector<PublishedMachine> machines_of(const Json& object, const std::string& where) {
  std::vector<PublishedMachine> machines;
  const auto found = object.find("machines");
  if (found == object.end()) return machines;
  if (!found->is_array() || found->empty())
    throw PublishedError(where + ": 'machines' must be a list with at least one");
  for (const Json& machine : *found)
    machines.push_back(machine_of(machine, fmt::format("{}: machine {}", where, machines.size() + 1)));
  return machines;
}

}  // namespace

std::optional<double> PublishedRow::figure(std::string_view name) const {
  const auto found = figures.find(std::string(name));
  if (found == figures.end()) return std::nullopt;
  return found->second;
}

fs::path published_folder() {
  const char* folder = std::getenv("DICTBENCH_PUBLISHED");
  return folder != nullptr && *folder != '\0' ? folder : DICTBENCH_PUBLISHED_FOLDER;
}

PublishedTable parse_published(std::string_view text, const std::string& where) {
  Json object;
  try {
    object = Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw PublishedError(fmt::format("{}: no JSON (at byte {})", where, error.byte));
  }
  check_keys(object, where,
             {"id", "name", "title", "source", "address", "host", "machines", "software", "workload", "claims",
              "remarks", "rows"});
  PublishedTable table;
  table.id = text_of(object, "id", where, Need::required);
  table.name = text_of(object, "name", where, Need::required);
  table.title = text_of(object, "title", where, Need::required);
  table.source = text_of(object, "source", where, Need::required);
  table.address = text_of(object, "address", where, Need::optional);
  table.host = text_of(object, "host", where, Need::required);
  table.software = text_of(object, "software", where, Need::optional);
  table.workload = text_of(object, "workload", where, Need::required);
  table.machines = machines_of(object, where);
  if (const auto claims = object.find("claims"); claims != object.end()) {
    if (!claims->is_array()) throw PublishedError(where + ": 'claims' must be a list");
    for (const Json& claim : *claims)
      table.claims.push_back(claim_of(claim, fmt::format("{}: claim {}", where, table.claims.size() + 1)));
  }
  table.remarks = texts_of(object, "remarks", where);
  const auto rows = object.find("rows");
  if (rows == object.end() || !rows->is_array() || rows->empty()) {
    throw PublishedError(where + ": 'rows' must be a list with at least one row");
  }
  for (const Json& row : *rows)
    table.rows.push_back(row_of(row, fmt::format("{}: row {}", where, table.rows.size() + 1)));
  return table;
}

PublishedTable load_published(std::string_view name) {
  const fs::path file = published_folder() / (std::string(name) + ".json");
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream) text << stream.rdbuf();
  if (!stream) {
    throw PublishedError(fmt::format("{}: cannot be read; the folder has {}; $DICTBENCH_PUBLISHED names another one",
                                     file.string(), fmt::join(list_published(), ", ")));
  }
  PublishedTable table = parse_published(text.str(), file.string());
  if (table.name != name) {
    throw PublishedError(fmt::format("{}: 'name' is \"{}\", but must be the file's", file.string(), table.name));
  }
  return table;
}

std::vector<std::string> list_published() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(published_folder(), error)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  if (error) {
    throw PublishedError(fmt::format("{}: cannot be listed: {}; $DICTBENCH_PUBLISHED names another folder",
                                     published_folder().string(), error.message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace dictbench
