#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "engines/registry.h"
#include "harness/micro/benchmarks.h"
#include "harness/micro/prepared_dict.h"
#include "workloads/operation_stream.h"
#include "workloads/value_content.h"

namespace dictbench {
namespace {

constexpr std::uint64_t kMemoryKeys = 1'000'000;
constexpr std::uint64_t kServerKeys = 20'000;  // every operation is a round trip
constexpr std::uint64_t kMostErased = 200'000;

// One engine and what its benchmarks walk. Lives as long as the registered benchmarks.
struct Subject {
  std::string spec;
  Workload gets;     // get-uniform; its keys are also what is erased
  Workload updates;  // update-uniform
};

// The dict of the engine that is being measured.
std::unique_ptr<PreparedDict>& current() {
  static std::unique_ptr<PreparedDict> prepared;
  return prepared;
}

Dict& prepared_dict(const Subject& subject) {
  auto& prepared = current();
  if (prepared == nullptr || prepared->spec() != subject.spec) {
    prepared.reset();  // first: two engines at once would share the caches and the memory
    prepared = std::make_unique<PreparedDict>(subject.spec, subject.gets);
  }
  return prepared->dict();
}

// The index after this one; streams are walked round and round.
std::size_t following(std::size_t index, const OperationStream& stream) {
  return index + 1 == stream.size() ? 0 : index + 1;
}

void measure_get(benchmark::State& state, const Subject& subject) {
  Dict& dict = prepared_dict(subject);
  const OperationStream stream(subject.gets, subject.gets.phases.front(), 0, 1);
  Value value;
  std::size_t index = 0;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(dict.get(stream[index].key(), value));
    index = following(index, stream);
  }
}

void measure_set(benchmark::State& state, const Subject& subject) {
  Dict& dict = prepared_dict(subject);
  const Phase& phase = subject.updates.phases.front();
  const OperationStream stream(subject.updates, phase, 0, 1);
  ValueWriter writer(subject.updates, phase, 0);
  std::size_t index = 0;
  std::uint64_t sequence = 0;
  for ([[maybe_unused]] auto _ : state) {
    dict.set(stream[index].key(), writer.make(stream[index], sequence++));
    index = following(index, stream);
  }
}

// Each iteration erases a key that is there, so their number is fixed beforehand and below that of the keys.
void measure_erase(benchmark::State& state, const Subject& subject) {
  Dict& dict = prepared_dict(subject);
  current()->fill();
  const OperationStream stream(subject.gets, preload_phase(subject.gets), 0, 1);
  std::size_t index = 0;
  std::uint64_t erased = 0;
  for ([[maybe_unused]] auto _ : state) erased += dict.erase(stream[index++].key());
  if (erased != index) state.SkipWithError("a key that was set could not be erased");
  current()->fill();
}

using Measurement = void (*)(benchmark::State&, const Subject&);

benchmark::internal::Benchmark* add(const char* operation, const std::shared_ptr<const Subject>& subject,
                                    Measurement measure) {
  const std::string name = fmt::format("{}/{}/keys:{}", operation, subject->spec, subject->gets.keys.count);
  const auto run = [subject, measure](benchmark::State& state) {
    try {
      measure(state, *subject);
    } catch (const Error& error) {
      current().reset();
      state.SkipWithError(error.what());
    }
  };
  // Real time: most of what a server costs is not this process's.
  return benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime();
}

}  // namespace

void register_engine_benchmarks(const MicroOptions& options) {
  for (const std::string& spec : options.engines) {
    const Spec parsed = parse_engine_spec(spec);
    const Contract contract = find_engine(parsed.name()).contract(parsed);
    const std::uint64_t keys = options.keys != 0 ? options.keys : contract.needs_server ? kServerKeys : kMemoryKeys;
    const double scale = static_cast<double>(keys) / static_cast<double>(load_workload("get-uniform").keys.count);
    const auto subject = std::make_shared<const Subject>(
        Subject{spec, load_workload("get-uniform", scale), load_workload("update-uniform", scale)});
    add("get", subject, measure_get);
    add("set", subject, measure_set);
    add("erase", subject, measure_erase)
        ->Iterations(static_cast<benchmark::IterationCount>(std::min(kMostErased, subject->gets.keys.count)));
  }
}

void release_engine() { current().reset(); }

}  // namespace dictbench
