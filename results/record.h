// The record: JSON Lines, append-only, one flushed line per run and per repetition of one cell.
//
// First line of a run {"type":"run", ...}, then {"type":"cell", ...}, {"type":"torture", ...},
// {"type":"check", ...} or {"type":"gate", ...} lines. Nobody edits records; every table, picture and README block is
// computed from them. Figures: seconds, bytes, nanoseconds and plain
// counts, as the names say. Absent figures (no latency sampled, no server) are left out of the line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dictbench {

inline constexpr int kRecordSchema = 1;

// A file that is no record file: one line with file, line and reason.
class RecordError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// A record that could not be written, for want of disk space for instance: no fault of the input.
class RecordWriteError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using Facts = std::vector<std::pair<std::string, std::string>>;  // in the order in which they are told

struct RunRecord {
  int schema = kRecordSchema;
  std::string run_id;   // unique: start time and a random part
  std::string started;  // UTC, ISO 8601
  std::string commit;   // of the sources the binary was built from; "unknown" outside a checkout
  bool dirty = false;
  std::string compiler, flags, build_type;
  Facts versions;  // of libraries and servers
  Facts host;      // value or "unavailable: reason"
  Facts options;   // the command line's, resolved
  std::uint64_t seed = 0;
  std::vector<std::string> warnings;
};

// Of one process, or summed over several.
struct Usage {
  double user_s = 0, system_s = 0;
  std::uint64_t minor_faults = 0, major_faults = 0;
  std::uint64_t voluntary_switches = 0, involuntary_switches = 0;

  Usage& operator+=(const Usage& other);
};

// From the sampled operations' histogram, all processes together. A percentile is absent where too few samples lie
// beyond it to tell it (harness/meters/latency_summary.h).
struct Latency {
  std::uint64_t samples = 0;
  std::uint64_t one_in = 1;  // one operation in so many was sampled
  std::optional<double> p50 = {}, p90 = {}, p99 = {}, p999 = {};
  double max = 0;
};

struct WorkerRecord {
  std::uint64_t ops = 0;
  double start_s = 0, end_s = 0;    // within the measured window
  Usage usage;                      // within the measured window
  std::uint64_t max_rss_bytes = 0;  // of the process's whole life
};

// See docs/method.md for what each counts.
struct Memory {
  std::uint64_t max_rss_bytes = 0;  // largest single process: what the documents print
  std::uint64_t pss_bytes = 0;      // sum over workers and servers
  std::uint64_t storage_bytes = 0;  // segment + files on disk + tmpfs, blocks in use
  std::uint64_t storage_length_bytes = 0;
  std::uint64_t engine_bytes = 0;  // what the dict costs: storage + servers + the workers' private growth
  std::uint64_t items = 0;
  std::uint64_t empty_bytes = 0;  // engine_bytes of the same dict before its first key
  double bytes_per_item = 0;      // marginal: (engine_bytes - empty_bytes) / items
};

// The work that a cell did: figures stand beside each other only where all of it is equal.
struct Work {
  std::uint64_t keys = 0;  // that the phase works on, at the workload's scale
  double key_bytes = 0;    // of one key, the mean
  double value_bytes = 0;  // of one value of the phase, the mean
  double seconds = 0;      // that the phase was to last; 0: as long as its operations take
  // So long the workers did the phase's operations before, untimed. Records that do not tell it had a fifth of
  // `seconds`, or, the last ones of them, 0.2 s at least where the phase writes.
  std::optional<double> warm_up_s = {};
  double arrival_rate = 0;  // operations a second at fixed times; 0: closed loop
  // A load of keys that earlier phases have set already: it makes no room for them and replaces what is there. Older
  // records do not tell it; read_records() finds it out.
  bool overwrites = false;
};

// What else the machine did in the measured window, in seconds of one CPU.
struct Disturbance {
  double steal_s = 0;   // that the hypervisor gave to others
  double others_s = 0;  // that other programs took
};

struct CellRecord {
  std::string run_id;
  std::string tier = "c++";
  std::string engine;    // spec text
  std::string workload;  // name
  std::string workload_hash;
  double scale = 1;
  std::string phase;
  unsigned processes = 0;
  unsigned repetition = 0;
  std::string start = "fork";  // or "spawn"; "threads": `processes` threads of one process
  std::uint64_t seed = 0;      // of this repetition's operations, the same for all engines
  Work work;
  std::uint64_t ops = 0;
  double elapsed_s = 0;
  double ops_per_s = 0;  // 0 unless status is "ok"
  double overlap = 0;    // share of the window in which all workers were at work, 0..1
  std::optional<Latency> latency_ns;
  std::optional<Latency> read_latency_ns, write_latency_ns;  // of phases that have both: gets and scans; the rest
  std::vector<WorkerRecord> workers;
  Usage rusage;                        // all workers, measured window
  std::optional<Usage> server_rusage;  // all server processes and threads, measured window
  std::string limit;                   // who held the others up: "workers", "servers", or empty where nobody can tell
  std::optional<Disturbance> disturbance;
  double clock_tick_ns = 0;  // the smallest difference that the clock of the latencies can tell
  Memory memory;
  std::uint64_t verified_keys = 0;
  std::string verified;  // "ok", "failed: why", "not applicable: why", "not done: why"
  std::string status;    // "ok", "invalid: why", "unavailable: why", "unfinished: not in 30 s: 410,000 of 1,000,000"
  Facts engine_facts;

  bool ok() const { return status == "ok"; }
};

// What one fault did to one engine (`dictbench torture`, harness/torture/).
struct TortureRecord {
  std::string run_id;
  std::string engine;  // spec text
  std::string fault;   // "kill", "crash-points", "server-stop", ...
  unsigned processes = 0;
  std::uint64_t tried = 0;         // how often the fault was injected
  std::uint64_t survived = 0;      // of them, how often the dict went on and was whole
  std::uint64_t operations = 0;    // acknowledged meanwhile
  std::uint64_t lost = 0;          // acknowledged writes that were gone
  double longest_stall_s = 0;      // in which a process that the fault did not hit got no operation done
  double bytes_left_per_kill = 0;  // growth of the storage, once the first kills are over
  double elapsed_s = 0;
  std::string found;   // one line for people: what happened under the fault
  std::string status;  // "ok", "broken: which invariant", "not applicable: why", "unavailable: why"
  Facts facts;         // anything more that the fault measures: {"point boost-map.set.stored", "20 of 20"}

  bool ok() const { return status == "ok"; }
};

// What the linearizability checker found (`dictbench check`, harness/verify/).
struct CheckRecord {
  std::string run_id;
  std::string engine;   // spec text
  std::string promise;  // the consistency that was checked, from the contract
  unsigned processes = 0;
  std::uint64_t keys = 0;
  std::uint64_t operations = 0;  // checked, open ones included
  std::uint64_t open = 0;        // in flight when their process was killed
  std::uint64_t kills = 0;
  double elapsed_s = 0;  // of recording and checking
  std::string verdict;   // "ok", "illegal: why", "unknown: why", "unavailable: why"
};

// One set of pairs of runs, base and head directly one after the other (results/gate/rules.h judges them).
struct GateLook {
  std::vector<double> base, head;                // the figure of each run, in the record's unit
  std::vector<double> base_others, head_others;  // share of the machine that other programs took meanwhile, 0..1
  double slowdown = 0, low = 0, high = 0;        // 0.05: 5 % more than the base
  double visible = 0;                            // the smallest slowdown that would have been seen
  bool flagged = false;
  std::string disturbed;  // what hit one side only; empty: nothing
};

// One figure of one cell that `dictbench gate` judged (harness/gate/).
struct GateRecord {
  std::string run_id;
  unsigned gate = 1;        // number of the gate within the run: trials have many
  std::string trial;        // what is tried out: "a/a", "injected"; empty: an ordinary gate
  double injected = 0;      // slowdown that a trial meant to put in; looks[0].slowdown is what it came to
  std::string base, head;   // what was run: commit, or file
  std::string engine;       // spec text
  std::string head_engine;  // where it differs: the head's
  std::string workload, workload_hash;
  double scale = 1;
  std::string phase;
  unsigned processes = 0;
  std::string figure;  // "time": ns per operation; "memory": bytes per item; "switches": per 1,000 operations, plus 1
  double margin = 0;
  std::vector<GateLook> looks;  // one, or two when the first called for another
  std::string verdict;          // "pass", "pass: why", "regressed: why", "inconclusive: why"
};

// Refuses a file whose folder is not there, for a mistyped path must not make folders: ask before anything is measured
// for it. Throws RecordError.
void require_folder_of(const std::filesystem::path& file);

// Appends; every line is flushed and whole, so that a killed run leaves at most one cut line at the end,
// which readers skip and --resume overwrites.
class RecordWriter {
 public:
  // Opens for appending, in a folder that is there; cuts off an unfinished last line. Throws RecordError, also
  // when another process is writing the file.
  explicit RecordWriter(const std::filesystem::path& file);
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  // Throw RecordWriteError; RecordError for a figure that is no number.
  void write(const RunRecord& run);
  void write(const CellRecord& cell);
  void write(const TortureRecord& torture);
  void write(const CheckRecord& check);
  void write(const GateRecord& gate);

 private:
  // flock on the file, held until the destructor.
  class Lock {
   public:
    explicit Lock(const std::filesystem::path& file);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    int file_;
  };

  void write_line(const std::string& line);
  std::filesystem::path file_;
  Lock lock_;
  std::ofstream stream_;
};

struct RecordFile {
  std::vector<RunRecord> runs;
  std::vector<CellRecord> cells;
  std::vector<TortureRecord> tortures;
  std::vector<CheckRecord> checks;
  std::vector<GateRecord> gates = {};

  const RunRecord* run(const std::string& run_id) const;  // null when the file lacks it
};

// Throws RecordError for a file that cannot be read, is no record or has another schema version.
RecordFile read_records(const std::filesystem::path& file);

// All files, in order.
RecordFile read_records(const std::vector<std::filesystem::path>& files);

}  // namespace dictbench
