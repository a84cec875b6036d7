#include "harness/driver/worker.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <vector>

#include "harness/driver/checked_round.h"
#include "harness/driver/operation_loop.h"
#include "harness/driver/pace.h"
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

  static constexpr double kLongestCheck = 0.05;  // seconds: what a slow engine may spend on it

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
      area_.report = PhaseReport{};
      area_.report.one_in = choose_sampling(*dict_, stream, page_.clock, batch);
      arrive(prepare_step(number));

      await(warm_step(number));
      LoopPlan loop{*dict_,       stream,          plan_.workload, phase,        page_.clock,
                    plan_.worker, plan_.processes, batch,          page_.one_in, sequence_};
      std::uint64_t misses = warm_up(loop, phase);
      arrive(warm_step(number));

      await(run_step(number));
      run_window(loop, phase, static_cast<std::uint32_t>(number));
      arrive(run_step(number));

      await(check_window_step(number));
      loop.seconds = std::min(kLongestCheck, phase.seconds > 0 ? phase.seconds : kLongestCheck);
      const LoopResult checked =
          run_checked_round(loop, !shared() || plan_.processes == 1 || phase.share == Share::own);
      loop.already += checked.ops;
      area_.report.misses += misses + checked.misses;
      if (plan_.contract.stores) refuse(checked);
      arrive(check_window_step(number));

      await(fill_step(number));
      if (phase.fill) loop.already = fill(number, stream, loop.already);
      area_.report.executed = executed_[number][plan_.worker] = loop.already;
      sequence_ += loop.already;
      arrive(fill_step(number));
      await(settle_step(number));
    }
    malloc_trim(0);  // so that the stream's memory is not taken for the dict's
    if (plan_.worker == 0 || !shared()) area_.report.items = dict_->size();
    arrive(settle_step(number));
  }

  // The first operations of a phase that lasts some time; what they miss counts, how long they take does not. Where
  // their number is given, two thirds of them are left for the window, however quick the engine is.
  std::uint64_t warm_up(LoopPlan& loop, const Phase& phase) {
    if (phase.seconds == 0) return 0;
    loop.seconds = warm_up_seconds(phase);
    loop.stop_before = loop.stream.size() / 3;
    const LoopResult result = run_operations(loop);
    loop.stop_before = UINT64_MAX;
    loop.already += result.ops;
    if (plan_.contract.stores) refuse(result);
    return result.misses;
  }

  void run_window(LoopPlan& loop, const Phase& phase, std::uint32_t number) {
    if (phase.start == Start::first_alone && plan_.worker != 0) await_first(number);
    const Usage before = usage();
    loop.seconds = phase.seconds > 0 ? phase.seconds : phase.limit;
    writes_wanted_ += std::min(phase.writers, plan_.processes);
    if (reads_on(phase, plan_.worker)) {
      loop.writes_done = &page_.writes_done;
      loop.writes_wanted = writes_wanted_;
      loop.seconds = 0;
    }
    const LoopResult result = run_operations(loop);
    if (plan_.worker < phase.writers) page_.writes_done.fetch_add(1, std::memory_order_relaxed);
    const Usage after = usage();
    if (plan_.worker == 0) release_others(number);
    loop.already += result.ops;
    report(result, difference(after, before));
    const bool has_end = phase.operations > 0 && phase.seconds == 0 && !reads_on(phase, plan_.worker);
    area_.report.late = result.late || (has_end && loop.already < loop.stream.size());
    if (plan_.contract.stores) refuse(result);
  }

  // Does what a load has left undone; a dict that no other process fills gets the others' keys too. Returns how much of
  // its own stream is done.
  std::uint64_t fill(std::size_t number, const OperationStream& stream, std::uint64_t done) {
    const Phase& phase = plan_.workload.phases[number];
    set_operations(*dict_, plan_.workload, phase, static_cast<std::uint8_t>(plan_.worker), stream, done, sequence_);
    for (unsigned other = 0; !shared() && other < plan_.processes; ++other) {
      if (other == plan_.worker) continue;
      std::uint64_t first = 0;
      for (std::size_t earlier = 0; earlier < number; ++earlier) first += executed_[earlier][other];
      const OperationStream theirs(plan_.workload, phase, other, plan_.processes);
      set_operations(*dict_, plan_.workload, phase, static_cast<std::uint8_t>(other), theirs, 0, first);
      executed_[number][other] = theirs.size();
    }
    return stream.size();
  }

  void refuse(const LoopResult& result) const {
    if (!result.wrong_value.empty()) throw WrongData(fmt::format("read a wrong value: {}", result.wrong_value));
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
  const bool one_kind = mix.get == mix.sum() || mix.set == mix.sum();
  return one_kind && phase.arrival_rate == 0 ? std::max(phase.batch, engine_batch) : 1;
}

}  // namespace dictbench
