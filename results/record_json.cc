#include "results/record_json.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "results/record_fields.h"

namespace dictbench {
namespace {

// Visits a record's description and makes its JSON object.
class ObjectWriter {
 public:
  static constexpr bool kWrites = true;
  enum class Digits { all, six };

  explicit ObjectWriter(Digits digits) : digits_(digits) {}

  Json take() { return std::move(object_); }

  void type(const char* name) { object_["type"] = name; }
  void version(const char* field, int version) { object_[field] = version; }

  template <typename T>
  void required(const char* field, const T& value) {
    object_[field] = json_of(field, value);
  }

  template <typename T>
  void optional(const char* field, const T& value) {
    required(field, value);
  }

  template <typename T>
  void optional(const char* field, const std::optional<T>& value) {
    if (value) required(field, *value);
  }

  template <typename T>
  void unless(bool left_out, const char* field, const T& value) {
    if (!left_out) optional(field, value);
  }

 private:
  Json json_of(const char*, const std::string& text) const { return text; }
  Json json_of(const char*, bool flag) const { return flag; }

  template <typename T>
  requires std::is_integral_v<T> Json json_of(const char*, T number)
  const { return number; }

  Json json_of(const char* field, double figure) const {
    if (!std::isfinite(figure))
      throw RecordError(fmt::format("figure '{}' is {}: a record holds finite numbers only", field, figure));
    return digits_ == Digits::all ? figure : std::strtod(fmt::format("{:.6g}", figure).c_str(), nullptr);
  }

  Json json_of(const char*, const Facts& facts) const {
    Json object = Json::object();
    for (const auto& [name, value] : facts) object[name] = value;
    return object;
  }

  template <typename T>
  Json json_of(const char* field, const std::vector<T>& all) const {
    Json array = Json::array();
    for (const T& one : all) array.push_back(json_of(field, one));
    return array;
  }

  template <typename T>
  requires std::is_class_v<T> Json json_of(const char*, const T& record)
  const {
    ObjectWriter fields(digits_);
    describe(fields, record);
    return fields.take();
  }

  Digits digits_;
  Json object_ = Json::object();
};

[[noreturn]] void wrong(const std::string& field, const char* expected, const Json& found) {
  throw RecordError(fmt::format("field '{}' must be {}, not {}", field, expected,
                                found.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 40)));
}

// Visits a record's description and fills it from a JSON object. Refusals name the field's path: "memory.items".
class ObjectReader {
 public:
  static constexpr bool kWrites = false;

  ObjectReader(const Json& object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {
    if (!object.is_object()) wrong(prefix_.empty() ? "record" : prefix_, "an object", object);
  }

  void type(const char*) const {}  // by which the reader chose the description

  void version(const char* field, int& version) const {
    required(field, version);
    if (version == kRecordSchema) return;
    throw RecordError(fmt::format("schema version {}, but this dictbench reads version {}: use the one that wrote it",
                                  version, kRecordSchema));
  }

  template <typename T>
  void optional(const char* field, T& out) const {
    if (const auto found = object_.find(field); found != object_.end()) read(path(field), *found, out);
  }

  template <typename T>
  void required(const char* field, T& out) const {
    if (!object_.contains(field)) throw RecordError(fmt::format("field '{}' is missing", path(field)));
    optional(field, out);
  }

  template <typename T>
  void unless(bool, const char* field, T& out) const {
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

  template <typename T>
  requires std::is_class_v<T>
  static void read(const std::string& field, const Json& value, T& out) {
    ObjectReader fields(value, field);
    describe(fields, out);
  }

  const Json& object_;
  std::string prefix_;
};

template <typename Record>
Json written(const Record& record, ObjectWriter::Digits digits = ObjectWriter::Digits::all) {
  ObjectWriter fields(digits);
  describe(fields, record);
  return fields.take();
}

}  // namespace

Json to_json(const RunRecord& run) { return written(run); }
Json to_json(const CellRecord& cell) { return written(cell); }
Json to_json(const TortureRecord& torture) { return written(torture); }
Json to_json(const CheckRecord& check) { return written(check); }
// Six digits: a gate of ten cells has thousands of samples, and the seventh digit of a timing is chance.
Json to_json(const GateRecord& gate) { return written(gate, ObjectWriter::Digits::six); }

template <typename Record>
Record record_from_json(const Json& object) {
  ObjectReader fields(object, "");
  Record record;
  describe(fields, record);
  return record;
}

template RunRecord record_from_json(const Json&);
template CellRecord record_from_json(const Json&);
template TortureRecord record_from_json(const Json&);
template CheckRecord record_from_json(const Json&);
template GateRecord record_from_json(const Json&);

}  // namespace dictbench
