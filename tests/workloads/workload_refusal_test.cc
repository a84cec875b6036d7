// What the loader refuses, and that it says where, why and what is allowed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "workloads/workload.h"

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
      {phase_with("", "{get = 1}", ""), "phase p: has no end; allowed: seconds, operations, or both"},
      {phase_with("seconds = 1\nlimit = 1"), "phase p.limit: goes with a number of operations that all are to be done"},
      {phase_with("limit = 1", "{get = 1}", "seconds = 1"), "phase p.limit: goes with a number of operations"},
      {phase_with("limit = 0"), "phase p.limit: 0 is out of range"},
      {phase_with("fill = true"), "phase p.fill: goes with a load"},
      {phase_with("fill = true", "{set = 1}", "seconds = 1"), "phase p.fill: goes with a load"},
      {phase_with("batch = 2", "{get_absent = 1}"), "phase p.batch: goes with one kind of operation only"},
      {phase_with("", "{get_absent = 1, insert = 1}"), "phase p.mix: asks for absent keys beside inserts"},
      {phase_with("seconds = 1", "{insert = 1}") + phase, "phase: p may end before all its keys are inserted"},
      {phase_with("") + "[counters]\nformat = \"c{index}\"\ncount = 2\n", "counters: are there, and no phase adds"},
      {phase_with("", "{add = 1, get = 1}") + "[counters]\nformat = \"c{index}\"\ncount = 2\n",
       "phase: p has other operations beside add"},
      {phase_with("", "{add = 1}") + "[counters]\nformat = \"k0{index}\"\ncount = 2\n", "can make the same key"},
      {phase_with("", "{get = 1}", "operations = 0"), "operations: 0 is out of range"},
      {phase_with("", "{get = 1}", "seconds = 0"), "seconds: 0 is out of range"},
      {phase_with("", "{insert = 1}", "seconds = 1"), "alone does not go with insert or erase"},
      {phase_with("", "{erase = 1}", "seconds = 1"), "alone does not go with insert or erase"},
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
      {phase_with("writers = 1"), "phase p.writers: has nobody to set apart"},
      {phase_with("writers = 1", "{set = 1}"), "phase p.writers: has nobody to set apart"},
      {phase_with("writers = 254", "{get = 1, set = 1}"), "phase p.writers: 254 is out of range"},
      {phase_with("writers = 1", "{get = 1, set = 1}", "seconds = 1"), "neither seconds nor arrival_rate nor start"},
      {phase_with("writers = 1\nstart = \"first-alone\"", "{get = 1, set = 1}"),
       "neither seconds nor arrival_rate nor start"},
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
    EXPECT_THAT(error.what(), HasSubstr("'no-such' is not known; there are blob-growth, churn, get-batch-32"));
  }
  try {
    load_workload("/nowhere/at-all.toml");
    FAIL();
  } catch (const WorkloadError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/at-all.toml: cannot be read"));
  }
}

}  // namespace
}  // namespace dictbench
