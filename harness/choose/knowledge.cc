#include "harness/choose/knowledge.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "engines/registry.h"
#include "harness/driver/plan.h"
#include "workloads/workload.h"

namespace dictbench {
namespace {

namespace fs = std::filesystem;

std::string special_of(const Phase& phase) {
  if (phase.batch > 1) return fmt::format("batches of {}", phase.batch);
  if (phase.writers > 0) return "some processes only read";
  if (phase.mix.get_absent > 0) return "keys that are not there";
  if (phase.start != Start::together) return "one process runs before the others";
  return "";
}

// Two phases with the same text use their keys equally often.
std::string distribution_of(const DistributionSpec& distribution) {
  switch (distribution.kind) {
    case DistributionKind::sequential:
    case DistributionKind::uniform: return "uniform";
    case DistributionKind::zipfian: return fmt::format("zipfian {:g}", distribution.exponent);
    case DistributionKind::latest: return fmt::format("latest {:g}", distribution.exponent);
    case DistributionKind::hotspot:
      return fmt::format("hotspot {:g} {:g}", distribution.hot_keys, distribution.hot_operations);
  }
  return "";
}

double mean_bytes(const ValueSpec& values) {
  double sum = 0, weights = 0;
  for (const SizeChoice& choice : values.sizes) {
    sum += static_cast<double>(choice.bytes) * choice.weight;
    weights += choice.weight;
  }
  return weights > 0 ? sum / weights : 0;
}

PhaseTraits traits_of(const Workload& workload, const Phase& phase) {
  const Mix& mix = phase.mix;
  const double all = mix.sum();
  return {
      .gets = (mix.get + mix.get_absent) / all,
      .scans = mix.scan / all,
      .sets = mix.set / all,
      .inserts = mix.insert / all,
      .erases = mix.erase / all,
      .adds = mix.add / all,
      .read_modify_writes = mix.read_modify_write / all,
      .value_bytes = mean_bytes(phase.values),
      .keys = touched_keys(workload, phase),
      .every_key_by_all = phase.share == Share::all,
      .memory_is_its_own = std::ranges::all_of(
          workload.phases, [&](const Phase& other) { return mean_bytes(other.values) == mean_bytes(phase.values); }),
      .alone = workload.phases.size() == 1,
      .arrival_rate = phase.arrival_rate,
      .distribution = distribution_of(phase.distribution),
      .special = special_of(phase)};
}

// Files that a workload's name in a record may mean; under earlier/ they lie as they were before a change.
class WorkloadFiles {
 public:
  explicit WorkloadFiles(const std::vector<std::string>& own) {
    for (const std::string& file : own) files_.emplace_back(file);
    std::error_code ignored;  // a folder that is not there holds no workload
    std::vector<fs::path> standard;
    for (const auto& entry : fs::recursive_directory_iterator(workload_folder(), ignored))
      if (entry.path().extension() == ".toml") standard.push_back(entry.path());
    std::ranges::sort(standard);
    files_.insert(files_.end(), standard.begin(), standard.end());
  }

  // The workload of that name and hash at that scale; null: none, or another one by now. `seed`: the run's own.
  const Workload* find(const std::string& name, double scale, const std::optional<std::uint64_t>& seed,
                       const std::string& hash) {
    const auto [found, fresh] = loaded_.try_emplace({name, scale, seed});
    if (fresh) {
      for (const fs::path& file : files_)
        if (file.stem() == name) load(file, scale, seed, found->second);
    }
    for (const Workload& workload : found->second)
      if (fmt::format("{:016x}", workload.hash) == hash) return &workload;
    return nullptr;
  }

 private:
  static void load(const fs::path& file, double scale, const std::optional<std::uint64_t>& seed,
                   std::vector<Workload>& workloads) {
    try {
      workloads.push_back(with_seed(load_workload(file.string(), scale), seed));
    } catch (const WorkloadError&) {
      // `dictbench run` tells what is wrong with it; no record of it can be judged.
    }
  }

  std::vector<fs::path> files_;
  std::map<std::tuple<std::string, double, std::optional<std::uint64_t>>, std::vector<Workload>> loaded_;
};

// The seed that a run was given; nothing where each workload had its own.
std::optional<std::uint64_t> seed_of(const RunRecord* run) {
  if (run == nullptr) return std::nullopt;
  for (const auto& [name, value] : run->options) {
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seed);
    if (name == "seed" && error == std::errc() && end == value.data() + value.size()) return seed;
  }
  return std::nullopt;
}

std::set<Guarantee> declared_in(const Contract& contract) {
  std::set<Guarantee> declared;
  const auto add = [&](bool promised, Guarantee promise) {
    if (promised) declared.insert(promise);
  };
  add(contract.shared_between_processes, Guarantee::shared);
  add(contract.survives_killed_writer, Guarantee::survives_kill);
  add(contract.survives_stopped_process, Guarantee::survives_stop);
  add(contract.durable, Guarantee::durable);
  add(contract.consistency == Consistency::linearizable, Guarantee::linearizable);
  add(contract.ordered, Guarantee::ordered);
  add(contract.atomic_add, Guarantee::atomic_add);
  add(!contract.needs_server, Guarantee::no_server);
  add(contract.lists, Guarantee::listing);
  add(contract.binary_keys, Guarantee::binary_keys);
  return declared;
}

std::optional<EnginePromises> promises_of(const std::string& text) {
  try {
    const Spec spec = parse_engine_spec(text);
    const EngineDescription& engine = find_engine(spec.name());
    const Contract contract = engine.contract(spec);
    EnginePromises promises;
    promises.spec = text;
    promises.declared = declared_in(contract);
    promises.shared_by_threads = !contract.shared_between_processes && contract.shared_between_threads;
    promises.largest_value = contract.largest_value;
    promises.most_items = contract.most_items;
    promises.stores = contract.stores;
    if (engine.missing != nullptr) promises.unavailable = engine.missing(spec).value_or("");
    return promises;
  } catch (const SpecError&) {
    return std::nullopt;  // an engine, or an option, that this program does not have
  }
}

// Whether the other promises something that the first does not.
bool promises_more(const EnginePromises& first, const EnginePromises& other) {
  return !std::ranges::includes(first.declared, other.declared);
}

// With one option that gives the engine a promise, or the room, that it lacks as it comes.
void add_variants(const EngineDescription& engine, const EnginePromises& usual, const Requirements& asked,
                  std::vector<EnginePromises>& candidates) {
  const auto try_option = [&](const OptionRule& rule, const std::string& value, auto better) {
    const auto variant = promises_of(fmt::format("{}?{}={}", engine.name, rule.name, value));
    if (variant && better(*variant)) candidates.push_back(*variant);
  };
  for (const OptionRule& rule : engine.options) {
    if (rule.kind == OptionKind::choice) {
      for (const std::string& choice : rule.choices)
        try_option(rule, choice, [&](const EnginePromises& other) { return promises_more(usual, other); });
    } else if (rule.name == "value" && asked.value_bytes && *asked.value_bytes > usual.largest_value) {
      try_option(rule, std::to_string(*asked.value_bytes),
                 [&](const EnginePromises& other) { return other.largest_value > usual.largest_value; });
    } else if (rule.name == "items" && asked.items && *asked.items > usual.most_items) {
      try_option(rule, std::to_string(*asked.items),
                 [&](const EnginePromises& other) { return other.most_items > usual.most_items; });
    }
  }
}

std::vector<EnginePromises> all_candidates(const Requirements& asked) {
  std::vector<EnginePromises> candidates;
  for (const std::string& name : usual_engines()) {
    const auto usual = promises_of(name);
    if (!usual) continue;
    candidates.push_back(*usual);
    add_variants(find_engine(name), *usual, asked, candidates);
  }
  return candidates;
}

std::vector<StandardPhase> all_standard_phases() {
  std::vector<StandardPhase> phases;
  for (const std::string& name : list_workloads()) {
    try {
      const Workload workload = load_workload(name);
      for (const Phase& phase : workload.phases) phases.push_back({name, phase.name, traits_of(workload, phase)});
    } catch (const WorkloadError&) {
      // `dictbench list workloads` tells what is wrong with it; it can measure nothing.
    }
  }
  return phases;
}

}  // namespace

Knowledge knowledge_of(const std::vector<std::string>& files) {
  Knowledge knowledge;
  auto workloads = std::make_shared<WorkloadFiles>(files);
  knowledge.phase = [workloads](const CellRecord& cell, const RunRecord* run) -> std::optional<PhaseTraits> {
    const Workload* workload = workloads->find(cell.workload, cell.scale, seed_of(run), cell.workload_hash);
    if (workload == nullptr) return std::nullopt;
    const auto phase = std::ranges::find(workload->phases, cell.phase, &Phase::name);
    if (phase == workload->phases.end()) return std::nullopt;
    return traits_of(*workload, *phase);
  };
  knowledge.engine = promises_of;
  knowledge.candidates = all_candidates;
  auto standard = std::make_shared<std::optional<std::vector<StandardPhase>>>();
  knowledge.standard_phases = [standard] {
    if (!*standard) *standard = all_standard_phases();
    return **standard;
  };
  return knowledge;
}

}  // namespace dictbench
