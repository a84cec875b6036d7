#include "workloads/workload.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "workloads/key_text.h"
#include "workloads/operation_generator.h"
#include "workloads/operation_stream.h"

namespace dictbench {
namespace {

constexpr const char* kKeys = "[keys]\nformat = \"k{index}\"\ncount = 100\n";
constexpr const char* kPhase = "[[phase]]\nname = \"get\"\nmix = {get = 1}\noperations = 100\n";

TEST(Loader, ReadsEverything) {
  const Workload workload = parse_workload(R"(
summary = "one line"
source = "here"
seed = 7
processes = [1, 4]
repetitions = 3
preload = true
[keys]
formats = ["a{index}", "b{index:05}x"]
count = 1_000
[values]
size = {distribution = "uniform", least = 10, most = 12}
[[phase]]
name = "first"
mix = {get = 3, set = 1}
seconds = 1.5
arrival_rate = 1000
distribution = {kind = "hotspot", hot_keys = 0.1, hot_operations = 0.9}
share = "own"
start = "first-alone"
keys = 100
[[phase]]
name = "second"
mix = {scan = 1, insert = 0.1}
operations = 500
scan_limit = 10
distribution = {kind = "latest", exponent = 1.2}
[phase.values]
content = "repeat"
texts = ["x", "y"]
sizes = [{bytes = 0}, {bytes = 5, weight = 2.5}]
)",
                                           "folder/name.toml");
  EXPECT_EQ(workload.name, "name");
  EXPECT_EQ(workload.summary, "one line");
  EXPECT_EQ(workload.source, "here");
  EXPECT_EQ(workload.seed, 7u);
  EXPECT_EQ(workload.processes, (std::vector<unsigned>{1, 4}));
  EXPECT_EQ(workload.repetitions, 3u);
  EXPECT_TRUE(workload.preload);
  EXPECT_EQ(workload.keys.formats[1], "b{index:05}x");
  EXPECT_EQ(workload.keys.count, 1000u);
  ASSERT_EQ(workload.values.sizes.size(), 3u);
  EXPECT_EQ(workload.values.sizes[2].bytes, 12u);
  const Phase& first = workload.phases.at(0);
  EXPECT_EQ(first.mix.get, 3);
  EXPECT_EQ(first.seconds, 1.5);
  EXPECT_EQ(first.operations, 0u);
  EXPECT_EQ(first.arrival_rate, 1000);
  EXPECT_EQ(first.distribution.kind, DistributionKind::hotspot);
  EXPECT_EQ(first.distribution.hot_operations, 0.9);
  EXPECT_EQ(first.share, Share::own);
  EXPECT_EQ(first.start, Start::first_alone);
  EXPECT_EQ(first.keys, 100u);
  EXPECT_EQ(first.values.sizes.size(), 3u);
  const Phase& second = workload.phases.at(1);
  EXPECT_EQ(second.scan_limit, 10u);
  EXPECT_EQ(second.distribution.exponent, 1.2);
  EXPECT_EQ(second.values.content, ContentKind::repeat);
  EXPECT_EQ(second.values.sizes[1].weight, 2.5);
}

TEST(Loader, HasDefaults) {
  const Workload workload = parse_workload(std::string(kKeys) + kPhase, "x.toml");
  EXPECT_EQ(workload.seed, 1u);
  EXPECT_EQ(workload.processes, std::vector<unsigned>{1});
  EXPECT_EQ(workload.repetitions, 5u);
  EXPECT_FALSE(workload.preload);
  EXPECT_EQ(workload.phases[0].values.sizes.at(0).bytes, 10u);
  EXPECT_EQ(workload.phases[0].batch, 1u);
  EXPECT_EQ(workload.phases[0].distribution.kind, DistributionKind::sequential);
}

TEST(Loader, TakesTheFolderFromTheEnvironment) {
  ASSERT_EQ(setenv("DICTBENCH_WORKLOADS", "/nonexistent", 1), 0);
  EXPECT_TRUE(list_workloads().empty());
  EXPECT_THROW(load_workload("get-uniform"), WorkloadError);
  unsetenv("DICTBENCH_WORKLOADS");
  EXPECT_NO_THROW(load_workload("get-uniform"));
}

TEST(Hash, CoversWhatTheOperationsFollowFrom) {
  const std::string keys = kKeys, phase = kPhase;
  const std::string both = "[[phase]]\nname = \"get\"\nmix = {get = 1, set = 1}\noperations = 100\n";
  const auto hash = [](const std::string& text) { return parse_workload(text, "a.toml").hash; };
  const std::uint64_t base = hash(keys + phase);
  EXPECT_EQ(base, hash("summary = \"s\"\nsource = \"t\"\nprocesses = [3]\nrepetitions = 9\n" + keys + phase));
  EXPECT_EQ(base, parse_workload(keys + phase, "b.toml").hash);
  const std::set<std::uint64_t> others = {base,
                                          hash("seed = 2\n" + keys + phase),
                                          hash("preload = true\n" + keys + phase),
                                          hash("[keys]\nformat = \"k{index}\"\ncount = 101\n" + phase),
                                          hash("[keys]\nformat = \"l{index}\"\ncount = 100\n" + phase),
                                          hash(keys + "[values]\nsize = 11\n" + phase),
                                          hash(keys + phase + "batch = 2\n"),
                                          hash(keys + phase + "keys = 2\n"),
                                          hash(keys + phase + "share = \"own\"\n"),
                                          hash(keys + both),
                                          hash(keys + both + "writers = 1\n"),
                                          hash(keys + both + "writers = 2\n"),
                                          hash(keys + phase + "distribution = \"uniform\"\n"),
                                          hash(keys + phase + "distribution = \"zipfian\"\n")};
  EXPECT_EQ(others.size(), 14u);
}

TEST(Scale, KeepsWhatTheWorkloadIsAbout) {
  const Workload mpdict = load_workload("mpdict-1m", 0.0001);
  EXPECT_EQ(mpdict.keys.count, 102u);
  EXPECT_EQ(mpdict.phases[0].operations, 102u);
  EXPECT_EQ(load_workload("mpdict-1m", 1e-9).keys.count, 18u);
  const Workload counter = load_workload("lock-counter", 0.001);
  EXPECT_EQ(counter.keys.count, 1u);
  EXPECT_EQ(counter.phases[0].operations, 100u);
  EXPECT_EQ(load_workload("lock-counter", 1e-9).phases[0].operations, 4u);
  EXPECT_EQ(load_workload("get-uniform", 2).keys.count, 2'000'000u);
  for (const char* const name : {"values-short", "values-middle", "values-long"})
    for (const Phase& phase : load_workload(name, 0.001).phases)
      EXPECT_TRUE(phase.operations == 0 || phase.operations == phase.keys) << phase.name << " sets each key";
  const Workload large = load_workload("large", 0.001);
  EXPECT_EQ(large.keys.count, 1000u);
  EXPECT_EQ(large.counters.count, 16u);
  EXPECT_EQ(large.phases[1].seconds, load_workload("large").phases[1].seconds) << "time is not scaled";
}

// The number of keys and of value bytes at the fullest moment, by walking through all operations.
struct Counted {
  std::uint64_t items = 0, key_bytes = 0, bytes = 0;
};

Counted count(const Workload& workload, unsigned processes) {
  std::map<std::uint64_t, std::uint64_t> sizes;
  Counted counted;
  std::uint64_t bytes = 0;
  const WorkloadKeys keys(workload);
  const auto walk = [&](const Phase& phase) {
    // What only reads stores nothing, and a stream by time is long.
    if (phase.mix.get + phase.mix.get_absent == phase.mix.sum()) return;
    for (unsigned worker = 0; worker < processes; ++worker) {
      OperationGenerator generator(workload, phase, worker, processes);
      // A stream by time is long: so much of it reaches every key.
      const std::uint64_t timed = 20 * workload.keys.count;
      const std::uint64_t size = phase.operations == 0 ? timed : operation_share(phase, worker, processes);
      for (std::uint64_t i = 0; i < size; ++i) {
        const OperationGenerator::Step operation = generator.next();
        counted.key_bytes = std::max<std::uint64_t>(counted.key_bytes, keys.text(operation.key_number).size());
        if (operation.kind == OperationKind::get || operation.kind == OperationKind::scan) continue;
        if (operation.kind == OperationKind::get_absent) continue;
        if (const auto old = sizes.find(operation.key_number); old != sizes.end()) {
          bytes -= old->second;
          sizes.erase(old);
        }
        if (operation.kind == OperationKind::erase) continue;
        bytes += sizes[operation.key_number] =
            operation.kind == OperationKind::add ? 20 : phase.values.sizes.at(0).bytes;
        counted.items = std::max<std::uint64_t>(counted.items, sizes.size());
        counted.bytes = std::max(counted.bytes, bytes);
      }
    }
  };
  if (workload.preload) walk(preload_phase(workload));
  for (const Phase& phase : workload.phases) walk(phase);
  return counted;
}

TEST(StandardWorkloads, LoadAtEveryScaleAndFitTheirFootprint) {
  const std::vector<std::string> names = list_workloads();
  EXPECT_EQ(names,
            (std::vector<std::string>{"blob-growth", "churn",         "get-batch-32", "get-uniform", "growth-tail",
                                      "large",       "load-1m",       "lock-counter", "mpdict-1m",   "open-loop",
                                      "pyshmht-64b", "redis-100k",    "set-batch-32", "small",       "update-uniform",
                                      "values-long", "values-middle", "values-short", "ycsb-a",      "ycsb-b",
                                      "ycsb-c",      "ycsb-d",        "ycsb-e",       "ycsb-f",      "zipf-95-5"}));
  for (const std::string& name : names) {
    const Workload full = load_workload(name);
    EXPECT_FALSE(full.summary.empty()) << name;
    EXPECT_FALSE(full.source.empty()) << name;
    const Workload workload = load_workload(name, 0.001);
    EXPECT_NE(workload.hash, full.hash) << name;
    for (const unsigned processes : {1u, 2u, 3u, 4u}) {
      const Footprint hint = footprint(workload, processes);
      const Counted counted = count(workload, processes);
      EXPECT_GE(hint.items, counted.items) << name;
      EXPECT_LE(hint.items, counted.items + processes) << name;  // churn's workers may all be one key ahead
      EXPECT_EQ(hint.key_bytes, counted.key_bytes) << name;
      EXPECT_GE(hint.items * hint.value_bytes, counted.bytes) << name;
      EXPECT_LE(hint.items * (hint.value_bytes - 1), counted.bytes + processes * 20) << name;
      EXPECT_LT(footprint(full, processes).items * footprint(full, processes).value_bytes, 256u << 20) << name;
    }
  }
}

TEST(Footprint, KnowsTheDocumentsWorkloads) {
  const Footprint mpdict = footprint(load_workload("mpdict-1m"), 3);
  EXPECT_EQ(mpdict.items, 999'999u);
  EXPECT_EQ(mpdict.key_bytes, std::string("Foreground333332").size());
  EXPECT_EQ(mpdict.value_bytes, 10u);
  const Footprint counter = footprint(load_workload("lock-counter"), 4);
  EXPECT_EQ(counter.items, 1u);
  EXPECT_EQ(counter.value_bytes, 20u);
  EXPECT_EQ(footprint(load_workload("churn"), 2).items, 100'002u);
}

}  // namespace
}  // namespace dictbench
