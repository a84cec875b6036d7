#include "results/record_json.h"

#include <fmt/format.h>

#include <cmath>

#include "results/record_fields.h"

namespace dictbench {
namespace {

Json finite(double figure, const char* field) {
  if (!std::isfinite(figure)) {
    throw RecordError(fmt::format("figure '{}' is {}: a record holds finite numbers only", field, figure));
  }
  return figure;
}

Json facts_json(const Facts& facts) {
  Json object = Json::object();
  for (const auto& [name, value] : facts) object[name] = value;
  return object;
}

Json usage_json(const Usage& usage) {
  return {{"user_s", finite(usage.user_s, "user_s")},
          {"system_s", finite(usage.system_s, "system_s")},
          {"minor_faults", usage.minor_faults},
          {"major_faults", usage.major_faults},
          {"voluntary_switches", usage.voluntary_switches},
          {"involuntary_switches", usage.involuntary_switches}};
}

Json latency_json(const Latency& latency) {
  Json object = Json::object();
  if (latency.p50) object["p50"] = finite(*latency.p50, "p50");
  if (latency.p90) object["p90"] = finite(*latency.p90, "p90");
  if (latency.p99) object["p99"] = finite(*latency.p99, "p99");
  if (latency.p999) object["p999"] = finite(*latency.p999, "p999");
  object["max"] = finite(latency.max, "max");
  object["samples"] = latency.samples;
  object["one_in"] = latency.one_in;
  return object;
}

Json worker_json(const WorkerRecord& worker) {
  return {{"ops", worker.ops},
          {"start_s", finite(worker.start_s, "start_s")},
          {"end_s", finite(worker.end_s, "end_s")},
          {"usage", usage_json(worker.usage)},
          {"max_rss_bytes", worker.max_rss_bytes}};
}

Json memory_json(const Memory& memory) {
  return {{"max_rss_bytes", memory.max_rss_bytes}, {"pss_bytes", memory.pss_bytes},
          {"storage_bytes", memory.storage_bytes}, {"storage_length_bytes", memory.storage_length_bytes},
          {"engine_bytes", memory.engine_bytes},   {"items", memory.items},
          {"empty_bytes", memory.empty_bytes},     {"bytes_per_item", finite(memory.bytes_per_item, "bytes_per_item")}};
}

Json work_json(const Work& work) {
  return {{"keys", work.keys},
          {"key_bytes", finite(work.key_bytes, "key_bytes")},
          {"value_bytes", finite(work.value_bytes, "value_bytes")},
          {"seconds", finite(work.seconds, "seconds")},
          {"arrival_rate", finite(work.arrival_rate, "arrival_rate")}};
}

Json disturbance_json(const Disturbance& disturbance) {
  return {{"steal_s", finite(disturbance.steal_s, "steal_s")}, {"others_s", finite(disturbance.others_s, "others_s")}};
}

}  // namespace

Json to_json(const RunRecord& run) {
  return {{"type", "run"},
          {"schema", run.schema},
          {"run_id", run.run_id},
          {"started", run.started},
          {"commit", run.commit},
          {"dirty", run.dirty},
          {"compiler", run.compiler},
          {"flags", run.flags},
          {"build_type", run.build_type},
          {"versions", facts_json(run.versions)},
          {"host", facts_json(run.host)},
          {"options", facts_json(run.options)},
          {"seed", run.seed},
          {"warnings", run.warnings}};
}

Json to_json(const CellRecord& cell) {
  Json object = {{"type", "cell"},
                 {"run_id", cell.run_id},
                 {"tier", cell.tier},
                 {"engine", cell.engine},
                 {"workload", cell.workload},
                 {"workload_hash", cell.workload_hash},
                 {"scale", finite(cell.scale, "scale")},
                 {"phase", cell.phase},
                 {"processes", cell.processes},
                 {"repetition", cell.repetition},
                 {"start", cell.start},
                 {"seed", cell.seed},
                 {"work", work_json(cell.work)},
                 {"ops", cell.ops},
                 {"elapsed_s", finite(cell.elapsed_s, "elapsed_s")},
                 {"ops_per_s", finite(cell.ops_per_s, "ops_per_s")},
                 {"overlap", finite(cell.overlap, "overlap")},
                 {"clock_tick_ns", finite(cell.clock_tick_ns, "clock_tick_ns")}};
  if (!cell.limit.empty()) object["limit"] = cell.limit;
  if (cell.disturbance) object["disturbance"] = disturbance_json(*cell.disturbance);
  if (cell.latency_ns) object["latency_ns"] = latency_json(*cell.latency_ns);
  if (cell.read_latency_ns) object["read_latency_ns"] = latency_json(*cell.read_latency_ns);
  if (cell.write_latency_ns) object["write_latency_ns"] = latency_json(*cell.write_latency_ns);
  Json& workers = object["workers"] = Json::array();
  for (const WorkerRecord& worker : cell.workers) workers.push_back(worker_json(worker));
  object["rusage"] = usage_json(cell.rusage);
  if (cell.server_rusage) object["server_rusage"] = usage_json(*cell.server_rusage);
  object["memory"] = memory_json(cell.memory);
  object["verified_keys"] = cell.verified_keys;
  object["verified"] = cell.verified;
  object["status"] = cell.status;
  object["engine_facts"] = facts_json(cell.engine_facts);
  return object;
}

Json to_json(const TortureRecord& torture) {
  return {{"type", "torture"},
          {"run_id", torture.run_id},
          {"engine", torture.engine},
          {"fault", torture.fault},
          {"processes", torture.processes},
          {"tried", torture.tried},
          {"survived", torture.survived},
          {"operations", torture.operations},
          {"lost", torture.lost},
          {"longest_stall_s", finite(torture.longest_stall_s, "longest_stall_s")},
          {"bytes_left_per_kill", finite(torture.bytes_left_per_kill, "bytes_left_per_kill")},
          {"elapsed_s", finite(torture.elapsed_s, "elapsed_s")},
          {"found", torture.found},
          {"status", torture.status},
          {"facts", facts_json(torture.facts)}};
}

Json to_json(const CheckRecord& check) {
  return {{"type", "check"},
          {"run_id", check.run_id},
          {"engine", check.engine},
          {"promise", check.promise},
          {"processes", check.processes},
          {"keys", check.keys},
          {"operations", check.operations},
          {"open", check.open},
          {"kills", check.kills},
          {"elapsed_s", finite(check.elapsed_s, "elapsed_s")},
          {"verdict", check.verdict}};
}

RunRecord run_from_json(const Json& object) {
  const Fields fields(object, "");
  RunRecord run;
  fields.required("schema", run.schema);
  if (run.schema != kRecordSchema) {
    throw RecordError(fmt::format("schema version {}, but this dictbench reads version {}: use the one that wrote it",
                                  run.schema, kRecordSchema));
  }
  fields.required("run_id", run.run_id);
  fields.required("started", run.started);
  fields.optional("commit", run.commit);
  fields.optional("dirty", run.dirty);
  fields.optional("compiler", run.compiler);
  fields.optional("flags", run.flags);
  fields.optional("build_type", run.build_type);
  fields.optional("versions", run.versions);
  fields.optional("host", run.host);
  fields.optional("options", run.options);
  fields.optional("seed", run.seed);
  fields.optional("warnings", run.warnings);
  return run;
}

CellRecord cell_from_json(const Json& object) {
  const Fields fields(object, "");
  CellRecord cell;
  fields.required("run_id", cell.run_id);
  fields.optional("tier", cell.tier);
  fields.required("engine", cell.engine);
  fields.required("workload", cell.workload);
  fields.optional("workload_hash", cell.workload_hash);
  fields.optional("scale", cell.scale);
  fields.required("phase", cell.phase);
  fields.required("processes", cell.processes);
  fields.required("repetition", cell.repetition);
  fields.optional("start", cell.start);
  fields.optional("seed", cell.seed);
  fields.optional("work", cell.work);
  fields.required("ops", cell.ops);
  fields.required("elapsed_s", cell.elapsed_s);
  fields.required("ops_per_s", cell.ops_per_s);
  fields.optional("overlap", cell.overlap);
  fields.optional("clock_tick_ns", cell.clock_tick_ns);
  fields.optional("limit", cell.limit);
  fields.optional("disturbance", cell.disturbance);
  fields.optional("latency_ns", cell.latency_ns);
  fields.optional("read_latency_ns", cell.read_latency_ns);
  fields.optional("write_latency_ns", cell.write_latency_ns);
  fields.optional("workers", cell.workers);
  fields.optional("rusage", cell.rusage);
  fields.optional("server_rusage", cell.server_rusage);
  fields.optional("memory", cell.memory);
  fields.optional("verified_keys", cell.verified_keys);
  fields.required("verified", cell.verified);
  fields.required("status", cell.status);
  fields.optional("engine_facts", cell.engine_facts);
  return cell;
}

TortureRecord torture_from_json(const Json& object) {
  const Fields fields(object, "");
  TortureRecord torture;
  fields.required("run_id", torture.run_id);
  fields.required("engine", torture.engine);
  fields.required("fault", torture.fault);
  fields.optional("processes", torture.processes);
  fields.required("tried", torture.tried);
  fields.required("survived", torture.survived);
  fields.optional("operations", torture.operations);
  fields.optional("lost", torture.lost);
  fields.optional("longest_stall_s", torture.longest_stall_s);
  fields.optional("bytes_left_per_kill", torture.bytes_left_per_kill);
  fields.optional("elapsed_s", torture.elapsed_s);
  fields.optional("found", torture.found);
  fields.required("status", torture.status);
  fields.optional("facts", torture.facts);
  return torture;
}

CheckRecord check_from_json(const Json& object) {
  const Fields fields(object, "");
  CheckRecord check;
  fields.required("run_id", check.run_id);
  fields.required("engine", check.engine);
  fields.required("promise", check.promise);
  fields.optional("processes", check.processes);
  fields.optional("keys", check.keys);
  fields.required("operations", check.operations);
  fields.optional("open", check.open);
  fields.optional("kills", check.kills);
  fields.optional("elapsed_s", check.elapsed_s);
  fields.required("verdict", check.verdict);
  return check;
}

}  // namespace dictbench
