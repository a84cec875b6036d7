#include "workloads/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using Executed = std::vector<std::vector<std::uint64_t>>;
using Contents = std::map<std::string, std::string>;

Workload workload_of(const std::string& phases, bool preload = true, const std::string& values = "size = 100") {
  return parse_workload(std::string("preload = ") + (preload ? "true" : "false") +
                            "\n[keys]\nformats = [\"key{index:05}\", \"x{index}\"]\ncount = 200\n[values]\n" + values +
                            "\n" + phases,
                        "test.toml");
}

Executed all_of(const Workload& workload, unsigned processes) {
  Executed executed;
  for (const Phase& phase : workload.phases) {
    executed.emplace_back();
    for (unsigned worker = 0; worker < processes; ++worker)
      executed.back().push_back(OperationStream::operations(workload, phase, worker, processes));
  }
  return executed;
}

// An engine as it should be: does what the driver does, with the workers' operations interleaved at random.
Contents run(const Workload& workload, unsigned processes, const Executed& executed, std::uint64_t seed) {
  Contents dict;
  if (workload.preload) {
    const Phase phase = preload_phase(workload);
    for (unsigned worker = 0; worker < processes; ++worker) {
      const OperationStream stream(workload, phase, worker, processes);
      ValueWriter writer(workload, phase, kPreloadWriter);
      for (std::size_t i = 0; i < stream.size(); ++i)
        dict[std::string(stream[i].key())] = writer.make(stream[i], stream[i].key_number);
    }
  }
  std::vector<std::uint64_t> sequences(processes);
  Random random(seed);
  for (std::size_t index = 0; index < workload.phases.size(); ++index) {
    const Phase& phase = workload.phases[index];
    std::vector<OperationStream> streams;
    std::vector<ValueWriter> writers;
    std::vector<unsigned> turns;
    for (unsigned worker = 0; worker < processes; ++worker) {
      streams.emplace_back(workload, phase, worker, processes);
      writers.emplace_back(workload, phase, static_cast<std::uint8_t>(worker));
      turns.insert(turns.end(), executed[index][worker], worker);
    }
    for (std::size_t i = turns.size(); i > 1; --i) std::swap(turns[i - 1], turns[random.below(i)]);
    std::vector<std::uint64_t> done(processes);
    for (const unsigned worker : turns) {
      const Operation& operation = streams[worker][done[worker]++ % streams[worker].size()];
      const std::uint64_t sequence = sequences[worker]++;
      std::string key(operation.key());
      switch (operation.kind) {
        case OperationKind::get:
        case OperationKind::scan: break;
        case OperationKind::erase: dict.erase(key); break;
        case OperationKind::add: {
          std::string& counter = dict[key];
          counter = std::to_string((counter.empty() ? 0 : std::stoll(counter)) + phase.delta);
          break;
        }
        default: dict[key] = writers[worker].make(operation, sequence);
      }
    }
  }
  return dict;
}

// What is wrong with a dict, as the verifying process would find it: "" or the first fault.
std::string verify(const Expectation& expectation, const Contents& dict) {
  for (std::uint64_t number = 0; number < expectation.keys(); ++number) {
    const auto found = dict.find(expectation.key(number));
    if (found == dict.end() && expectation.present(number)) return expectation.key(number) + " is lost";
    if (found == dict.end()) continue;
    if (std::string wrong = expectation.check(number, found->second); !wrong.empty()) return found->first + " " + wrong;
  }
  return dict.size() == expectation.items() ? "" : "wrong number of keys";
}

constexpr const char* kMixed =
    "[[phase]]\nname = \"all\"\nmix = {get = 1, set = 1, read_modify_write = 1, insert = 0.2}\noperations = "
    "300\ndistribution = \"uniform\"\n"
    "[[phase]]\nname = \"churn\"\nmix = {insert = 3, erase = 2}\noperations = 200\n"
    "[[phase]]\nname = \"own\"\nmix = {set = 1, erase = 0.5}\nshare = \"own\"\noperations = 100\ndistribution = "
    "\"zipfian\"\n"
    "[[phase]]\nname = \"few\"\nmix = {set = 1, get = 1}\nkeys = 20\noperations = 100\n[phase.values]\nsize = 33\n";

// So wide that the stream of a timed phase, which has 64 MiB, is a few thousand operations.
const std::string kWideKeys = "[keys]\nformat = \"{index:016000}\"\ncount = 100\n";

TEST(Expectation, AgreesWithAReplayIntoAMap) {
  for (const bool preload : {true, false}) {
    for (const char* values :
         {"size = 100", "size = 10", "sizes = [{bytes = 10}, {bytes = 60}]", "size = 12\ncontent = \"key\"",
          "size = 7\ncontent = \"repeat\"\ntexts = [\"one\", \"two\"]"}) {
      const Workload workload = workload_of(kMixed, preload, values);
      for (const unsigned processes : {1u, 2u, 5u}) {
        const Executed executed = all_of(workload, processes);
        const Expectation expectation(workload, processes, executed);
        for (std::uint64_t seed = 0; seed < 3; ++seed)
          EXPECT_EQ(verify(expectation, run(workload, processes, executed, seed)), "")
              << values << ", " << processes << " processes";
      }
    }
  }
}

TEST(Expectation, KnowsPartialRuns) {
  const Workload workload = workload_of(kMixed);
  Executed executed = all_of(workload, 3);
  executed[0] = {100, 7, 0};
  executed[1] = {3, 60, 50};
  executed[3][2] = 1;
  EXPECT_EQ(verify(Expectation(workload, 3, executed), run(workload, 3, executed, 1)), "");
}

TEST(Expectation, GoesRoundTimedStreams) {
  const Workload workload = parse_workload(
      kWideKeys +
          "[[phase]]\nname = \"one\"\nmix = {set = 1, get = 1}\nseconds = 1\ndistribution = \"uniform\"\n"
          "[[phase]]\nname = \"two\"\nmix = {set = 1}\nshare = \"own\"\nkeys = 50\nseconds = 1\n",
      "test.toml");
  const std::uint64_t round = OperationStream::operations(workload, workload.phases[0], 0, 2);
  const Executed executed = {{round + 17, round / 2}, {2 * round + 3, 11}};
  EXPECT_EQ(verify(Expectation(workload, 2, executed), run(workload, 2, executed, 1)), "");
}

TEST(Expectation, CountsCountersExactly) {
  const Workload workload = parse_workload(
      kWideKeys +
          "[[phase]]\nname = \"add\"\nmix = {add = 1}\ndelta = -3\noperations = "
          "1000\n"
          "[[phase]]\nname = \"timed\"\nmix = {add = 1, get = 1}\nseconds = 1\ndistribution = \"uniform\"\n",
      "test.toml");
  const std::uint64_t round = OperationStream::operations(workload, workload.phases[1], 0, 4);
  const Executed executed = {{250, 250, 200, 250}, {round * 2 + 5, round - 1, 3, 0}};
  const Expectation expectation(workload, 4, executed);
  const std::string key = expectation.key(3);
  Contents dict = run(workload, 4, executed, 1);
  EXPECT_EQ(verify(expectation, dict), "");
  dict[key] = std::to_string(std::stoll(dict[key]) + 1);
  EXPECT_THAT(verify(expectation, dict), HasSubstr("instead of"));
  dict[key] = "0" + dict[key];
  EXPECT_NE(verify(expectation, dict), "");
}

class Faults : public ::testing::Test {
 protected:
  // Where a value is known to have one right write: the last phase's key 0, all of whose operations set.
  const Workload workload_ = workload_of(
      "[[phase]]\nname = \"one\"\nmix = {set = 1}\noperations = 800\n"
      "[[phase]]\nname = \"two\"\nmix = {set = 1}\nshare = \"own\"\nkeys = 100\noperations = 300\n"
      "[[phase]]\nname = \"churn\"\nmix = {insert = 1, erase = 1}\noperations = 20\n");
  const Executed executed_ = all_of(workload_, 2);
  const Expectation expectation_{workload_, 2, executed_};
  Contents dict_ = run(workload_, 2, executed_, 3);

  std::string made(std::size_t phase, std::uint8_t worker, std::uint64_t key, std::uint64_t sequence) {
    const OperationStream stream(workload_, preload_phase(workload_), 0, 1);
    return std::string(ValueWriter(workload_, workload_.phases[phase], worker).make(stream[key], sequence));
  }
};

TEST_F(Faults, NoneAreSeenInARightDict) { EXPECT_EQ(verify(expectation_, dict_), ""); }

TEST_F(Faults, LostKeys) {
  dict_.erase(expectation_.key(30));
  EXPECT_EQ(verify(expectation_, dict_), expectation_.key(30) + " is lost");
}

TEST_F(Faults, ExtraKeys) {
  dict_[expectation_.key(0)] = made(1, 0, 0, 500);  // erased by the churn
  ASSERT_FALSE(expectation_.present(0));
  EXPECT_THAT(verify(expectation_, dict_), HasSubstr("must not be"));
  dict_.erase(expectation_.key(0));
  dict_["stranger"] = "x";
  EXPECT_EQ(verify(expectation_, dict_), "wrong number of keys");
}

TEST_F(Faults, RevertedWrites) {
  // Key 30 is set by process 0 in each of the three rounds through its 50 keys: at 400 + 30, 80 and 130.
  const std::string key = expectation_.key(30);
  EXPECT_EQ(ValueChecker(workload_, workload_.phases[1]).stamp(dict_[key]), (Stamp{0, 400 + 130}));
  for (const std::uint64_t earlier : {400 + 80, 400 + 30, 230, 30}) {
    dict_[key] = made(1, 0, 30, earlier);
    EXPECT_THAT(verify(expectation_, dict_), HasSubstr("instead of operation 530 of process 0")) << earlier;
  }
  dict_[key] = made(0, 1, 30, 230);  // process 1's last one, but of the phase before
  EXPECT_NE(verify(expectation_, dict_), "");
  dict_[key] = made(0, kPreloadWriter, 30, 30);
  EXPECT_THAT(verify(expectation_, dict_), HasSubstr("the preload's value"));
}

TEST_F(Faults, TheLastWriteOfEitherProcessMayHaveWon) {
  // Key 150 is set by both processes in the first phase alone, at 150 and 350.
  const std::string key = expectation_.key(150);
  for (const std::uint8_t worker : {0, 1}) {
    dict_[key] = made(0, worker, 150, 350);
    EXPECT_EQ(verify(expectation_, dict_), "");
    dict_[key] = made(0, worker, 150, 150);
    EXPECT_THAT(verify(expectation_, dict_), HasSubstr("or the last write of another process"));
  }
}

TEST_F(Faults, TornForeignAndCutValues) {
  std::string& value = dict_[expectation_.key(30)];
  const std::string right = value;
  value[50] ^= 1;
  EXPECT_THAT(verify(expectation_, dict_), HasSubstr("torn at byte 50"));
  value = right.substr(0, 99);
  EXPECT_THAT(verify(expectation_, dict_), HasSubstr("99 bytes instead of 100"));
  value = dict_[expectation_.key(31)];
  EXPECT_THAT(verify(expectation_, dict_), HasSubstr("belongs to another key"));
}

TEST(Expectation, RefusesCountsOfAnotherShape) {
  const Workload workload = workload_of(kMixed);
  EXPECT_THROW(Expectation(workload, 2, {{1, 2}}), std::invalid_argument);
  EXPECT_THROW(Expectation(workload, 2, all_of(workload, 3)), std::invalid_argument);
}

}  // namespace
}  // namespace dictbench
