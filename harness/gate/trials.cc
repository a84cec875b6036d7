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

// How many nanoseconds each operation must take longer so that the first of the times grows to what was visible of it.
std::uint64_t visible_ns(const GateResult& result) {
  double least = 0;
  for (const GateRecord& figure : result.figures) {
    if (figure.figure != kTime || figure.looks.empty()) continue;
    // As slowdown_of_delays(), the other way round.
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
      simulated(kUnchanged, noise, 4, 0, 0);
      if (i % 3 != 0) continue;
      const double visible = visible_alone(noise);
      simulated(kVisible, noise, 1, visible, 0);
      simulated(kTwice, noise, 1, 2 * visible, 0);
      simulated(kOneSided, noise, 1, 0, 1.0);
      simulated(kQuicker, noise, 1, -0.1, 0);
    }
  }

  void measure() {
    ProgramMeasurer programs({.base = this_binary(),
                              .head = this_binary(),
                              .base_plugins = {},
                              .head_plugins = {},
                              .limit = plan_.limit,
                              .seed = plan_.seed});
    DisturbedMeasurer disturbed(programs);
    for (unsigned i = 0; i < plan_.real; ++i) {
      const GateResult unchanged = measured(kUnchanged, programs, 0, 0);
      if (i % 2 != 0) continue;
      const std::uint64_t ns = visible_ns(unchanged);
      measured(kVisible, programs, 0, ns);
      measured(kTwice, programs, 0, 2 * ns);
      measured(kOneSided, disturbed, 0, 0);
      measured(kQuicker, programs, ns, 0);
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

  static GateResult gate_simulated(const NoiseModel& noise, unsigned cells, double slowdown, double one_sided,
                                   const GateOptions& chosen) {
    SimulatedMeasurer measurer(noise, chosen.seed, slowdown, one_sided);
    std::vector<GateCell> gated;
    for (unsigned i = 1; i <= cells; ++i) gated.push_back({"simulated", "simulated", fmt::format("cell {}", i), 1, 1});
    return run_gate(gated, measurer, chosen);
  }

  void simulated(const char* trial, const NoiseModel& noise, unsigned cells, double slowdown, double one_sided) {
    finished(gate_simulated(noise, cells, slowdown, one_sided, options()), trial, noise.name,
             [&](const GateRecord&) { return slowdown; });
  }

  // What a gate over one cell calls visible: with more cells each look may err less often, and sees less.
  double visible_alone(const NoiseModel& noise) {
    return gate_simulated(noise, 1, 0, 0, options()).figures[0].looks[0].visible;
  }

  GateResult measured(const char* trial, Measurer& measurer, std::uint64_t base_ns, std::uint64_t head_ns) {
    std::string engine;
    for (const char c : plan_.engine) c == '&' ? engine.append("%26") : engine.append(1, c);
    const auto slowed = [&](std::uint64_t ns) { return fmt::format("slow?engine={}&ns={}", engine, ns); };
    const GateCell cell{slowed(base_ns), slowed(head_ns), plan_.workload, plan_.processes, plan_.scale};
    return finished(run_gate({cell}, measurer, options()), trial, "this machine", [&](const GateRecord& figure) {
      return figure.figure == kTime && !figure.looks.empty()
                 ? slowdown_of_delays(base_ns, head_ns, median(figure.looks[0].base), figure.processes)
                 : 0;
    });
  }

  GateResult finished(GateResult result, const char* trial, const std::string& noise,
                      const std::function<double(const GateRecord&)>& injected) {
    std::vector<GateRecord> figures = result.figures;
    for (GateRecord& figure : figures) {
      figure.gate = gates_;
      figure.trial = trial;
      figure.injected = injected(figure);
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

double slowdown_of_delays(std::uint64_t base_ns, std::uint64_t head_ns, double base_time_ns, unsigned processes) {
  return (static_cast<double>(head_ns) - static_cast<double>(base_ns)) / (base_time_ns * processes);
}

void run_trials(const TrialPlan& plan, const TrialDone& done) {
  Trials trials(plan, done);
  trials.simulate();
  trials.measure();
}

}  // namespace dictbench
