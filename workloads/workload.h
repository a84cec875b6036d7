// A workload: what to do, as a .toml file states it. Knows no engine and no process.
//
// Everything random comes from `seed`, so that the same file, scale and number of processes give the
// same operations on every machine. Plain data; immutable once loaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dictbench {

inline constexpr unsigned kMaxProcesses = 254;  // values hold the writer in a byte, and the preload is a writer too

// A wrong file: one line with file, key, reason and what is allowed.
class WorkloadError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

enum class DistributionKind {
  sequential,  // 0, 1, 2, ... within what the process may touch, round and round
  uniform,
  zipfian,  // popularity of the k-th key ~ 1 / k^exponent; popular keys are scattered over the key space
  latest,   // zipfian on age: the keys that this process inserted last are the popular ones
  hotspot,  // hot_operations of the operations go to hot_keys of the keys
};

struct DistributionSpec {
  DistributionKind kind = DistributionKind::sequential;
  double exponent = 0.99;       // zipfian, latest: any exponent > 0
  double hot_keys = 0.2;        // hotspot: share of the keys
  double hot_operations = 0.8;  // hotspot: share of the operations
};

// Keys are numbered 0..count-1. Key number i of `count` belongs to group g = i * groups / count, and its
// text is formats[g] with {index} replaced by the number within the group ({index:013} pads with zeros).
// Inserted keys go on from number `count`: the k-th of process w of n has number count + k*n + w, belongs
// to group (number - count) % groups and has its number for {index}. No two keys have one text.
// Counters have numbers of their own, from kFirstCounter on; so have keys that never are (kFirstAbsent + i: the text of
// key number i with another first byte).
inline constexpr std::uint64_t kFirstCounter = std::uint64_t{1} << 40;
inline constexpr std::uint64_t kFirstAbsent = std::uint64_t{1} << 41;

struct KeySpec {
  std::vector<std::string> formats;
  std::uint64_t count = 0;
};

enum class ContentKind {
  tagged,  // key hash, writer and sequence, repeated through the value: says whose and which write it is
  key,     // the key's own bytes, cut or zero-padded ('0') to size
  repeat,  // the text of the key's group, repeated and cut to size
};

struct SizeChoice {
  std::uint64_t bytes = 0;
  double weight = 1;
};

struct ValueSpec {
  std::vector<SizeChoice> sizes;  // one entry: fixed size
  ContentKind content = ContentKind::tagged;
  std::vector<std::string> texts;  // `repeat`: one per key group
};

// Weights; they are normalised. get_absent asks for keys that never are.
struct Mix {
  double get = 0, set = 0, insert = 0, erase = 0, add = 0, scan = 0, read_modify_write = 0, get_absent = 0;

  double sum() const noexcept { return get + set + insert + erase + add + scan + read_modify_write + get_absent; }
};

enum class Share {
  all,  // every process touches every key
  own,  // process w of n touches only keys [count*w/n, count*(w+1)/n)
};

enum class Start {
  together,     // all processes at one barrier
  first_alone,  // process 0 runs to its end before the others start (as mpdict's program does)
};

struct Phase {
  std::string name;
  Mix mix;
  std::uint64_t operations = 0;  // over all processes; 0: as many as `seconds` hold
  double seconds = 0;  // that the phase lasts, or at most where `operations` end it earlier; 0: no end by time
  double limit = 0;    // seconds: by then all `operations` are done, or the phase has no figure; 0: the run chooses
  bool fill = false;   // what `operations` left undone at the limit is done untimed, so that later phases find all keys
  std::uint32_t batch = 1;         // > 1: get_many / set_many; only for pure get or set mixes
  double arrival_rate = 0;         // operations per second over all processes; 0: closed loop
  std::uint32_t scan_limit = 100;  // a scan visits 1..scan_limit keys, uniformly chosen
  std::int64_t delta = 1;          // of add
  std::uint64_t keys = 0;          // only the first so many keys are touched (and split by `share`); 0: all
  bool counters = false;           // `add` on Workload::counters instead of `keys`
  DistributionSpec distribution;
  Share share = Share::all;
  Start start = Start::together;
  unsigned writers = 0;  // > 0: the first so many processes do the mix's writes, which `operations` counts; the others
                         // do its gets and scans, round and round, until the writers have ended
  ValueSpec values;      // the workload's, unless the phase has its own
};

struct Workload {
  std::string name;
  std::string summary;  // one line for `dictbench list workloads`
  std::string source;   // where it comes from
  std::string file;     // it was read from: what load_workload() takes
  std::uint64_t seed = 1;
  std::vector<unsigned> processes;
  unsigned repetitions = 5;
  bool preload = false;  // every key is set once, untimed, before the first phase
  KeySpec keys;
  KeySpec counters;  // what `add` works on; count 0: on `keys`, which nothing else may write then
  ValueSpec values;  // of the preload
  std::vector<Phase> phases;
  double scale = 1;
  // Of everything above but name, summary, source, file, processes and repetitions, and but the times of the phases: a
  // longer window is the same work.
  std::uint64_t hash = 0;
};

// The number of keys that a phase touches (and splits by `share`), and of its first: counters or keys.
std::uint64_t touched_keys(const Workload& workload, const Phase& phase) noexcept;

// Loads NAME (from the folder of standard workloads) or a path that ends in .toml. `scale` multiplies
// keys and operations, not seconds: at least 16 keys (or all, where there are fewer) stay, a multiple of the
// groups, and an operation per process; phases with a whole number of operations per key keep that number.
// Throws WorkloadError.
Workload load_workload(const std::string& name_or_path, double scale = 1);

// As load_workload, from text; `where` names it in errors.
Workload parse_workload(std::string_view text, const std::string& where, double scale = 1);

// The folder of standard workloads: $DICTBENCH_WORKLOADS, else the one of the source tree.
std::filesystem::path workload_folder();

// Names of the standard workloads, sorted.
std::vector<std::string> list_workloads();

// Size hints that an engine may be created with: number of keys at the fullest moment of the whole
// workload, longest key, mean value size at the moment when most value bytes are there (20 bytes for
// counters). Throws WorkloadError where the workload cannot be split between so many processes: check a
// number of processes with it before anything else.
struct Footprint {
  std::uint64_t items = 0, key_bytes = 0, value_bytes = 0;
};
Footprint footprint(const Workload& workload, unsigned processes);

}  // namespace dictbench
