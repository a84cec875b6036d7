// Measures a gate's cells by running `PROGRAM run` for one repetition: a fresh process, a fresh segment, one datum.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "engines/shm/private_directory.h"
#include "harness/gate/binary.h"
#include "harness/gate/measurer.h"
#include "results/record.h"

namespace dictbench {

// The two programs cannot be compared here: one line with the reason.
class Unfit : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ProgramOptions {
  Binary base, head;
  std::vector<std::string> base_plugins, head_plugins;  // shared objects with engines
  std::chrono::seconds limit{300};                      // for one run
  std::uint64_t seed = 1;                               // of what must not matter: the size of the environment
};

// Each run gets an environment of another size: where a program's stack lies changes its speed by several percent
// (Mytkowicz et al., Producing Wrong Data Without Doing Anything Obviously Wrong, 2009), and would else be the same
// in all runs of one side.
class ProgramMeasurer : public Measurer {
 public:
  explicit ProgramMeasurer(ProgramOptions options);

  // Throws Unfit when base and head turn out to be built differently, std::invalid_argument when the base's plugins do
  // not load or lack the engine, and Interrupted.
  GateRun measure(const GateCell& cell, Side side) override;

  // What the programs said of themselves; nothing before their first run.
  const std::optional<RunRecord>& told(Side side) const { return side == Side::base ? base_ : head_; }

 private:
  void remember(Side side, const RunRecord& run);

  ProgramOptions options_;
  PrivateDirectory folder_;
  std::mt19937_64 random_;
  std::optional<RunRecord> base_, head_;
};

}  // namespace dictbench
