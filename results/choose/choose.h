// The choice behind `dictbench choose`: from what is asked and what was measured to engines that fit, engines that do
// not and why, and what no record covers.
//
// A pure function of records, requirements and what the caller tells of engines and workloads: no clock, no file.
// All engines are judged by one situation (workload, phase, number of processes): the one nearest to the need in
// which a shared engine was measured. No engine is recommended that lost data, was unverified or invalid anywhere in
// that workload on that host, with whatever number of processes. Choice points into the RecordFile, which must
// outlive it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "results/choose/evidence.h"
#include "results/choose/knowledge.h"
#include "results/choose/requirements.h"
#include "results/choose/situation.h"
#include "results/tables/series.h"

namespace dictbench {

struct Figures {
  double ops_per_s = 0;
  std::optional<std::pair<double, double>> interval;  // of ops_per_s; absent with one repetition
  std::size_t repetitions = 0;
  std::optional<double> p99_ns;
  std::optional<double> bytes_per_item;          // with values of the asked size
  bool bytes_estimated = false;                  // measured with values of another size, the difference added
  std::optional<double> voluntary, involuntary;  // context switches per 1,000 operations
};

struct Fit {
  std::string engine;
  Figures figures;
  double scale = 1;
  std::uint64_t keys = 0;       // that it was measured with
  std::string unavailable;      // why this machine cannot use it; empty: it can
  bool fewer_keys = false;      // than the engines before it: its figures owe something to the caches
  bool not_separated = false;   // from the best: the paired interval of their ratio holds 1
  std::optional<double> ratio;  // to the best, paired by round
  std::vector<std::pair<Guarantee, PromiseFound>> promises;  // those asked for
  const Series* series = nullptr;
};

struct Excluded {
  std::string engine;
  std::vector<std::string> reasons;  // at least one
};

struct Uncovered {
  std::string engine;  // one spec, or "all that fit"
  std::string what;    // "8 processes: 2 were measured"
  std::vector<std::string> commands;
};

struct Choice {
  Requirements asked;
  std::set<Guarantee> must;  // what was asked for and what that implies: sharing, scans in order, counters
  std::string host;          // whose records were used; empty: there are none
  std::string workload;      // of the situation; empty: no record is of the asked kind
  std::string phase;
  unsigned processes = 0;
  PhaseTraits traits;  // at the largest scale
  std::vector<std::string> extrapolated;
  std::vector<Fit> fits;  // the best first
  std::vector<Excluded> excluded;
  std::vector<Uncovered> uncovered;
  std::vector<const RunRecord*> runs;  // of the situation

  // Keeps what `fits` points to.
  std::vector<Block> blocks;
};

// `host`: host_name() of the machine whose cells count. `workload_file`: what the commands call a file of one's own.
Choice choose_engines(const RecordFile& records, const std::string& host, const Requirements& asked,
                      const Knowledge& knowledge, const std::string& workload_file = "need.toml");

// Hosts that have cells of the C++ tier, the one with the most of them first.
std::vector<std::string> hosts_with_cells(const RecordFile& records);

}  // namespace dictbench
