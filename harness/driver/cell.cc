#include "harness/driver/cell.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/driver/cell_figures.h"
#include "harness/driver/limit.h"
#include "harness/driver/spawned_worker.h"
#include "harness/driver/suitability.h"
#include "harness/driver/worker.h"
#include "harness/driver/worker_threads.h"
#include "harness/meters/usage.h"
#include "harness/meters/window_meter.h"
#include "harness/verify/verifier.h"

namespace dictbench {
namespace {

// Leads one cell through its steps and fills its records. Members in the order of their lives: the
// workers go before the engine they are attached to.
class CellRun {
 public:
  CellRun(const Cell& cell, const CellOptions& options)
      : cell_(cell),
        options_(options),
        workload_(*cell.workload),
        description_(cell.engine->description),
        contract_(cell.engine->contract),
        start_(start_mode(contract_, options.start)) {
    workload_.seed = seed_of(*cell.workload, cell.repetition);
    control_->clock = options.clock;
    for (const Phase& phase : workload_.phases) records_.push_back(blank_record(phase));
  }

  std::vector<CellRecord> run() {
    if (description_.missing != nullptr)
      if (const auto reason = description_.missing(cell_.engine->spec)) return all("unavailable: " + *reason);
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
    record.engine = cell_.engine->spec.text();
    record.workload = workload_.name;
    record.workload_hash = fmt::format("{:016x}", workload_.hash);
    record.scale = workload_.scale;
    record.phase = phase.name;
    record.processes = cell_.processes;
    record.repetition = cell_.repetition;
    record.start = to_string(start_);
    record.seed = workload_.seed;
    record.work = work_of(workload_, phase);
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
    return description_.create(cell_.engine->spec, {.key_bytes = prints.key_bytes, .value_bytes = prints.value_bytes});
  }

  void create_engine() {
    engine_ = new_engine();
    for (CellRecord& record : records_) record.engine_facts = engine_->facts();  // of a phase that will not run, these
  }

  void lead_workers() {
    const auto body = [&](unsigned worker) {
      WorkerPlan plan{workload_, contract_, sharing_of(contract_), worker, cell_.processes, cell_.engine->batch, [&] {
                        return engine_->attach();
                      }};
      // The driver's own engine stays empty then: what it held would be copied on write.
      return start_ == StartMode::threads ? run_worker_threads(*control_, plan, [&] { return new_engine(); })
                                          : run_worker(*control_, plan);
    };
    if (start_ == StartMode::spawn) write_config(*control_, cell_, workload_, engine_->address(), options_.plugins);
    WorkerGroup workers(control_, cell_.processes, start_, body, spawn_command());
    if (!step(workers, kAttachStep, 0)) return;
    memory_.emplace(*engine_, workers.pids());
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
    if (!step(workers, warm_step(phase), phase)) return false;
    const std::vector<pid_t> servers = engine_->server_pids();
    const Usage before = usage_of(servers);
    const WindowMeter meter(workers.pids(), servers);
    if (!step(workers, run_step(phase), phase)) return false;
    const WindowFigures beside = meter.stop();
    CellRecord& record = records_[phase];
    if (!servers.empty()) record.server_rusage = difference(usage_of(servers), before);
    take_window(*control_, cell_.processes, options_.clock, workload_.phases[phase], record);
    record.disturbance = beside.disturbance;
    if (workload_.phases[phase].arrival_rate == 0) record.limit = who_limits(beside, record);
    for (const std::uint32_t next : {check_window_step(phase), fill_step(phase), settle_step(phase)})
      if (!step(workers, next, phase)) return false;
    executed_.emplace_back();
    std::uint64_t misses = 0;
    for (unsigned worker = 0; worker < cell_.processes; ++worker) {
      const PhaseReport& report = control_->workers[worker].report;
      executed_.back().push_back(report.executed);
      record.memory.items += report.items;
      misses += report.misses;
    }
    if (misses > 0 && misses_are_wrong(contract_, workload_, phase, executed_))
      missed_ = fmt::format("phase {}: {} gets or erases missed a key that was there, or found one that never was",
                            record.phase, misses);
    memory_->measure(workers.pids(), record.memory);
    record.engine_facts = engine_->facts();  // some show only once there is data: the size of its pages
    return true;
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
    const bool adds =
        std::ranges::any_of(workload_.phases, [](const Phase& phase) { return phase.mix.add > 0 && !phase.counters; });
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
  Workload workload_;  // with the repetition's seed
  const EngineDescription& description_;
  const Contract contract_;
  const StartMode start_;
  ControlMapping control_;
  std::unique_ptr<Engine> engine_;
  std::vector<CellRecord> records_;                   // a phase an entry
  std::vector<std::vector<std::uint64_t>> executed_;  // [phase][worker]
  std::string missed_;                                // keys that a phase did not find, or empty
  std::optional<MemoryMeter> memory_;
};

}  // namespace

std::vector<CellRecord> run_cell(const Cell& cell, const CellOptions& options) { return CellRun(cell, options).run(); }

}  // namespace dictbench
