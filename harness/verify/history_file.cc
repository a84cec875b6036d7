#include "harness/verify/history_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <tuple>

namespace dictbench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "dictbench-history";
constexpr int kVersion = 1;

Json to_json(const Operation& operation) {
  Json json{{"process", operation.process}, {"key", operation.key}, {"kind", to_string(operation.kind)}};
  if (operation.kind == OperationKind::set) json["value"] = operation.argument;
  if (operation.kind == OperationKind::add) json["delta"] = operation.argument;
  if (!operation.open()) switch (operation.kind) {
      case OperationKind::set: break;
      case OperationKind::get:
        if (operation.outcome == Outcome::missing)
          json["result"] = nullptr;
        else if (operation.result == kUnreadable)
          json["result"] = "unreadable";
        else
          json["result"] = operation.result;
        break;
      case OperationKind::erase: json["found"] = operation.outcome == Outcome::found; break;
      case OperationKind::add: json["sum"] = operation.result; break;
    }
  json["begin_ns"] = operation.begin_ns;
  json["end_ns"] = operation.open() ? Json() : Json(operation.end_ns);
  return json;
}

OperationKind kind_named(const std::string& name) {
  for (const OperationKind kind : {OperationKind::get, OperationKind::set, OperationKind::erase, OperationKind::add})
    if (to_string(kind) == name) return kind;
  throw std::invalid_argument(fmt::format("kind '{}' is unknown: there are get, set, erase and add", name));
}

template <typename Number>
Number number(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) throw std::invalid_argument(fmt::format("\"{}\" is missing", name));
  if (!found->is_number_integer()) throw std::invalid_argument(fmt::format("\"{}\" is no whole number", name));
  const auto value = found->template get<std::int64_t>();
  if (!std::in_range<Number>(value)) throw std::invalid_argument(fmt::format("\"{}\" is out of range", name));
  return static_cast<Number>(value);
}

void read_answer(const Json& json, Operation& operation) {
  switch (operation.kind) {
    case OperationKind::set: return;
    case OperationKind::get: {
      if (!json.contains("result")) throw std::invalid_argument("\"result\" is missing");
      const Json& result = json.at("result");
      operation.outcome = result.is_null() ? Outcome::missing : Outcome::found;
      if (result == "unreadable")
        operation.result = kUnreadable;
      else if (!result.is_null())
        operation.result = number<std::int64_t>(json, "result");
      return;
    }
    case OperationKind::erase:
      if (!json.contains("found") || !json.at("found").is_boolean())
        throw std::invalid_argument("\"found\" must be true or false");
      operation.outcome = json.at("found").get<bool>() ? Outcome::found : Outcome::missing;
      return;
    case OperationKind::add:
      operation.outcome = Outcome::found;
      operation.result = number<std::int64_t>(json, "sum");
      return;
  }
}

Operation from_json(const Json& json) {
  if (!json.is_object()) throw std::invalid_argument("it is no object");
  if (!json.contains("kind") || !json.at("kind").is_string()) throw std::invalid_argument("\"kind\" is no text");
  Operation operation;
  operation.process = number<std::uint32_t>(json, "process");
  operation.key = number<std::uint32_t>(json, "key");
  operation.kind = kind_named(json.at("kind").get<std::string>());
  if (operation.kind == OperationKind::set) operation.argument = number<std::int64_t>(json, "value");
  if (operation.kind == OperationKind::add) operation.argument = number<std::int64_t>(json, "delta");
  operation.begin_ns = number<std::int64_t>(json, "begin_ns");
  if (!json.contains("end_ns")) throw std::invalid_argument("\"end_ns\" is missing (null: never returned)");
  if (json.at("end_ns").is_null()) return operation;
  operation.end_ns = number<std::int64_t>(json, "end_ns");
  if (operation.end_ns < operation.begin_ns) throw std::invalid_argument("it ends before it begins");
  read_answer(json, operation);
  return operation;
}

std::string_view edn_function(OperationKind kind) {
  switch (kind) {
    case OperationKind::get: return ":read";
    case OperationKind::set: return ":write";
    case OperationKind::erase: return ":erase";
    case OperationKind::add: return ":add";
  }
  return "";
}

std::string edn_asked(const Operation& operation) {
  const bool has_argument = operation.kind == OperationKind::set || operation.kind == OperationKind::add;
  return has_argument ? std::to_string(operation.argument) : "nil";
}

std::string edn_answered(const Operation& operation) {
  switch (operation.kind) {
    case OperationKind::set: return edn_asked(operation);
    case OperationKind::erase: return operation.outcome == Outcome::found ? "true" : "false";
    case OperationKind::get:
      if (operation.outcome == Outcome::missing) return "nil";
      return operation.result == kUnreadable ? ":unreadable" : std::to_string(operation.result);
    case OperationKind::add: return std::to_string(operation.result);
  }
  return "";
}

std::string edn_event(const Operation& operation, std::string_view type, const std::string& value, std::int64_t at_ns,
                      std::uint64_t index) {
  return fmt::format("{{:process {}, :type {}, :f {}, :value [{} {}], :time {}, :index {}}}\n", operation.process, type,
                     edn_function(operation.kind), operation.key, value, at_ns, index);
}

}  // namespace

HistoryWriter::HistoryWriter(const std::filesystem::path& file, const std::string& engine, Promise promise)
    : file_(file), edn_(file.extension() == ".edn") {
  if (!edn_ && file.extension() != ".json")
    throw std::invalid_argument(
        fmt::format("{}: a history is written as .json or .edn, as the name says", file.string()));
  stream_.open(file, std::ios::trunc);
  if (!stream_) throw std::runtime_error(fmt::format("cannot write {}", file.string()));
  if (!edn_)
    stream_ << fmt::format("{{\"format\":\"{}\",\"version\":{},\"engine\":{},\"promise\":\"{}\",\"operations\":[",
                           kFormat, kVersion, Json(engine).dump(), to_string(promise));
}

void HistoryWriter::append(std::span<const Operation> operations) {
  if (edn_)
    append_edn(operations);
  else
    append_json(operations);
}

void HistoryWriter::append_json(std::span<const Operation> operations) {
  for (const Operation& operation : operations)
    stream_ << (written_++ == 0 ? "\n" : ",\n") << to_json(operation).dump();
}

void HistoryWriter::append_edn(std::span<const Operation> operations) {
  std::vector<std::tuple<std::int64_t, bool, std::size_t>> events;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    events.emplace_back(operations[i].begin_ns, false, i);
    if (operations[i].open())
      never_returned_.push_back(operations[i]);
    else
      events.emplace_back(operations[i].end_ns, true, i);
  }
  std::ranges::sort(events);
  for (const auto& [at_ns, returns, i] : events)
    stream_ << edn_event(operations[i], returns ? ":ok" : ":invoke",
                         returns ? edn_answered(operations[i]) : edn_asked(operations[i]), at_ns, written_++);
}

void HistoryWriter::finish() {
  if (edn_)
    for (const Operation& operation : never_returned_)
      stream_ << edn_event(operation, ":info", edn_asked(operation), operation.begin_ns, written_++);
  else
    stream_ << "]}\n";
  stream_.close();
  if (!stream_) throw std::runtime_error(fmt::format("cannot write {}", file_.string()));
}

HistoryFile read_history(const std::filesystem::path& file) {
  std::ifstream stream(file);
  const auto refuse = [&](const std::string& why) {
    throw std::invalid_argument(fmt::format("{}: {}", file.string(), why));
  };
  if (!stream) refuse("cannot be read");
  const Json json = Json::parse(stream, nullptr, false);
  if (!json.is_object() || json.value("format", "") != kFormat)
    refuse(fmt::format("is no history: it must be JSON with \"format\":\"{}\"", kFormat));
  if (json.value("version", 0) != kVersion) refuse(fmt::format("has another version than {}", kVersion));
  HistoryFile history;
  try {
    history.engine = json.value("engine", "");
    history.promise = promise_named(json.value("promise", "linearizable"));
    if (!json.contains("operations") || !json.at("operations").is_array())
      throw std::invalid_argument("\"operations\" is no list");
  } catch (const std::exception& error) {
    refuse(error.what());
  }
  for (const Json& operation : json.at("operations")) try {
      history.operations.push_back(from_json(operation));
    } catch (const std::exception& error) {
      refuse(fmt::format("operation {}: {}", history.operations.size(), error.what()));
    }
  return history;
}

}  // namespace dictbench
