#include "harness/gate/simulated.h"

#include <cmath>
#include <functional>

#include "results/gate/figures.h"

namespace dictbench {

const std::vector<NoiseModel>& noise_models() {
  static const std::vector<NoiseModel> models{
      {.name = "normal", .scatter = 0.05},
      {.name = "skewed", .scatter = 0.01, .tail = 0.08},
      {.name = "drifting", .scatter = 0.03, .drift = 0.05},
      {.name = "spiky", .scatter = 0.03, .spike_share = 0.15},
      {.name = "all of these", .scatter = 0.03, .tail = 0.03, .drift = 0.03, .spike_share = 0.1},
  };
  return models;
}

SimulatedMeasurer::SimulatedMeasurer(NoiseModel noise, std::uint64_t seed, double slowdown, double one_sided)
    : noise_(std::move(noise)), random_(seed), slowdown_(slowdown), one_sided_(one_sided) {}

GateRun SimulatedMeasurer::measure(const GateCell& cell, Side side) {
  const auto normal = [&](double deviation) { return deviation * std::normal_distribution<>()(random_); };
  const auto exponential = [&](double mean) { return mean * std::exponential_distribution<>()(random_); };
  drift_ = noise_.memory * drift_ + normal(noise_.drift);
  double logarithm = drift_ + normal(noise_.scatter) + exponential(noise_.tail);
  if (std::uniform_real_distribution<>()(random_) < noise_.spike_share)
    logarithm += std::log(std::uniform_real_distribution<>(1.5, 3.0)(random_));
  const double beside = side == Side::head ? exponential(one_sided_) : 0;
  logarithm += beside;
  if (side == Side::head) logarithm += std::log1p(slowdown_);
  // Each workload has a time of its own, so that a mix-up of cells would show.
  const double time = 100 + static_cast<double>(std::hash<std::string>{}(cell.workload) % 900);
  GateRun run;
  run.workload = cell.workload;
  run.workload_hash = "simulated";
  run.wall_s = 1;
  run.others = 1 - std::exp(-beside);
  run.phases = {{"simulated", {{kTime, time * std::exp(logarithm)}}}};
  return run;
}

}  // namespace dictbench
