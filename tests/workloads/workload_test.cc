#include "workloads/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "workloads/operation_stream.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kKeys = "[keys]\nformat = \"k{index}\"\ncount = 100\n";
constexpr const char* kPhase = "[[phase]]\nname = \"get\"\nmix = {get = 1}\noperations = 100\n";

std::string refusal(const std::string& text) {
  try {
    parse_workload(text, "some/file.toml");
  } catch (const WorkloadError& error) {
    return error.what();
  }
  return "accepted";
}

std::string phase_with(const std::string& lines, const std::string& mix = "{get = 1}",
                       const std::string& count = "operations = 100") {
  return std::string(kKeys) + "[[phase]]\nname = \"p\"\nmix = " + mix + "\n" + count + "\n" + lines + "\n";
}

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

TEST(Loader, RefusesWithFileLineKeyReasonAndWhatIsAllowed) {
  EXPECT_EQ(refusal(std::string(kKeys) + "[[phase]]\nname = \"get\"\nmix = {get = 1}\noperations = 100\nbatch = 0\n"),
            "some/file.toml:8: phase get.batch: 0 is out of range; allowed: whole numbers from 1 to 65536");
}

TEST(Loader, RefusesWrongFiles) {
  const std::string keys = kKeys, phase = kPhase;
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"seed = = 1", ":1: no TOML"},
      {"speed = 1\n" + keys + phase, "speed: is not known; allowed: summary, source, seed"},
      {"seed = -1\n" + keys + phase, "seed: -1 is out of range"},
      {"seed = \"1\"\n" + keys + phase, "seed: is no whole number"},
      {"seed = 1.5\n" + keys + phase, "seed: is no whole number"},
      {"seed = 2020-01-01\n" + keys + phase, "seed: is no whole number"},
      {"summary = 1\n" + keys + phase, "summary: is no text"},
      {"preload = 1\n" + keys + phase, "preload: is no truth value"},
      {"processes = []\n" + keys + phase, "processes: is an empty list"},
      {"processes = 2\n" + keys + phase, "processes: is no list"},
      {"processes = [0]\n" + keys + phase, "processes: 0 is out of range"},
      {"processes = [255]\n" + keys + phase, "processes: 255 is out of range; allowed: whole numbers from 1 to 254"},
      {"repetitions = 0\n" + keys + phase, "repetitions: 0 is out of range"},
      {phase, "keys: is missing"},
      {"keys = 3\n" + phase, "keys: is no table"},
      {keys, "phase: is missing"},
      {"phase = [1]\n" + keys, "phase: holds something that is no table"},
      {"[keys]\nformat = \"k{index}\"\n" + phase, "keys.count: is missing"},
      {"[keys]\ncount = 1\n" + phase, "keys.format: is missing"},
      {"[keys]\nformat = \"k\"\ncount = 1\n" + phase, "keys.format: 'k' lacks {index}"},
      {"[keys]\nformat = \"k{index}{index}\"\ncount = 1\n" + phase, "more than one pair of braces"},
      {"[keys]\nformat = \"k{i}\"\ncount = 1\n" + phase, "unknown field {i}"},
      {"[keys]\nformat = \"k{index:13}\"\ncount = 1\n" + phase, "unknown field {index:13}"},
      {"[keys]\nformat = \"k{index:0}\"\ncount = 1\n" + phase, "unknown field {index:0}"},
      {"[keys]\nformat = \"k{index:065535}\"\ncount = 1\n" + phase, "keys of more than 65535 bytes"},
      {"[keys]\nformat = \"k{index:018446744073709551615}\"\ncount = 1\n" + phase, "keys of more than 65535 bytes"},
      {"[keys]\nformat = \"k{index}\"\ncount = 0\n" + phase, "keys.count: 0 is out of range"},
      {"[keys]\nformat = \"k{index}\"\nformats = [\"k{index}\"]\ncount = 1\n" + phase,
       "keys.formats: stands beside format"},
      {"[keys]\nformats = []\ncount = 1\n" + phase, "keys.formats: is an empty list"},
      {"[keys]\nformats = [1]\ncount = 1\n" + phase, "keys.formats: holds something that is no text"},
      {"[keys]\nformats = [\"a{index}\", \"a1{index}\"]\ncount = 10\n" + phase, "can make the same key"},
      {"[keys]\nformats = [\"a{index}x\", \"a{index}1x\"]\ncount = 10\n" + phase, "can make the same key"},
      {keys + "[values]\nsize = 9\n" + phase, "values.size: 9 is out of range; allowed: whole numbers from 10"},
      {keys + "[values]\nsize = 10\nsizes = [{bytes = 10}]\n" + phase, "values.sizes: stands beside size"},
      {keys + "[values]\nsizes = [{bytes = 10, weight = 0}]\n" + phase, "values.sizes: has no weight above 0"},
      {keys + "[values]\nsizes = [{bytes = 10, weight = -1}]\n" + phase, "values.sizes 1.weight: -1 is out of range"},
      {keys + "[values]\nsizes = [{bytes = 10, wait = 1}]\n" + phase, "values.sizes 1.wait: is not known"},
      {keys + "[values]\nsize = {distribution = \"uniform\", least = 20, most = 19}\n" + phase,
       "values.size.most: 19 is out of range"},
      {keys + "[values]\nsize = {distribution = \"normal\", least = 20, most = 30}\n" + phase,
       "\"normal\" is not known; allowed: \"uniform\""},
      {keys + "[values]\ncontent = \"random\"\n" + phase,
       "values.content: \"random\" is not known; allowed: \"tagged\", \"key\", \"repeat\""},
      {keys + "[values]\ncontent = \"repeat\"\n" + phase, "values.texts: is missing"},
      {keys + "[values]\ncontent = \"repeat\"\ntexts = [\"a\", \"b\"]\n" + phase,
       "values.texts: has 2 texts; allowed: one for each of the 1"},
      {keys + "[values]\ncontent = \"repeat\"\ntexts = [\"\"]\n" + phase, "one of them empty"},
      {keys + "[values]\ntexts = [\"a\"]\n" + phase, "values.texts: is of no use here"},
      {keys + "[[phase]]\nmix = {get = 1}\noperations = 1\n", "phase 1.name: is missing"},
      {keys + "[[phase]]\nname = \"\"\nmix = {get = 1}\noperations = 1\n", "name: \"\" cannot be a phase's name"},
      {keys + "[[phase]]\nname = \"preload\"\nmix = {get = 1}\noperations = 1\n",
       "\"preload\" cannot be a phase's name"},
      {keys + phase + phase, "two phases \"get\""},
      {keys + "[[phase]]\nname = \"p\"\noperations = 1\n", "phase p.mix: is missing"},
      {phase_with("", "{}"), "phase p.mix: has no weight above 0"},
      {phase_with("", "{get = 0}"), "has no weight above 0"},
      {phase_with("", "{get = -1}"), "phase p.mix.get: -1 is out of range"},
      {phase_with("", "{get = nan}"), "phase p.mix.get: nan is out of range"},
      {phase_with("", "{put = 1}"), "phase p.mix.put: is not known; allowed: get, set, insert"},
      {phase_with("", "{get = 1}", ""), "needs either operations or seconds"},
      {phase_with("seconds = 1"), "phase p.seconds: needs either operations or seconds"},
      {phase_with("", "{get = 1}", "operations = 0"), "operations: 0 is out of range"},
      {phase_with("", "{get = 1}", "seconds = 0"), "seconds: 0 is out of range"},
      {phase_with("", "{insert = 1}", "seconds = 1"), "does not go with insert or erase"},
      {phase_with("", "{erase = 1}", "seconds = 1"), "does not go with insert or erase"},
      {phase_with("batch = 2", "{get = 1, set = 1}"), "phase p.batch: goes with one kind of operation only"},
      {phase_with("batch = 2", "{add = 1}"), "phase p.batch: goes with one kind of operation only"},
      {phase_with("", "{set = 1, erase = 1}"), "phase p.mix: erases keys that another process may set"},
      {phase_with("delta = 0", "{add = 1}"), "delta: 0 changes nothing"},
      {phase_with("", "{add = 1, set = 1}"), "add beside operations that write other values"},
      {"preload = true\n" + phase_with("", "{add = 1}"), "add beside operations that write other values"},
      {phase_with("distribution = \"normal\""),
       "phase p.distribution: \"normal\" is not known; allowed: \"sequential\", \"uniform\""},
      {phase_with("distribution = {exponent = 1}"), "phase p.distribution.kind: is missing"},
      {phase_with("distribution = {kind = \"zipfian\", exponent = 0}"),
       "phase p.distribution.exponent: 0 is out of range"},
      {phase_with("distribution = {kind = \"uniform\", exponent = 1}"), "phase p.distribution.exponent: is not known"},
      {phase_with("distribution = {kind = \"hotspot\", hot_keys = 2}"),
       "phase p.distribution.hot_keys: 2 is out of range"},
      {phase_with("distribution = 3"), "phase p.distribution: is no table"},
      {phase_with("share = \"some\""), "phase p.share: \"some\" is not known; allowed: \"all\", \"own\""},
      {phase_with("start = \"later\""), "phase p.start: \"later\" is not known"},
      {phase_with("arrival_rate = -1"), "phase p.arrival_rate: -1 is out of range"},
      {phase_with("keys = 101"), "phase p.keys: 101 is out of range"},
      {phase_with("scan_limit = 0"), "phase p.scan_limit: 0 is out of range"},
      {phase_with("[phase.values]\nsize = 1"), "phase p.values.size: 1 is out of range"},
      {"processes = [4]\n[keys]\nformat = \"k{index}\"\ncount = 3\n[[phase]]\nname = \"p\"\nmix = {set = "
       "1}\noperations = 4\nshare = \"own\"\n",
       "processes: workload file, phase p: 4 processes cannot each own some of 3 keys"},
  };
  for (const auto& [text, message] : wrong) {
    EXPECT_THAT(refusal(text), HasSubstr(message)) << text;
    EXPECT_THAT(refusal(text), StartsWith("some/file.toml"));
    EXPECT_THAT(refusal(text), Not(HasSubstr("\n")));
  }
}

TEST(Loader, RefusesWrongScales) {
  for (const double scale : {0.0, -1.0, 1001.0, std::nan("")})
    EXPECT_THROW(load_workload("get-uniform", scale), WorkloadError);
}

TEST(Loader, NamesTheWorkloadsThatThereAre) {
  try {
    load_workload("no-such");
    FAIL();
  } catch (const WorkloadError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'no-such' is not known; there are churn, get-batch-32, get-uniform"));
  }
  try {
    load_workload("/nowhere/at-all.toml");
    FAIL();
  } catch (const WorkloadError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/at-all.toml: cannot be read"));
  }
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
                                          hash(keys + phase + "distribution = \"uniform\"\n"),
                                          hash(keys + phase + "distribution = \"zipfian\"\n")};
  EXPECT_EQ(others.size(), 11u);
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
  const Workload sweep = load_workload("value-sweep", 0.001);
  for (std::size_t i = 0; i < sweep.phases.size(); i += 2)
    EXPECT_EQ(sweep.phases[i].operations % sweep.phases[i].keys, 0u)
        << "phase " << sweep.phases[i].name << " sets each key";
}

// The number of keys and of value bytes at the fullest moment, by walking through all operations.
struct Counted {
  std::uint64_t items = 0, key_bytes = 0, bytes = 0;
};

Counted count(const Workload& workload, unsigned processes) {
  std::map<std::uint64_t, std::uint64_t> sizes;
  Counted counted;
  std::uint64_t bytes = 0;
  const auto walk = [&](const Phase& phase) {
    for (unsigned worker = 0; worker < processes; ++worker) {
      const OperationStream stream(workload, phase, worker, processes);
      for (std::size_t i = 0; i < stream.size(); ++i) {
        const Operation& operation = stream[i];
        counted.key_bytes = std::max<std::uint64_t>(counted.key_bytes, operation.key_length);
        if (operation.kind == OperationKind::get || operation.kind == OperationKind::scan) continue;
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
            (std::vector<std::string>{"churn", "get-batch-32", "get-uniform", "load-1m", "lock-counter", "mpdict-1m",
                                      "pyshmht-64b", "redis-100k", "set-batch-32", "update-uniform", "value-sweep",
                                      "ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-e", "ycsb-f", "zipf-95-5"}));
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
      EXPECT_LE(hint.items * (hint.value_bytes - 1), counted.bytes) << name;
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
