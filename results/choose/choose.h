// The choice behind `dictbench choose`: from what is asked and what was measured to engines that fit, engines that do
// not and why, and what no record covers.
//
// A pure function of records, requirements and what the caller tells of engines and workloads: no clock, no file.
// All engines are judged by one situation (basis.h): the phase, or the two phases, and the number of processes nearest
// to the need in which a shared engine was measured. No engine is recommended that lost data, was unverified or invalid
// anywhere in that workload on that host, with whatever number of processes. Choice points into the RecordFile, which
// must outlive it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "results/choose/basis.h"
#include "results/choose/evidence.h"
#include "results/choose/figures.h"
#include "results/choose/knowledge.h"
#include "results/choose/requirements.h"
#include "results/choose/situation.h"
#include "results/tables/series.h"

namespace dictbench {

struct Fit {
  std::string engine;
  Figures figures;
  std::string unavailable;      // why this machine cannot use it; empty: it can
  bool not_separated = false;   // from the best: the paired interval of their ratio holds 1, or rounds are too few
  bool other_run = false;       // than the best's, so that nothing can be said of the two
  std::optional<double> ratio;  // to the best, paired by round
  std::vector<std::pair<Guarantee, PromiseFound>> promises;  // those asked for
  Basis basis, open_loop;
};

struct Excluded {
  std::string engine;
  std::vector<std::string> reasons;  // at least one
};

// Would fit if figures that no record tells lie within their limits.
struct Undecided {
  std::string engine;
  std::vector<std::string> reasons;  // at least one
  bool latency = false;              // one of them is that there is no p99
};

struct Uncovered {
  std::string engine;  // one spec, or "all that fit"
  std::string what;    // "8 processes: 2 were measured"
  std::vector<std::string> commands;
};

struct Choice {
  Choice() = default;
  Choice(Choice&&) = default;  // `fits` points into `blocks`, so a copy would point into the other's
  Choice& operator=(Choice&&) = default;

  Requirements asked;
  std::set<Guarantee> must;  // what was asked for and what that implies: sharing, scans in order, counters
  std::string host;          // whose records were used; empty: there are none
  std::string workload;      // of the situation; empty: no record is of the asked kind
  std::string phase;         // "get", "update and get"
  bool reckoned = false;     // between two phases
  Conditions conditions;
  double scale = 1;
  PhaseTraits traits;
  std::string open_loop_workload, open_loop_phase;  // where latencies are from; empty: the closed loop
  PhaseTraits open_loop_traits;
  double level = 0;  // of each comparison with the best
  std::vector<std::string> extrapolated;
  std::vector<Fit> fits;  // the best first
  std::vector<Excluded> excluded;
  std::vector<Undecided> undecided;
  std::vector<Uncovered> uncovered;
  std::vector<const RunRecord*> runs;  // of the situation
  std::vector<Block> blocks;           // keeps what `fits` points to
};

// `host`: host_name() of the machine whose cells count. `workload_file`: what the commands call a file of one's own.
Choice choose_engines(const RecordFile& records, const std::string& host, const Requirements& asked,
                      const Knowledge& knowledge, const std::string& workload_file = "need.toml");

// Hosts that have cells of the C++ tier, the one with the most of them first.
std::vector<std::string> hosts_with_cells(const RecordFile& records);

}  // namespace dictbench
