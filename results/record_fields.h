// Which fields every record has, named once: writing, reading and every refusal follow from these descriptions.
//
// Private to results/ (record_json.cc is the only user). A description tells a visitor its fields in the order in which
// a line has them:
//   type      the line's "type"
//   version   the schema's, required; read before all others, as another schema may have other fields
//   required  a line without it is refused
//   optional  older lines lack it: then the struct keeps its default
//   unless    optional, and left out of the line where the condition holds
// A std::optional without a value is left out always. `Of<Visitor, T>` is `const T` for a visitor that writes.
#pragma once

#include <type_traits>

#include "results/record.h"

namespace dictbench {

template <class Visitor, class T>
using Of = std::conditional_t<Visitor::kWrites, const T, T>;

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, Usage>& usage) {
  fields.required("user_s", usage.user_s);
  fields.required("system_s", usage.system_s);
  fields.optional("minor_faults", usage.minor_faults);
  fields.optional("major_faults", usage.major_faults);
  fields.required("voluntary_switches", usage.voluntary_switches);
  fields.required("involuntary_switches", usage.involuntary_switches);
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, Latency>& latency) {
  fields.optional("p50", latency.p50);
  fields.optional("p90", latency.p90);
  fields.optional("p99", latency.p99);
  fields.optional("p999", latency.p999);
  fields.required("max", latency.max);
  fields.required("samples", latency.samples);
  fields.required("one_in", latency.one_in);
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, WorkerRecord>& worker) {
  fields.required("ops", worker.ops);
  fields.required("start_s", worker.start_s);
  fields.required("end_s", worker.end_s);
  fields.optional("usage", worker.usage);
  fields.optional("max_rss_bytes", worker.max_rss_bytes);
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, Memory>& memory) {
  fields.optional("max_rss_bytes", memory.max_rss_bytes);
  fields.optional("pss_bytes", memory.pss_bytes);
  fields.optional("storage_bytes", memory.storage_bytes);
  fields.optional("storage_length_bytes", memory.storage_length_bytes);
  fields.optional("engine_bytes", memory.engine_bytes);
  fields.optional("items", memory.items);
  fields.optional("empty_bytes", memory.empty_bytes);
  fields.optional("bytes_per_item", memory.bytes_per_item);
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, Work>& work) {
  fields.optional("keys", work.keys);
  fields.optional("key_bytes", work.key_bytes);
  fields.optional("value_bytes", work.value_bytes);
  fields.optional("seconds", work.seconds);
  fields.optional("warm_up_s", work.warm_up_s);
  fields.optional("arrival_rate", work.arrival_rate);
  fields.unless(!work.overwrites, "overwrites", work.overwrites);
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, Disturbance>& disturbance) {
  fields.required("steal_s", disturbance.steal_s);
  fields.required("others_s", disturbance.others_s);
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, RunRecord>& run) {
  fields.type("run");
  fields.version("schema", run.schema);
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
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, CellRecord>& cell) {
  fields.type("cell");
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
  fields.unless(cell.limit.empty(), "limit", cell.limit);
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
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, TortureRecord>& torture) {
  fields.type("torture");
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
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, CheckRecord>& check) {
  fields.type("check");
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
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, GateLook>& look) {
  fields.required("base", look.base);
  fields.required("head", look.head);
  fields.optional("base_others", look.base_others);
  fields.optional("head_others", look.head_others);
  fields.required("slowdown", look.slowdown);
  fields.required("low", look.low);
  fields.required("high", look.high);
  fields.required("visible", look.visible);
  fields.required("flagged", look.flagged);
  fields.unless(look.disturbed.empty(), "disturbed", look.disturbed);
}

template <class Visitor>
void describe(Visitor& fields, Of<Visitor, GateRecord>& gate) {
  fields.type("gate");
  fields.required("run_id", gate.run_id);
  fields.optional("gate", gate.gate);
  fields.unless(gate.trial.empty(), "trial", gate.trial);
  fields.unless(gate.trial.empty(), "injected", gate.injected);
  fields.optional("base", gate.base);
  fields.optional("head", gate.head);
  fields.required("engine", gate.engine);
  fields.unless(gate.head_engine.empty(), "head_engine", gate.head_engine);
  fields.required("workload", gate.workload);
  fields.optional("workload_hash", gate.workload_hash);
  fields.optional("scale", gate.scale);
  fields.required("phase", gate.phase);
  fields.required("processes", gate.processes);
  fields.required("figure", gate.figure);
  fields.optional("margin", gate.margin);
  fields.optional("looks", gate.looks);
  fields.required("verdict", gate.verdict);
}

}  // namespace dictbench
