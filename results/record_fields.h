// Reading a record's JSON object field by field, with the field's path in every refusal: "memory.items".
//
// Private to results/: record_json.cc is its only user. Header because of the templates.
#pragma once

#include <fmt/format.h>

#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "results/record_json.h"

namespace dictbench {

[[noreturn]] inline void wrong(const std::string& field, const char* expected, const Json& found) {
  throw RecordError(fmt::format("field '{}' must be {}, not {}", field, expected,
                                found.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 40)));
}

// One object of a record, with its name for errors: "memory" gives "memory.items".
class Fields {
 public:
  Fields(const Json& object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {
    if (!object.is_object()) wrong(prefix_.empty() ? "record" : prefix_, "an object", object);
  }

  // Leaves `out` as it is when the field is absent.
  template <typename T>
  void optional(const char* field, T& out) const {
    if (const auto found = object_.find(field); found != object_.end()) read(path(field), *found, out);
  }

  template <typename T>
  void required(const char* field, T& out) const {
    if (!object_.contains(field)) throw RecordError(fmt::format("field '{}' is missing", path(field)));
    optional(field, out);
  }

 private:
  std::string path(const char* field) const { return prefix_.empty() ? field : prefix_ + "." + field; }

  static void read(const std::string& field, const Json& value, std::string& out) {
    if (!value.is_string()) wrong(field, "text", value);
    out = value.get<std::string>();
  }

  static void read(const std::string& field, const Json& value, bool& out) {
    if (!value.is_boolean()) wrong(field, "true or false", value);
    out = value.get<bool>();
  }

  static void read(const std::string& field, const Json& value, double& out) {
    if (!value.is_number()) wrong(field, "a number", value);
    out = value.get<double>();
  }

  template <typename T>
  requires std::is_integral_v<T>
  static void read(const std::string& field, const Json& value, T& out) {
    if (!value.is_number_unsigned()) wrong(field, "a whole number of at least 0", value);
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) wrong(field, "a smaller number", value);
    out = static_cast<T>(number);
  }

  static void read(const std::string& field, const Json& value, Facts& out) {
    if (!value.is_object()) wrong(field, "an object", value);
    out.clear();
    for (const auto& [name, fact] : value.items()) {
      if (fact.is_structured()) wrong(field + "." + name, "text", fact);
      out.emplace_back(name, fact.is_string() ? fact.get<std::string>() : fact.dump());
    }
  }

  static void read(const std::string& field, const Json& value, Usage& out) {
    const Fields fields(value, field);
    fields.required("user_s", out.user_s);
    fields.required("system_s", out.system_s);
    fields.optional("minor_faults", out.minor_faults);
    fields.optional("major_faults", out.major_faults);
    fields.required("voluntary_switches", out.voluntary_switches);
    fields.required("involuntary_switches", out.involuntary_switches);
  }

  static void read(const std::string& field, const Json& value, Latency& out) {
    const Fields fields(value, field);
    fields.optional("p50", out.p50);
    fields.optional("p90", out.p90);
    fields.optional("p99", out.p99);
    fields.optional("p999", out.p999);
    fields.required("max", out.max);
    fields.required("samples", out.samples);
    fields.required("one_in", out.one_in);
  }

  static void read(const std::string& field, const Json& value, WorkerRecord& out) {
    const Fields fields(value, field);
    fields.required("ops", out.ops);
    fields.required("start_s", out.start_s);
    fields.required("end_s", out.end_s);
    fields.optional("usage", out.usage);
    fields.optional("max_rss_bytes", out.max_rss_bytes);
  }

  static void read(const std::string& field, const Json& value, Memory& out) {
    const Fields fields(value, field);
    fields.optional("max_rss_bytes", out.max_rss_bytes);
    fields.optional("pss_bytes", out.pss_bytes);
    fields.optional("storage_bytes", out.storage_bytes);
    fields.optional("storage_length_bytes", out.storage_length_bytes);
    fields.optional("engine_bytes", out.engine_bytes);
    fields.optional("items", out.items);
    fields.optional("empty_bytes", out.empty_bytes);
    fields.optional("bytes_per_item", out.bytes_per_item);
  }

  static void read(const std::string& field, const Json& value, Work& out) {
    const Fields fields(value, field);
    fields.optional("keys", out.keys);
    fields.optional("key_bytes", out.key_bytes);
    fields.optional("value_bytes", out.value_bytes);
    fields.optional("seconds", out.seconds);
    fields.optional("arrival_rate", out.arrival_rate);
  }

  static void read(const std::string& field, const Json& value, Disturbance& out) {
    const Fields fields(value, field);
    fields.required("steal_s", out.steal_s);
    fields.required("others_s", out.others_s);
  }

  template <typename T>
  static void read(const std::string& field, const Json& value, std::optional<T>& out) {
    read(field, value, out.emplace());
  }

  template <typename T>
  static void read(const std::string& field, const Json& value, std::vector<T>& out) {
    if (!value.is_array()) wrong(field, "an array", value);
    out.clear();
    for (const Json& element : value) {
      const std::string name = fmt::format("{}[{}]", field, out.size());
      read(name, element, out.emplace_back());
    }
  }

  const Json& object_;
  std::string prefix_;
};

}  // namespace dictbench
