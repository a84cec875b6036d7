// Runs that were never made: times drawn from models of noise, so that the gate itself can be tried out by the
// hundred, without a clock (`dictbench gate-trials`, tests).
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "harness/gate/measurer.h"

namespace dictbench {

// All on the logarithm of the time of a run, so 0.05 is about 5 %.
struct NoiseModel {
  std::string name;
  double scatter = 0;      // normal, a standard deviation, of each run by itself
  double tail = 0;         // mean of an exponential added to each run: interruptions only ever take time
  double drift = 0;        // of the machine, common to both sides: innovation of an AR(1) process per run ...
  double memory = 0.95;    // ... and how much of it the next run keeps
  double spike_share = 0;  // of runs that take 1.5 to 3 times as long
};

// Normal, skewed, drifting, spiky, and all of it together, with the sizes seen on shared virtual machines.
const std::vector<NoiseModel>& noise_models();

class SimulatedMeasurer : public Measurer {
 public:
  // `slowdown`: of the head, 0.1 is 10 %, below 0 a speed-up. `one_sided`: noise added to the head's runs only, the
  // mean of an exponential.
  SimulatedMeasurer(NoiseModel noise, std::uint64_t seed, double slowdown = 0, double one_sided = 0);

  // Tells the time only.
  GateRun measure(const GateCell& cell, Side side) override;

 private:
  NoiseModel noise_;
  std::mt19937_64 random_;
  double slowdown_, one_sided_;
  double drift_ = 0;
};

}  // namespace dictbench
