#include "harness/gate/trials.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <optional>
#include <thread>

#include "harness/driver/child_process.h"
#include "harness/gate/program_measurer.h"
#include "harness/gate/simulated.h"
#include "results/gate/figures.h"
#include "results/statistics/statistics.h"

namespace dictbench {
namespace {

// Programs that do nothing but take processor time, one for each processor, as long as this object lives.
class Hogs {
 public:
  Hogs() {
    for (unsigned i = 0; i < std::max(std::thread::hardware_concurrency(), 1U); ++i)
      pids_.push_back(fork_child([]() -> int {
        for (std::uint64_t turns = 0;; ++turns) asm volatile("" : "+r"(turns));
      }));
  }
  ~Hogs() {
    for (const pid_t pid : pids_) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }
  Hogs(const Hogs&) = delete;
  Hogs& operator=(const Hogs&) = delete;

 private:
  std::vector<pid_t> pids_;
};

// Measures as another does, with hogs beside the head's runs.
class DisturbedMeasurer : public Measurer {
 public:
  explicit DisturbedMeasurer(Measurer& measurer) : measurer_(measurer) {}
  GateRun measure(const GateCell& cell, Side side) override {
    std::optional<Hogs> hogs;
    if (side == Side::head) hogs.emplace();
    return measurer_.measure(cell, side);
  }

 private:
  Measurer& measurer_;
};

// The smallest slowdown that the gate called visible in any of its times.
double visible_of(const GateResult& result) {
  double visible = 0;
  for (const GateRecord& figure : result.figures)
    if (figure.figure == kTime && !figure.looks.empty() && (visible == 0 || figure.looks[0].visible < visible))
      visible = figure.looks[0].visible;
  return visible;
}

// How many nanoseconds each operation must take longer so that the first of the times grows to what was visible of it.
std::uint64_t visible_ns(const GateResult& result) {
  double least = 0;
  for (const GateRecord& figure : result.figures) {
    if (figure.figure != kTime || figure.looks.empty()) continue;
    // The figure is of all processes together; each of them is to be held up.
    const double ns = figure.looks[0].visible * median(figure.looks[0].base) * figure.processes;
    least = least == 0 ? ns : std::min(least, ns);
  }
  return static_cast<std::uint64_t>(std::ceil(least));
}

class Trials {
 public:
  Trials(const TrialPlan& plan, const TrialDone& done) : plan_(plan), done_(done) {}

  void simulate() {
    const std::vector<NoiseModel>& models = noise_models();
    for (unsigned i = 0; i < plan_.simulated; ++i) {
      const NoiseModel& noise = models[i % models.size()];
      const double visible = visible_of(simulated(kUnchanged, noise, 4, 0, 0));
      if (i % 3 != 0) continue;
      simulated(kVisible, noise, 1, visible, 0);
      simulated(kTwice, noise, 1, 2 * visible, 0);
      simulated(kOneSided, noise, 1, 0, 1.0);
      simulated(kQuicker, noise, 1, -0.1, 0);
    }
  }

  void measure() {
    ProgramMeasurer programs(
        {.base = this_binary(), .head = this_binary(), .plugins = {}, .limit = plan_.limit, .seed = plan_.seed});
    DisturbedMeasurer disturbed(programs);
    for (unsigned i = 0; i < plan_.real; ++i) {
      const GateResult unchanged = measured(kUnchanged, programs, 0, 0, 0);
      if (i % 2 != 0) continue;
      const double visible = visible_of(unchanged);
      const std::uint64_t ns = visible_ns(unchanged);
      measured(kVisible, programs, 0, ns, visible);
      measured(kTwice, programs, 0, 2 * ns, 2 * visible);
      measured(kOneSided, disturbed, 0, 0, 0);
      measured(kQuicker, programs, ns, 0, -visible);
    }
  }

 private:
  GateOptions options() {
    GateOptions options;
    options.margin = plan_.margin;
    options.seed = plan_.seed + ++gates_;
    options.pairs = kTrialPairs;
    return options;
  }

  GateResult simulated(const char* trial, const NoiseModel& noise, unsigned cells, double slowdown, double one_sided) {
    const GateOptions chosen = options();
    SimulatedMeasurer measurer(noise, chosen.seed, slowdown, one_sided);
    std::vector<GateCell> gated;
    for (unsigned i = 1; i <= cells; ++i) gated.push_back({"simulated", "simulated", fmt::format("cell {}", i), 1, 1});
    return finished(run_gate(gated, measurer, chosen), trial, slowdown, noise.name);
  }

  GateResult measured(const char* trial, Measurer& measurer, std::uint64_t base_ns, std::uint64_t head_ns,
                      double injected) {
    std::string engine;
    for (const char c : plan_.engine) c == '&' ? engine.append("%26") : engine.append(1, c);
    const auto slowed = [&](std::uint64_t ns) { return fmt::format("slow?engine={}&ns={}", engine, ns); };
    const GateCell cell{slowed(base_ns), slowed(head_ns), plan_.workload, plan_.processes, plan_.scale};
    return finished(run_gate({cell}, measurer, options()), trial, injected, "this machine");
  }

  GateResult finished(GateResult result, const char* trial, double injected, const std::string& noise) {
    std::vector<GateRecord> figures = result.figures;
    for (GateRecord& figure : figures) {
      figure.gate = gates_;
      figure.trial = trial;
      figure.injected = injected;
      figure.base = figure.head = noise;
    }
    done_(std::move(figures));
    return result;
  }

  static constexpr std::size_t kTrialPairs = 20;

  const TrialPlan& plan_;
  const TrialDone& done_;
  unsigned gates_ = 0;
};

}  // namespace

void run_trials(const TrialPlan& plan, const TrialDone& done) {
  Trials trials(plan, done);
  trials.simulate();
  trials.measure();
}

}  // namespace dictbench
