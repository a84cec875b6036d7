// What the tests of `dictbench choose` share: made-up engines and workloads, records by speed, an answer's parts by
// engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/choose/choose.h"
#include "tests/results/record_builder.h"

namespace dictbench::testing {

inline constexpr const char* kHost = "intel-xeon-2.50ghz-2-cores";

// 95 % gets over a million keys of 10 bytes; the workload "half" half of each, "adds" counters, "sizes" gets of many
// short values and of few long ones.
inline std::optional<PhaseTraits> phase_of(const CellRecord& cell, const RunRecord*) {
  PhaseTraits traits;
  traits.keys = static_cast<std::uint64_t>(1e6 * cell.scale);
  traits.value_bytes = 10;
  if (cell.workload == "get-uniform") {
    traits.gets = 0.95;
    traits.sets = 0.05;
  } else if (cell.workload == "half") {
    traits.gets = traits.sets = 0.5;
    traits.value_bytes = 1000;
  } else if (cell.workload == "adds") {
    traits.adds = 1;
  } else if (cell.workload == "large") {
    (cell.phase == "get" ? traits.gets : traits.sets) = 1;
  } else if (cell.workload == "sizes") {
    traits.gets = 1;
    traits.keys = cell.phase == "few" ? 4 : 400'000;
    traits.value_bytes = cell.phase == "few" ? 1 << 20 : 10;
  } else if (cell.workload == "open") {
    traits.gets = 0.95;
    traits.sets = 0.05;
    traits.arrival_rate = cell.phase == "slow" ? 10'000 : 100'000;
  } else {
    return std::nullopt;
  }
  return traits;
}

// "fast", "safe" and "durable?sync=full" promise what their names say; "alone" is not shared, "null" does nothing,
// "small" has room for short values, "sparse" for few keys.
inline std::optional<EnginePromises> engine_of(const std::string& spec) {
  if (spec == "unknown") return std::nullopt;
  EnginePromises engine;
  engine.spec = spec;
  engine.largest_value = 1 << 20;
  engine.declared = {Guarantee::shared, Guarantee::linearizable, Guarantee::atomic_add};
  if (spec.starts_with("safe")) engine.declared.insert(Guarantee::survives_kill);
  if (spec == "durable?sync=full") engine.declared.insert(Guarantee::durable);
  if (spec == "alone") engine.declared.erase(Guarantee::shared);
  if (spec == "small") engine.largest_value = 16;
  if (spec == "sparse") engine.most_items = 100;
  engine.stores = spec != "null";
  return engine;
}

inline Knowledge knowledge() {
  Knowledge known;
  known.phase = phase_of;
  known.engine = engine_of;
  known.candidates = [](const Requirements&) {
    return std::vector<EnginePromises>{*engine_of("fast"), *engine_of("safe"), *engine_of("durable"),
                                       *engine_of("durable?sync=full")};
  };
  known.standard_phases = [] {
    return std::vector<StandardPhase>{{"get-uniform", "run", *phase_of(make_cell("fast", 1), nullptr)}};
  };
  return known;
}

inline RecordFile records_of(std::vector<CellRecord> cells = {}) { return {{make_run()}, std::move(cells), {}, {}}; }

// Nine repetitions around this speed, enough to tell several engines apart; `wobble` moves each by so much, in its own
// way.
inline void add(RecordFile& records, const std::string& engine, double speed, double wobble = 0,
                const std::string& workload = "get-uniform", double scale = 1) {
  constexpr double kMoves[] = {-1, 1, -0.5, 0.5, 0, -0.75, 0.75, -0.25, 0.25};
  for (unsigned i = 0; i < 9; ++i) {
    records.cells.push_back(make_cell(engine, speed + wobble * kMoves[i], i));
    records.cells.back().workload = workload;
    records.cells.back().scale = scale;
  }
}

inline void add_phase(RecordFile& records, const std::string& engine, double speed, const std::string& workload,
                      const std::string& phase) {
  const std::size_t first = records.cells.size();
  add(records, engine, speed, 0, workload);
  for (std::size_t i = first; i < records.cells.size(); ++i) records.cells[i].phase = phase;
}

inline void add_torture(RecordFile& records, const std::string& engine, const std::string& fault,
                        const std::string& status) {
  TortureRecord torture;
  torture.run_id = "run-1";
  torture.engine = engine;
  torture.fault = fault;
  torture.tried = 100;
  torture.survived = status == "ok" ? 100 : 99;
  torture.lost = status.find("lost") == std::string::npos ? 0 : 3;
  torture.status = status;
  records.tortures.push_back(torture);
}

inline std::vector<std::string> names(const Choice& choice) {
  std::vector<std::string> all;
  for (const Fit& fit : choice.fits) all.push_back(fit.engine);
  return all;
}

inline std::string why_not(const Choice& choice, const std::string& engine) {
  for (const Excluded& excluded : choice.excluded) {
    std::string all;
    if (excluded.engine != engine) continue;
    for (const std::string& reason : excluded.reasons) all += (all.empty() ? "" : "; ") + reason;
    return all;
  }
  return "not excluded";
}

inline std::string commands_for(const Choice& choice, const std::string& engine) {
  std::string all;
  for (const Uncovered& uncovered : choice.uncovered)
    if (uncovered.engine == engine)
      for (const std::string& command : uncovered.commands) all += command + "\n";
  return all;
}

inline Choice ask(const RecordFile& records, const Requirements& asked = {}) {
  return choose_engines(records, kHost, asked, knowledge());
}

}  // namespace dictbench::testing
