#include <benchmark/benchmark.h>

#include <memory>

#include "engines/registry.h"
#include "harness/driver/operation_loop.h"
#include "harness/micro/benchmarks.h"
#include "workloads/operation_stream.h"
#include "workloads/value_content.h"

namespace dictbench {
namespace {

// What the parts work on: a stream of a standard workload, larger than the caches, and a dict that does nothing.
struct Bench {
  explicit Bench(const char* name)
      : workload(load_workload(name)),
        stream(workload, workload.phases.front(), 0, 1),
        engine(find_engine("null").create(parse_engine_spec("null"), {})),
        dict(engine->attach()) {}

  const Phase& phase() const { return workload.phases.front(); }

  Workload workload;
  OperationStream stream;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Dict> dict;
};

void walk_stream(benchmark::State& state) {
  const Bench bench("get-uniform");
  std::size_t index = 0;
  for ([[maybe_unused]] auto _ : state) {
    const Operation& operation = bench.stream[index];
    benchmark::DoNotOptimize(operation.kind);
    benchmark::DoNotOptimize(operation.key().front());
    if (++index == bench.stream.size()) index = 0;
  }
}

void make_value(benchmark::State& state) {
  const Bench bench("update-uniform");
  ValueWriter writer(bench.workload, bench.phase(), 0);
  const Operation& operation = bench.stream[0];
  std::uint64_t sequence = 0;
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(writer.make(operation, sequence++));
}

void check_value(benchmark::State& state) {
  const Bench bench("update-uniform");
  ValueWriter writer(bench.workload, bench.phase(), 0);
  const ValueChecker checker(bench.workload, bench.phase());
  const Operation& operation = bench.stream[0];
  const std::string_view value = writer.make(operation, 0);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(checker.check(operation.key(), operation.key_number, value));
}

void virtual_call(benchmark::State& state) {
  const Bench bench("get-uniform");
  Dict* dict = bench.dict.get();
  benchmark::DoNotOptimize(dict);  // hides its type: the call cannot be bound at compile time
  Value value;
  const std::string_view key = bench.stream[0].key();
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(dict->get(key, value));
}

void clock_read(benchmark::State& state) {
  const TickClock clock = TickClock::calibrate();
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(clock.now());
}

void clock_monotonic(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(monotonic_ns());
}

// What one sampled operation costs more than the others: two stamps and an entry in the histogram.
void sample_latency(benchmark::State& state) {
  const TickClock clock = TickClock::calibrate();
  Histogram histogram;
  for ([[maybe_unused]] auto _ : state) {
    const std::uint64_t before = clock.now_in_order();
    const std::uint64_t after = clock.now_in_order();
    histogram.record(static_cast<std::uint64_t>(clock.to_ns(after - before)));
  }
  benchmark::DoNotOptimize(histogram);
}

// The driver's timed loop over `null`, per operation. The argument is how many operations one sample stands for.
void whole_loop(benchmark::State& state, const char* name) {
  const Bench bench(name);
  const TickClock clock = TickClock::calibrate();
  const LoopPlan plan{.dict = *bench.dict,
                      .stream = bench.stream,
                      .workload = bench.workload,
                      .phase = bench.phase(),
                      .clock = clock,
                      .one_in = static_cast<std::uint64_t>(state.range(0))};
  std::uint64_t operations = 0;
  for ([[maybe_unused]] auto _ : state) {
    const LoopResult result = run_operations(plan);
    operations += result.ops;
    state.SetIterationTime(static_cast<double>(result.end_ns - result.start_ns) * 1e-9);
  }
  using Flags = benchmark::Counter::Flags;
  state.counters["per_operation"] =
      benchmark::Counter(static_cast<double>(operations), static_cast<Flags>(Flags::kIsRate | Flags::kInvert));
}

}  // namespace

void register_harness_benchmarks() {
  benchmark::RegisterBenchmark("harness/walk_stream", walk_stream);
  benchmark::RegisterBenchmark("harness/make_value", make_value);
  benchmark::RegisterBenchmark("harness/check_value", check_value);
  benchmark::RegisterBenchmark("harness/virtual_call", virtual_call);
  benchmark::RegisterBenchmark("harness/clock_read", clock_read);
  benchmark::RegisterBenchmark("harness/clock_monotonic", clock_monotonic);
  benchmark::RegisterBenchmark("harness/sample_latency", sample_latency);
  for (const char* workload : {"get-uniform", "update-uniform"})
    benchmark::RegisterBenchmark((std::string("harness/loop_over_null/") + workload).c_str(), whole_loop, workload)
        ->ArgName("one_in")
        ->Arg(1)
        ->Arg(256)
        ->UseManualTime();
}

}  // namespace dictbench
