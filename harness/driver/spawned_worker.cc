#include "harness/driver/spawned_worker.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/driver/worker.h"

namespace dictbench {
namespace {

// The driver's workload, read again from its file: the same but for what a run chooses for itself.
Workload read_workload(const nlohmann::json& json) {
  Workload workload = load_workload(json.at("workload"), json.at("scale"));
  workload.seed = json.at("seed");
  for (std::size_t phase = 0; phase < workload.phases.size(); ++phase) {
    workload.phases[phase].seconds = json.at("seconds").at(phase);
    workload.phases[phase].limit = json.at("limits").at(phase);
  }
  const Workload again = with_seed(load_workload(json.at("workload"), json.at("scale")), json.at("run_seed"));
  if (again.hash != json.at("hash").get<std::uint64_t>())
    throw std::runtime_error(fmt::format("{} has changed since the run began", workload.file));
  return workload;
}

}  // namespace

void write_config(ControlPage& page, const Cell& cell, const Workload& workload, const std::string& address,
                  const std::vector<std::string>& plugins) {
  nlohmann::json json{{"engine", cell.engine->spec.text()},
                      {"workload", workload.file},
                      {"scale", workload.scale},
                      {"processes", cell.processes},
                      {"seed", workload.seed},
                      {"run_seed", cell.workload->seed},
                      {"hash", workload.hash},
                      {"address", address},
                      {"plugins", plugins}};
  for (const Phase& phase : workload.phases) {
    json["seconds"].push_back(phase.seconds);
    json["limits"].push_back(phase.limit);
  }
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
    const auto json = nlohmann::json::parse(std::string_view(control->config, control->config_length));
    for (const std::string plugin : json.at("plugins")) load_engine_plugin(plugin);
    const Workload workload = read_workload(json);
    const BoundEngine engine(json.at("engine"));
    const std::string address = json.at("address");
    return run_worker(*control, {workload, engine.contract, sharing_of(engine.contract), worker, json.at("processes"),
                                 engine.batch, [&] { return engine.description.attach(engine.spec, address); }});
  } catch (const std::exception& error) {
    fail_with(control->workers[worker], error.what());
    ring_driver(*control);
    return 1;
  }
}

}  // namespace dictbench
