#include "harness/driver/cell.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/driver/limit.h"
#include "harness/driver/spawned_worker.h"
#include "harness/driver/suitability.h"
#include "harness/driver/worker.h"
#include "harness/driver/worker_threads.h"
#include "harness/meters/latency_summary.h"
#include "harness/meters/memory.h"
#include "harness/meters/usage.h"
#include "harness/meters/window_meter.h"
#include "harness/verify/verifier.h"
#include "workloads/operation_generator.h"

namespace dictbench {
namespace {

// Leads one cell through its steps and fills its records. Members in the order of their lives: the
// workers go before the engine they are attached to.
class CellRun {
 public:
  CellRun(const Cell& cell, const CellOptions& options)
      : cell_(cell),
        options_(options),
        workload_(workload_of(cell, options.seed)),
        spec_(parse_engine_spec(cell.engine)),
        description_(find_engine(spec_.name())),
        contract_(description_.contract(spec_)),
        start_(start_mode(contract_, options.start)) {
    control_->clock = options.clock;
    for (const Phase& phase : workload_.phases) records_.push_back(blank_record(phase));
  }

  std::vector<CellRecord> run() {
    if (description_.missing != nullptr)
      if (const auto reason = description_.missing(spec_)) return all("unavailable: " + *reason);
    try {
      if (const std::string reason = unsuitable(contract_, workload_, cell_.processes); !reason.empty())
        return all("unavailable: " + reason);
      create_engine();
      lead_workers();
    } catch (const Error& error) {
      const bool absent = engine_ == nullptr && error.code() == ErrorCode::unavailable;
      const std::string kind = absent ? "unavailable" : fmt::format("invalid: {}", to_string(error.code()));
      fail_from(0, fmt::format("{}: {}", kind, error.what()));
    } catch (const std::exception& error) {  // no memory, no process to be had: the next cell may have more luck
      fail_from(0, fmt::format("invalid: {}", error.what()));
    }
    return std::move(records_);
  }

 private:
  CellRecord blank_record(const Phase& phase) const {
    CellRecord record;
    record.run_id = options_.run_id;
    record.engine = spec_.text();
    record.workload = workload_.name;
    record.workload_hash = fmt::format("{:016x}", workload_.hash);
    record.scale = cell_.scale;
    record.phase = phase.name;
    record.processes = cell_.processes;
    record.repetition = cell_.repetition;
    record.start = to_string(start_);
    record.verified = "not done: the run did not end";
    record.status = "invalid: the run did not end";
    return record;
  }

  std::vector<CellRecord> all(const std::string& status) {
    fail_from(0, status);
    return std::move(records_);
  }

  // The phases from this one on have no result.
  void fail_from(std::size_t first, const std::string& status) {
    for (std::size_t phase = first; phase < records_.size(); ++phase) records_[phase].status = status;
    for (CellRecord& record : records_) {
      record.ops_per_s = 0;
      if (record.ok()) record.status = "invalid: a later phase failed: " + status;
    }
  }

  std::unique_ptr<Engine> new_engine() const {
    const Footprint prints = footprint(workload_, cell_.processes);
    return description_.create(spec_, {.key_bytes = prints.key_bytes, .value_bytes = prints.value_bytes});
  }

  void create_engine() {
    engine_ = new_engine();
    for (CellRecord& record : records_) record.engine_facts = engine_->facts();  // of a phase that will not run, these
  }

  void lead_workers() {
    const unsigned engine_batch = description_.batch == nullptr ? 1 : description_.batch(spec_);
    const auto body = [&](unsigned worker) {
      WorkerPlan plan{workload_,
                      contract_,
                      sharing_of(contract_),
                      worker,
                      cell_.processes,
                      engine_batch,
                      [&] { return engine_->attach(); }};
      // The driver's own engine stays empty then: what it held would be copied on write.
      return start_ == StartMode::threads ? run_worker_threads(*control_, plan, [&] { return new_engine(); })
                                          : run_worker(*control_, plan);
    };
    if (start_ == StartMode::spawn)
      write_config(*control_, {cell_, options_.seed, engine_->address(), options_.plugins});
    WorkerGroup workers(control_, cell_.processes, start_, body, spawn_command());
    if (!step(workers, kAttachStep, 0)) return;
    for (const pid_t pid : workers.pids()) attached_bytes_ += memory_of(pid).anonymous_bytes;
    if (!step(workers, kPreloadStep, 0)) return;
    for (std::size_t phase = 0; phase < records_.size(); ++phase)
      if (!run_phase(workers, phase)) return;
    if (!step(workers, check_step(workload_), records_.size() - 1)) return;
    // What a worker holds back until it detaches is lost to all others, so all are attached still.
    Readback readback = read_by_another();
    if (!step(workers, finish_step(workload_), records_.size() - 1)) return;

    const std::vector<WorkerEnd> ends = workers.finish();
    for (CellRecord& record : records_)
      for (std::size_t worker = 0; worker < ends.size(); ++worker) {
        record.workers[worker].max_rss_bytes = ends[worker].max_rss_bytes;
        record.memory.max_rss_bytes = std::max(record.memory.max_rss_bytes, ends[worker].max_rss_bytes);
      }
    if (readback.wrong.empty() && readback.not_done.empty()) recount_detached(readback);
    verify(readback);
  }

  bool step(WorkerGroup& workers, std::uint32_t number, std::size_t phase) {
    const std::string failure = workers.step(number, options_.timeout);
    if (failure.empty()) return true;
    fail_from(phase, "invalid: " + failure);
    for (unsigned worker = 0; worker < cell_.processes; ++worker)
      if (control_->workers[worker].wrong_data) found_wrong(control_->workers[worker].failure);
    return false;
  }

  // An engine that was wrong once gets no speed in any phase.
  void found_wrong(const std::string& what) {
    for (CellRecord& record : records_) {
      record.verified = "failed: " + what;
      record.ops_per_s = 0;
      if (record.ok()) record.status = "invalid: verification failed";
    }
  }

  bool run_phase(WorkerGroup& workers, std::size_t phase) {
    if (!step(workers, prepare_step(phase), phase)) return false;
    control_->one_in = 1;
    for (unsigned worker = 0; worker < cell_.processes; ++worker)
      control_->one_in = std::max(control_->one_in, control_->workers[worker].report.one_in);
    const std::vector<pid_t> servers = engine_->server_pids();
    const Usage before = usage_of(servers);
    const WindowMeter meter(workers.pids(), servers);
    if (!step(workers, run_step(phase), phase)) return false;
    const WindowFigures beside = meter.stop();
    if (!servers.empty()) records_[phase].server_rusage = difference(usage_of(servers), before);
    if (!step(workers, settle_step(phase), phase)) return false;
    take_reports(phase);
    records_[phase].disturbance = beside.disturbance;
    if (workload_.phases[phase].arrival_rate == 0) records_[phase].limit = who_limits(beside, records_[phase]);
    measure_memory(workers, servers, records_[phase].memory);
    records_[phase].engine_facts = engine_->facts();  // some show only once there is data: the size of its pages
    return true;
  }

  void take_reports(std::size_t phase) {
    CellRecord& record = records_[phase];
    std::int64_t first_start = INT64_MAX, last_end = INT64_MIN;
    Histogram reads, writes;
    std::uint64_t misses = 0, items = 0, one_in = 1;
    executed_.emplace_back();
    for (unsigned worker = 0; worker < cell_.processes; ++worker) {
      const PhaseReport& report = control_->workers[worker].report;
      first_start = std::min(first_start, report.start_ns);
      last_end = std::max(last_end, report.end_ns);
      reads.merge(report.reads);
      writes.merge(report.writes);
      misses += report.misses;
      items += report.items;
      one_in = std::max(one_in, report.one_in);
      record.ops += report.ops;
      record.rusage += report.usage;
      executed_.back().push_back(report.ops);
    }
    for (unsigned worker = 0; worker < cell_.processes; ++worker) {
      const PhaseReport& report = control_->workers[worker].report;
      record.workers.push_back({.ops = report.ops,
                                .start_s = static_cast<double>(report.start_ns - first_start) * 1e-9,
                                .end_s = static_cast<double>(report.end_ns - first_start) * 1e-9,
                                .usage = report.usage});
    }
    record.elapsed_s = static_cast<double>(last_end - first_start) * 1e-9;
    record.clock_tick_ns = options_.clock.step_ns;
    record.memory.items = items;
    Histogram all = reads;
    all.merge(writes);
    record.latency_ns = latency_summary(all, one_in);
    if (reads.total() > 0 && writes.total() > 0) {
      record.read_latency_ns = latency_summary(reads, one_in);
      record.write_latency_ns = latency_summary(writes, one_in);
    }
    record.status = judge(workload_.phases[phase], record, misses);
  }

  // The speed counts only when all was done.
  std::string judge(const Phase& phase, const CellRecord& record, std::uint64_t misses) {
    std::uint64_t counted = 0;  // in what `operations` counts
    for (unsigned worker = 0; worker < cell_.processes; ++worker)
      if (!reads_on(phase, worker)) counted += record.workers[worker].ops;
    if (phase.seconds == 0 && phase.operations != 0 && counted < phase.operations)
      return fmt::format("invalid: {} of {} operations were done", counted, phase.operations);
    if (misses > 0 && misses_are_wrong(phase))
      missed_ = fmt::format("phase {}: {} gets or erases missed a key that was there", phase.name, misses);
    return "ok";
  }

  // Every key was stored before this phase, and nothing but a process's own erase ever removes one; gets may ask for a
  // key that was erased.
  bool misses_are_wrong(const Phase& phase) const {
    for (const Phase& earlier : workload_.phases) {
      if (earlier.mix.erase > 0 && phase.mix.get > 0) return false;
      if (&earlier == &phase) break;
    }
    if (!contract_.stores || workload_.preload) return contract_.stores;
    std::uint64_t stored = 0;
    for (const Phase& earlier : workload_.phases) {
      if (&earlier == &phase) break;
      const Mix& mix = earlier.mix;
      const bool only_sets = mix.get + mix.insert + mix.erase + mix.add + mix.scan + mix.read_modify_write == 0;
      if (only_sets && earlier.share == Share::own && earlier.distribution.kind == DistributionKind::sequential)
        stored =
            std::max(stored, std::min(earlier.operations, earlier.keys != 0 ? earlier.keys : workload_.keys.count));
    }
    return stored >= (phase.keys != 0 ? phase.keys : workload_.keys.count);
  }

  void measure_memory(const WorkerGroup& workers, const std::vector<pid_t>& servers, Memory& memory) const {
    std::uint64_t workers_anonymous = 0, servers_anonymous = 0;
    for (const pid_t pid : workers.pids()) {
      const ProcessMemory held = memory_of(pid);
      memory.pss_bytes += held.pss_bytes;
      workers_anonymous += held.anonymous_bytes;
    }
    for (const pid_t pid : servers) {
      const ProcessMemory held = memory_of(pid);
      memory.pss_bytes += held.pss_bytes;
      servers_anonymous += held.anonymous_bytes;
    }
    const StorageBytes storage = engine_->storage_bytes();
    memory.storage_bytes = storage.in_use;
    memory.storage_length_bytes = storage.length;
    const std::uint64_t growth = workers_anonymous > attached_bytes_ ? workers_anonymous - attached_bytes_ : 0;
    memory.engine_bytes = growth + servers_anonymous + storage.in_use;
    if (memory.items > 0)
      memory.bytes_per_item = static_cast<double>(memory.engine_bytes) / static_cast<double>(memory.items);
  }

  bool read_by_others() const { return contract_.stores && contract_.shared_between_processes; }

  Readback read_by_another() const {
    if (!read_by_others()) return {};
    return verify_in_new_process(
        [&] { return engine_->attach(); },
        [&](Dict& dict) { return read_back(dict, contract_, workload_, cell_.processes, executed_); },
        options_.timeout);
  }

  void recount_detached(Readback& readback) const {
    if (!read_by_others()) return;
    const Readback later = verify_in_new_process(
        [&] { return engine_->attach(); }, [&](Dict& dict) { return recount(dict, readback.items); }, options_.timeout);
    if (!later.wrong.empty()) readback.wrong = later.wrong + " after its processes have detached";
    readback.not_done = later.not_done;
  }

  void verify(Readback readback) {
    std::string verified = "ok";
    const bool adds = std::ranges::any_of(workload_.phases, [](const Phase& phase) { return phase.mix.add > 0; });
    if (!contract_.stores) {
      verified = "not applicable: stores nothing";
    } else if (contract_.shared_between_processes) {
      if (!readback.not_done.empty()) verified = "not done: " + readback.not_done;
    } else {  // the workers have read it back themselves
      for (unsigned worker = 0; worker < cell_.processes; ++worker)
        readback.keys += control_->workers[worker].verified_keys;
      if (adds && cell_.processes > 1 && start_ != StartMode::threads)
        verified = "not applicable: each process counts for itself";
    }
    for (CellRecord& record : records_) {
      record.verified = verified;
      record.verified_keys = readback.keys;
      if (!readback.not_done.empty() && record.ok()) record.status = "invalid: " + verified;
      if (record.ok() && record.elapsed_s > 0) record.ops_per_s = static_cast<double>(record.ops) / record.elapsed_s;
    }
    if (const std::string& wrong = readback.wrong.empty() ? missed_ : readback.wrong; !wrong.empty())
      found_wrong(wrong);
  }

  const Cell& cell_;
  const CellOptions& options_;
  const Workload workload_;
  const Spec spec_;
  const EngineDescription& description_;
  const Contract contract_;
  const StartMode start_;
  ControlMapping control_;
  std::unique_ptr<Engine> engine_;
  std::vector<CellRecord> records_;                   // a phase an entry
  std::vector<std::vector<std::uint64_t>> executed_;  // [phase][worker]
  std::string missed_;                                // keys that a phase did not find, or empty
  std::uint64_t attached_bytes_ = 0;                  // private memory of all workers just after attaching
};

}  // namespace

Workload workload_of(const Cell& cell, const std::optional<std::uint64_t>& seed) {
  Workload workload = load_workload(cell.workload, cell.scale);
  if (seed && *seed != workload.seed) {
    workload.seed = *seed;
    workload.hash ^= *seed * 0x9e3779b97f4a7c15;  // other operations, so another workload to compare with
  }
  return workload;
}

std::vector<CellRecord> run_cell(const Cell& cell, const CellOptions& options) { return CellRun(cell, options).run(); }

}  // namespace dictbench
