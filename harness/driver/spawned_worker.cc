#include "harness/driver/spawned_worker.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/driver/worker.h"

namespace dictbench {
namespace {

WorkerConfig read_config(const ControlPage& page) {
  const auto json = nlohmann::json::parse(std::string_view(page.config, page.config_length));
  WorkerConfig config;
  config.cell = {.engine = json.at("engine"),
                 .workload = json.at("workload"),
                 .scale = json.at("scale"),
                 .processes = json.at("processes")};
  if (json.contains("seed")) config.seed = json.at("seed").get<std::uint64_t>();
  config.address = json.at("address");
  config.plugins = json.at("plugins");
  return config;
}

}  // namespace

void write_config(ControlPage& page, const WorkerConfig& config) {
  nlohmann::json json{{"engine", config.cell.engine}, {"workload", config.cell.workload},
                      {"scale", config.cell.scale},   {"processes", config.cell.processes},
                      {"address", config.address},    {"plugins", config.plugins}};
  if (config.seed) json["seed"] = *config.seed;
  const std::string text = json.dump();
  if (text.size() > sizeof(page.config))
    throw std::length_error("the worker's configuration is too long: use shorter paths");
  std::memcpy(page.config, text.data(), text.size());
  page.config_length = static_cast<std::uint32_t>(text.size());
}

std::vector<std::string> spawn_command() { return {"dictbench", "worker"}; }

int run_spawned_worker(int control_fd, unsigned worker) {
  ControlMapping control(control_fd);
  try {
    const WorkerConfig config = read_config(*control);
    for (const std::string& plugin : config.plugins) load_engine_plugin(plugin);
    const Workload workload = workload_of(config.cell, config.seed);
    const Spec spec = parse_engine_spec(config.cell.engine);
    const EngineDescription& description = find_engine(spec.name());
    const Contract contract = description.contract(spec);
    const unsigned engine_batch = description.batch == nullptr ? 1 : description.batch(spec);
    return run_worker(*control, {workload, contract, sharing_of(contract), worker, config.cell.processes, engine_batch,
                                 [&] { return description.attach(spec, config.address); }});
  } catch (const std::exception& error) {
    fail_with(control->workers[worker], error.what());
    ring_driver(*control);
    return 1;
  }
}

}  // namespace dictbench
