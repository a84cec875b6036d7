#include "harness/driver/worker.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <vector>

#include "harness/driver/operation_loop.h"
#include "harness/driver/preload.h"
#include "harness/meters/usage.h"
#include "harness/verify/readback.h"
#include "workloads/operation_generator.h"

namespace dictbench {
namespace {

// The dict gave what it must not.
class WrongData : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Worker {
 public:
  Worker(ControlPage& page, const WorkerPlan& plan, Executed& executed)
      : page_(page), area_(page.workers[plan.worker]), plan_(plan), executed_(executed.counts) {}

  void live() {
    await(kAttachStep);
    dict_ = plan_.attach();
    arrive(kAttachStep);
    await(kPreloadStep);
    // A dict of its own gets every key, a shared one this worker's share.
    if (plan_.workload.preload)
      preload(*dict_, plan_.workload, shared() ? plan_.worker : 0, shared() ? plan_.processes : 1);
    arrive(kPreloadStep);
    for (std::size_t phase = 0; phase < plan_.workload.phases.size(); ++phase) run_phase(phase);
    await(check_step(plan_.workload));
    const bool others_check = plan_.sharing == Sharing::processes || (shared() && plan_.worker != 0);
    if (plan_.contract.stores && !others_check) check_dict();
    arrive(check_step(plan_.workload));
    await(finish_step(plan_.workload));
    dict_.reset();
    arrive(finish_step(plan_.workload));
  }

 private:
  bool shared() const noexcept { return plan_.sharing != Sharing::none; }

  // Of this worker alone.
  Usage usage() const noexcept { return plan_.sharing == Sharing::threads ? own_thread_usage() : own_usage(); }

  void await(std::uint32_t step) {
    for (std::uint32_t released; (released = page_.released.load(std::memory_order_acquire)) < step;)
      futex_wait(page_.released, released, 1000);
  }

  void arrive(std::uint32_t step) {
    area_.reached.store(step, std::memory_order_release);
    ring_driver(page_);
  }

  void run_phase(std::size_t number) {
    const Phase& phase = plan_.workload.phases[number];
    await(prepare_step(number));
    {
      const OperationStream stream(plan_.workload, phase, plan_.worker, plan_.processes);
      const unsigned batch = batch_of(phase, plan_.engine_batch);
      area_.report.one_in = choose_sampling(*dict_, stream, page_.clock, batch);
      arrive(prepare_step(number));

      await(run_step(number));
      if (phase.start == Start::first_alone && plan_.worker != 0) await_first(static_cast<std::uint32_t>(number));
      const Usage before = usage();
      LoopPlan loop{*dict_,       stream,          plan_.workload, phase,        page_.clock,
                    plan_.worker, plan_.processes, batch,          page_.one_in, sequence_};
      writes_wanted_ += std::min(phase.writers, plan_.processes);
      if (reads_on(phase, plan_.worker)) {
        loop.writes_done = &page_.writes_done;
        loop.writes_wanted = writes_wanted_;
      }
      const LoopResult result = run_operations(loop);
      if (plan_.worker < phase.writers) page_.writes_done.fetch_add(1, std::memory_order_relaxed);
      const Usage after = usage();
      if (plan_.worker == 0) release_others(static_cast<std::uint32_t>(number));
      sequence_ += result.ops;
      executed_[number][plan_.worker] = result.ops;
      report(result, difference(after, before));
      if (plan_.contract.stores && !result.wrong_value.empty())
        throw WrongData(fmt::format("read a wrong value: {}", result.wrong_value));
      arrive(run_step(number));
      await(settle_step(number));
    }
    malloc_trim(0);  // so that the stream's memory is not taken for the dict's
    if (plan_.worker == 0 || !shared()) area_.report.items = dict_->size();
    arrive(settle_step(number));
  }

  void await_first(std::uint32_t phase) {
    for (std::uint32_t done; (done = page_.first_done.load(std::memory_order_acquire)) <= phase;)
      futex_wait(page_.first_done, done, 1000);
  }

  void release_others(std::uint32_t phase) {
    page_.first_done.store(phase + 1, std::memory_order_release);
    futex_wake_all(page_.first_done);
  }

  void report(const LoopResult& result, const Usage& usage) {
    PhaseReport& report = area_.report;
    report.ops = result.ops;
    report.misses = result.misses;
    report.start_ns = result.start_ns;
    report.end_ns = result.end_ns;
    report.one_in = result.one_in;
    report.usage = usage;
    report.reads = result.reads;
    report.writes = result.writes;
    report.items = 0;
  }

  // No other process can read this dict, so it is held here against what this worker did, or all threads did.
  void check_dict() {
    // The driver has seen all of them reach the last step but one; these loads say so to this process too.
    if (plan_.sharing == Sharing::threads)
      for (unsigned worker = 0; worker < plan_.processes; ++worker)
        page_.workers[worker].reached.load(std::memory_order_acquire);
    const Readback readback = read_back(*dict_, plan_.contract, plan_.workload, plan_.processes, executed_);
    if (!readback.wrong.empty()) throw WrongData(readback.wrong);
    area_.verified_keys = readback.keys;
  }

  ControlPage& page_;
  WorkerArea& area_;
  const WorkerPlan& plan_;
  std::unique_ptr<Dict> dict_;
  std::uint64_t sequence_ = 0;
  std::uint32_t writes_wanted_ = 0;  // what ControlPage::writes_done is when the phase's writers have ended
  std::vector<std::vector<std::uint64_t>>& executed_;
};

}  // namespace

Sharing sharing_of(const Contract& contract) {
  if (contract.shared_between_processes) return Sharing::processes;
  return contract.shared_between_threads ? Sharing::threads : Sharing::none;
}

int run_worker(ControlPage& page, const WorkerPlan& plan) {
  Executed executed(plan.workload, plan.processes);
  return run_worker(page, plan, executed);
}

int run_worker(ControlPage& page, const WorkerPlan& plan, Executed& executed) {
  std::string why;
  bool wrong_data = false;
  try {
    Worker(page, plan, executed).live();
    return 0;
  } catch (const WrongData& error) {
    why = error.what();
    wrong_data = true;
  } catch (const Error& error) {
    why = fmt::format("{}: {}", to_string(error.code()), error.what());
  } catch (const std::exception& error) {
    why = error.what();
  }
  fail_with(page.workers[plan.worker], why, wrong_data);
  ring_driver(page);
  return 1;
}

unsigned batch_of(const Phase& phase, unsigned engine_batch) {
  const Mix& mix = phase.mix;
  const double others = mix.insert + mix.erase + mix.add + mix.scan + mix.read_modify_write;
  const bool one_kind = others == 0 && (mix.get == 0 || mix.set == 0);
  return one_kind && phase.arrival_rate == 0 ? std::max(phase.batch, engine_batch) : 1;
}

}  // namespace dictbench
