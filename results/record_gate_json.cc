// The gate's records to and from JSON (results/record_json.h): apart, as they are the only ones with samples.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "results/record_fields.h"
#include "results/record_json.h"

namespace dictbench {
namespace {

// Six digits: a gate of ten cells has thousands of samples, and the seventh digit of a timing is chance.
Json sample_json(const std::vector<double>& sample, const char* field) {
  Json array = Json::array();
  for (const double figure : sample) {
    if (!std::isfinite(figure))
      throw RecordError(fmt::format("figure '{}' is {}: a record holds finite numbers only", field, figure));
    array.push_back(std::strtod(fmt::format("{:.6g}", figure).c_str(), nullptr));
  }
  return array;
}

Json number_json(double figure, const char* field) { return sample_json({figure}, field).at(0); }

Json look_json(const GateLook& look) {
  Json object = {{"base", sample_json(look.base, "base")},
                 {"head", sample_json(look.head, "head")},
                 {"base_others", sample_json(look.base_others, "base_others")},
                 {"head_others", sample_json(look.head_others, "head_others")},
                 {"slowdown", number_json(look.slowdown, "slowdown")},
                 {"low", number_json(look.low, "low")},
                 {"high", number_json(look.high, "high")},
                 {"visible", number_json(look.visible, "visible")},
                 {"flagged", look.flagged}};
  if (!look.disturbed.empty()) object["disturbed"] = look.disturbed;
  return object;
}

GateLook look_from_json(const Json& object, const std::string& prefix) {
  const Fields fields(object, prefix);
  GateLook look;
  fields.required("base", look.base);
  fields.required("head", look.head);
  fields.optional("base_others", look.base_others);
  fields.optional("head_others", look.head_others);
  fields.required("slowdown", look.slowdown);
  fields.required("low", look.low);
  fields.required("high", look.high);
  fields.required("visible", look.visible);
  fields.required("flagged", look.flagged);
  fields.optional("disturbed", look.disturbed);
  return look;
}

}  // namespace

Json to_json(const GateRecord& gate) {
  Json object = {{"type", "gate"}, {"run_id", gate.run_id}, {"gate", gate.gate}};
  if (!gate.trial.empty()) {
    object["trial"] = gate.trial;
    object["injected"] = number_json(gate.injected, "injected");
  }
  object["base"] = gate.base;
  object["head"] = gate.head;
  object["engine"] = gate.engine;
  if (!gate.head_engine.empty()) object["head_engine"] = gate.head_engine;
  object["workload"] = gate.workload;
  object["workload_hash"] = gate.workload_hash;
  object["scale"] = number_json(gate.scale, "scale");
  object["phase"] = gate.phase;
  object["processes"] = gate.processes;
  object["figure"] = gate.figure;
  object["margin"] = number_json(gate.margin, "margin");
  Json& looks = object["looks"] = Json::array();
  for (const GateLook& look : gate.looks) looks.push_back(look_json(look));
  object["verdict"] = gate.verdict;
  return object;
}

GateRecord gate_from_json(const Json& object) {
  const Fields fields(object, "");
  GateRecord gate;
  fields.required("run_id", gate.run_id);
  fields.optional("gate", gate.gate);
  fields.optional("trial", gate.trial);
  fields.optional("injected", gate.injected);
  fields.optional("base", gate.base);
  fields.optional("head", gate.head);
  fields.required("engine", gate.engine);
  fields.optional("head_engine", gate.head_engine);
  fields.required("workload", gate.workload);
  fields.optional("workload_hash", gate.workload_hash);
  fields.optional("scale", gate.scale);
  fields.required("phase", gate.phase);
  fields.required("processes", gate.processes);
  fields.required("figure", gate.figure);
  fields.optional("margin", gate.margin);
  fields.required("verdict", gate.verdict);
  if (const auto looks = object.find("looks"); looks != object.end()) {
    if (!looks->is_array()) wrong("looks", "an array", *looks);
    for (const Json& look : *looks)
      gate.looks.push_back(look_from_json(look, fmt::format("looks[{}]", gate.looks.size())));
  }
  return gate;
}

}  // namespace dictbench
