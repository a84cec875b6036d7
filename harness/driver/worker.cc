#include "harness/driver/worker.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <vector>

#include "harness/driver/operation_loop.h"
#include "harness/driver/preload.h"
#include "harness/meters/usage.h"
#include "harness/verify/readback.h"

namespace dictbench {
namespace {

// The dict gave what it must not.
class WrongData : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Worker {
 public:
  Worker(ControlPage& page, const WorkerPlan& plan) : page_(page), area_(page.workers[plan.worker]), plan_(plan) {}

  void live() {
    await(kAttachStep);
    dict_ = plan_.attach();
    arrive(kAttachStep);
    await(kPreloadStep);
    // A dict of its own gets every key, a shared one this process's share.
    const bool shared = plan_.contract.shared_between_processes;
    if (plan_.workload.preload)
      preload(*dict_, plan_.workload, shared ? plan_.worker : 0, shared ? plan_.processes : 1);
    arrive(kPreloadStep);
    for (std::size_t phase = 0; phase < plan_.workload.phases.size(); ++phase) run_phase(phase);
    await(finish_step(plan_.workload));
    if (!plan_.contract.shared_between_processes && plan_.contract.stores) check_own_dict();
    dict_.reset();
    arrive(finish_step(plan_.workload));
  }

 private:
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
      const Usage before = own_usage();
      const LoopResult result = run_operations({*dict_, stream, plan_.workload, phase, page_.clock, plan_.worker,
                                                plan_.processes, batch, page_.one_in, sequence_});
      const Usage after = own_usage();
      if (plan_.worker == 0) release_others(static_cast<std::uint32_t>(number));
      sequence_ += result.ops;
      executed_.push_back(result.ops);
      report(result, difference(after, before));
      if (plan_.contract.stores && !result.wrong_value.empty())
        throw WrongData(fmt::format("read a wrong value: {}", result.wrong_value));
      arrive(run_step(number));
      await(settle_step(number));
    }
    malloc_trim(0);  // so that the stream's memory is not taken for the dict's
    if (plan_.worker == 0 || !plan_.contract.shared_between_processes) area_.report.items = dict_->size();
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
    report.latency = result.latency;
    report.items = 0;
  }

  // Nobody else can read this dict, so the worker itself holds it against what it did.
  void check_own_dict() {
    std::vector<std::vector<std::uint64_t>> executed;
    for (const std::uint64_t ops : executed_) {
      executed.emplace_back(plan_.processes, 0);
      executed.back()[plan_.worker] = ops;
    }
    const Readback readback = read_back(*dict_, plan_.workload, plan_.processes, executed);
    if (!readback.wrong.empty()) throw WrongData(readback.wrong);
  }

  ControlPage& page_;
  WorkerArea& area_;
  const WorkerPlan& plan_;
  std::unique_ptr<Dict> dict_;
  std::uint64_t sequence_ = 0;
  std::vector<std::uint64_t> executed_;  // a phase an entry
};

}  // namespace

int run_worker(ControlPage& page, const WorkerPlan& plan) {
  std::string why;
  bool wrong_data = false;
  try {
    Worker(page, plan).live();
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
