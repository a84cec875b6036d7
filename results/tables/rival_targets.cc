// Table `lockfree-rivals`: what the engine `lockfree` is to reach.
#include <iterator>
#include <vector>

#include "results/tables/builders.h"
#include "results/tables/targets.h"

namespace dictbench {
namespace {

using enum TargetFigure;

constexpr const char* kOwn = "lockfree";
constexpr const char* kAbsl = "local";  // absl::flat_hash_map, no synchronisation at all
constexpr const char* kCuckoo = "rival-cuckoo";
constexpr const char* kTbb = "rival-tbb";
constexpr const char* kGet = "get-uniform";
constexpr const char* kGetTimed = "get-uniform-1s";  // what is a hundred times slower gets the time, not the operations
constexpr const char* kZipf = "zipf-95-5";
constexpr const char* kLoad = "load-1m";

// Asked for each length of keys, since where the keys lie decides who is ahead: 15 bytes are the last that std::string
// keeps inside itself, and the in-process tables' keys are std::strings.
struct ForEachKeySize {
  const char* measure;
  const char* rival;
  unsigned processes;
  const char* phase;
  double target, stretch;
};

constexpr const char* kKeySizes[] = {"keys-8", "keys-15", "keys-16", "keys-24", "keys-40"};

constexpr ForEachKeySize kBySize[] = {
    {"random gets, 1 process, against absl::flat_hash_map", kAbsl, 1, "get", 0.95, 1.1},
    {"random gets, 2 processes, against 2 threads of libcuckoo", kCuckoo, 2, "get", 2, 2.9},
    {"random gets, 2 processes, against 2 threads of TBB", kTbb, 2, "get", 3, 4},
    {"random updates, 2 processes, against libcuckoo", kCuckoo, 2, "update", 2.5, 3.3},
    {"random updates, 2 processes, against TBB", kTbb, 2, "update", 3.5, 4.5},
};

// With keys of 16 bytes.
constexpr Target kTargets[] = {
    {"few popular keys, 95 % gets, 2 processes, against libcuckoo",
     speed,
     {kOwn, kZipf, 2},
     {kCuckoo, kZipf, 2},
     2,
     2.5},
    {"few popular keys, 95 % gets, 2 processes, against TBB", speed, {kOwn, kZipf, 2}, {kTbb, kZipf, 2}, 3, 4},
    {"gets in batches of 32, 1 process, against own single gets",
     speed,
     {kOwn, "get-batch-32", 1},
     {kOwn, kGet, 1},
     2,
     2.7},
    {"load, growing from empty, 1 process, against absl::flat_hash_map",
     speed,
     {kOwn, kLoad, 1},
     {kAbsl, kLoad, 1},
     1.5,
     3},
    {"random gets, 2 processes, against own 1", speed, {kOwn, kGet, 2}, {kOwn, kGet, 1}, 1.8, 2},
    {"random gets, 2 processes, against boost-map", speed, {kOwn, kGetTimed, 2}, {"boost-map", kGetTimed, 2}, 6, 10},
    {"random gets, 2 processes, against lmdb", speed, {kOwn, kGetTimed, 2}, {"lmdb", kGetTimed, 2}, 3, 5},
    {"random gets, 2 processes, against redis", speed, {kOwn, kGetTimed, 2}, {"redis", kGetTimed, 2}, 150, 250},
    {"random gets, 2 processes, against memcached", speed, {kOwn, kGetTimed, 2}, {"memcached", kGetTimed, 2}, 120, 200},
    {"random gets, 2 processes, against sqlite-wal", speed, {kOwn, kGetTimed, 2}, {"sqlite-wal", kGetTimed, 2}, 30, 50},
    {"storage in use per item, after the load", bytes_per_item, {kOwn, kLoad, 1}, {}, 56, 45},
    {"p99.9 of gets, one writer at full speed, the table growing",
     read_p999_ns,
     {kOwn, "growth-tail", 2},
     {},
     20e3,
     5e3},
    {"longest of the sampled gets, while 1 process makes 1,000,000 keys 10,000,000",
     longest_read_ns,
     {kOwn, "growth-10m", 2},
     {},
     10e6},
    {"longest of the sampled inserts, while 2 processes do", longest_ns, {kOwn, "growth-10m-writers", 2}, {}, 10e6},
    {"storage in use after 24,000,000 changes, through that after 72,000,000",
     blocks_saved,
     {kOwn, "churn-long", 2, "72m"},
     {kOwn, "churn-long", 2, "24m"},
     0.95},
};

std::vector<Target> all_targets() {
  std::vector<Target> all;
  for (const ForEachKeySize& row : kBySize)
    for (const char* const workload : kKeySizes)
      all.push_back({row.measure,
                     speed,
                     {kOwn, workload, row.processes, row.phase},
                     {row.rival, workload, row.processes, row.phase},
                     row.target,
                     row.stretch});
  all.insert(all.end(), std::begin(kTargets), std::end(kTargets));
  return all;
}

}  // namespace

std::vector<Table> build_lockfree_rivals(const RecordFile& records, const TableContext& context) {
  static const std::vector<Target> targets = all_targets();
  return build_targets(
      {.table = "lockfree-rivals",
       .title = "lockfree and its rivals",
       .command = "./run_all.sh rivals",
       .note =
           "1,000,000 keys, of 16 bytes but for the workloads keys-N, whose keys have N; values of 10 bytes; rivals on "
           "std::string in one process, used by threads: no process shares them. absl::flat_hash_map is the engine "
           "local, without any synchronisation.",
       .targets = targets},
      records, context);
}

}  // namespace dictbench
