// What an engine did in the situation, and which of the limits that are asked for it keeps.
//
// A limit is missed, or kept, only where a record says so. Where values, processes or the rate were other ones, a
// figure may lie on either side of it: then the engine neither fits nor is excluded. Pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "results/choose/basis.h"
#include "results/choose/requirements.h"

namespace dictbench {

struct Figures {
  double ops_per_s = 0;
  std::optional<std::pair<double, double>> interval;  // of ops_per_s; absent with one repetition
  std::size_t repetitions = 0;
  std::optional<double> p99_ns;                  // between two phases the larger
  double least_p99_ns = 0;                       // and the smaller
  std::optional<double> bytes_per_item;          // with values of the asked size
  bool bytes_estimated = false;                  // measured with values of another size, the difference added
  std::pair<double, double> bytes_range;         // within which it lies with the asked values and processes
  std::optional<double> voluntary, involuntary;  // context switches per 1,000 operations
};

// Under which they were measured.
struct Conditions {
  unsigned processes = 0;
  double open_loop_rate = 0;  // of the latencies, operations a second; 0: they are those of the closed loop
};

Figures figures_of(const Basis& basis, const Basis& open_loop, const Conditions& conditions, const Requirements& asked);

struct Limits {
  std::vector<std::string> missed;   // "p99 5.00 ms > 2.00 us"
  std::vector<std::string> unknown;  // "bytes per item not measured"
  bool latency_unknown = false;      // one of the unknown ones is that there is no p99
};

// `no_latency`: why there is no p99, where that is known.
Limits judge_limits(const Figures& figures, const Conditions& conditions, const Requirements& asked,
                    const std::string& no_latency);

}  // namespace dictbench
