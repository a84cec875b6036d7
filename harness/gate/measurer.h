// What a gate measures, and the interface behind which it is measured: by running a program, or by simulating one.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace dictbench {

enum class Side { base, head };

// One engine under one workload, as both sides run it.
struct GateCell {
  std::string engine;       // spec text of the base side
  std::string head_engine;  // of the head's; mostly the same
  std::string workload;     // name or file
  unsigned processes = 1;
  double scale = 1;
};

// What one run told of one phase, by the figure's name (results/gate/figures.h).
struct PhaseFigures {
  std::string phase;
  std::map<std::string, double> figures;
};

// One run of one side: a fresh process, a fresh segment.
struct GateRun {
  std::vector<PhaseFigures> phases;
  std::string workload, workload_hash;  // name and hash, as the record says
  double wall_s = 0;                    // the whole run, as the budget counts it
  double others = 0;                    // share of the machine that other programs took meanwhile, 0..1
  std::string wrong;                    // why it is no result: data lost, a worker died; empty: it is one
  bool faulty = false;                  // `wrong` is the engine's fault: it lost data, or a worker died
};

class Measurer {
 public:
  Measurer() = default;
  Measurer(const Measurer&) = delete;
  Measurer& operator=(const Measurer&) = delete;
  virtual ~Measurer() = default;

  virtual GateRun measure(const GateCell& cell, Side side) = 0;
};

}  // namespace dictbench
