#include "harness/driver/operation_loop.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace dictbench {
namespace {

// A dict that remembers what was asked of it.
class MapDict : public Dict {
 public:
  bool get(std::string_view key, Value& out) override {
    ++gets;
    const auto found = map.find(std::string(key));
    if (found == map.end()) return false;
    out.assign(tear ? found->second.substr(1) : found->second);
    return true;
  }
  void set(std::string_view key, std::string_view value) override {
    ++sets;
    map[std::string(key)] = value;
  }
  bool erase(std::string_view key) override { return map.erase(std::string(key)) == 1; }
  std::int64_t add(std::string_view, std::int64_t delta) override { return sum += delta; }
  std::uint64_t size() override { return map.size(); }
  void for_each(const Visitor&) override {}
  void set_many(std::span<const KeyValue> items) override {
    largest_batch = std::max(largest_batch, items.size());
    Dict::set_many(items);
  }

  std::map<std::string, std::string> map;
  std::uint64_t gets = 0, sets = 0;
  std::int64_t sum = 0;
  std::size_t largest_batch = 0;
  bool tear = false;
};

Workload workload(const std::string& phase) {
  return parse_workload(
      "summary = 's'\nsource = 't'\nprocesses = [1]\npreload = false\n[keys]\nformat = 'key{index:013}'\ncount = 1000\n"
      "[values]\nsize = 10\ncontent = 'tagged'\n[[phase]]\nname = 'p'\n" +
          phase,
      "test");
}

LoopResult run(MapDict& dict, const Workload& plan, unsigned batch = 1, std::uint64_t one_in = 4) {
  const TickClock clock;  // CLOCK_MONOTONIC ticks
  const OperationStream stream(plan, plan.phases[0], 0, 1);
  return run_operations({.dict = dict,
                         .stream = stream,
                         .workload = plan,
                         .phase = plan.phases[0],
                         .clock = clock,
                         .batch = batch,
                         .one_in = one_in,
                         .seconds = plan.phases[0].seconds});
}

TEST(OperationLoop, ClosedLoopDoesEveryOperationOnceAndSamplesAShare) {
  MapDict dict;
  const LoopResult result = run(dict, workload("mix = {set = 1}\noperations = 1000\ndistribution = 'sequential'"));
  EXPECT_EQ(result.ops, 1000u);
  EXPECT_EQ(dict.map.size(), 1000u);
  EXPECT_GT(result.writes.total(), 150u);
  EXPECT_LT(result.writes.total(), 350u);
  EXPECT_GT(result.end_ns, result.start_ns);
}

TEST(OperationLoop, BatchesReachTheDictWhole) {
  MapDict dict;
  const LoopResult result = run(dict, workload("mix = {set = 1}\noperations = 1000\ndistribution = 'sequential'"), 32);
  EXPECT_EQ(result.ops, 1000u);
  EXPECT_EQ(dict.largest_batch, 32u);
  EXPECT_EQ(dict.map.size(), 1000u);
}

TEST(OperationLoop, CountsMisses) {
  MapDict dict;
  const LoopResult result = run(dict, workload("mix = {get = 1}\noperations = 500\ndistribution = 'uniform'"));
  EXPECT_EQ(result.misses, 500u);
}

TEST(OperationLoop, SampledGetsFindWrongValues) {
  MapDict dict;
  run(dict, workload("mix = {set = 1}\noperations = 1000\ndistribution = 'sequential'"));
  const Workload reading = workload("mix = {get = 1}\noperations = 500\ndistribution = 'uniform'");
  EXPECT_EQ(run(dict, reading).wrong_value, "");
  dict.tear = true;
  EXPECT_NE(run(dict, reading).wrong_value, "");
}

TEST(OperationLoop, SecondsEndThePhaseAndTheStreamGoesRound) {
  MapDict dict;
  const LoopResult result = run(dict, workload("mix = {set = 1}\nseconds = 0.05\ndistribution = 'uniform'"));
  EXPECT_GE(result.end_ns - result.start_ns, 50'000'000);
  EXPECT_EQ(result.ops, dict.sets);
}

TEST(OperationLoop, GoesOnWhereTheStreamWasLeft) {
  MapDict dict;
  const Workload plan = workload("mix = {set = 1}\noperations = 1000\nshare = 'own'");
  const TickClock clock;
  const OperationStream stream(plan, plan.phases[0], 0, 1);
  LoopPlan loop{.dict = dict, .stream = stream, .workload = plan, .phase = plan.phases[0], .clock = clock};
  loop.already = 990;
  EXPECT_EQ(run_operations(loop).ops, 10u);
  EXPECT_EQ(dict.map.size(), 10u);
  EXPECT_EQ(dict.map.begin()->first, "key0000000000990");
  loop.already = 1000;
  EXPECT_EQ(run_operations(loop).ops, 0u);
}

// So that the warm-up of a quick engine leaves operations for the window.
TEST(OperationLoop, LeavesAStreamOfSoManyOperationsWhereItIsTold) {
  struct Way {
    const char* rate;
    unsigned batch;
    std::uint64_t most;  // of 333 operations
  };
  const TickClock clock;
  for (const Way& way : {Way{"", 1, 333}, Way{"", 32, 320}, Way{"\narrival_rate = 5000", 1, 333}}) {
    MapDict dict;
    const Workload plan = workload(std::string("mix = {set = 1}\noperations = 1000\nseconds = 20") + way.rate);
    const OperationStream stream(plan, plan.phases[0], 0, 1);
    LoopPlan loop{.dict = dict, .stream = stream, .workload = plan, .phase = plan.phases[0], .clock = clock};
    loop.batch = way.batch;
    loop.seconds = 20;
    loop.stop_before = 333;
    EXPECT_EQ(run_operations(loop).ops, way.most);
    EXPECT_EQ(dict.sets, way.most);
    loop.already = way.most;
    loop.stop_before = UINT64_MAX;
    EXPECT_EQ(run_operations(loop).ops, 1000 - way.most) << "the rest is for the window";
    EXPECT_EQ(dict.map.size(), 1000u);
    EXPECT_EQ(dict.sets, 1000u) << "each once";
  }
}

TEST(OperationLoop, AStreamThatGoesRoundIsNotLeftByItsNumber) {
  MapDict dict;
  const Workload plan = workload("mix = {set = 1}\nseconds = 0.01\ndistribution = 'uniform'");
  const TickClock clock;
  const OperationStream stream(plan, plan.phases[0], 0, 1);
  LoopPlan loop{.dict = dict, .stream = stream, .workload = plan, .phase = plan.phases[0], .clock = clock};
  loop.seconds = 0.01;
  loop.stop_before = 1;
  EXPECT_GT(run_operations(loop).ops, 1u);
}

TEST(OperationLoop, CountsAbsentKeysThatAreFound) {
  class FindsAll : public MapDict {
   public:
    bool get(std::string_view, Value& out) override {
      out.assign("");
      return true;
    }
  };
  const Workload plan = workload("mix = {get_absent = 1}\noperations = 500\ndistribution = 'uniform'");
  MapDict right;
  EXPECT_EQ(run(right, plan).misses, 0u);
  FindsAll wrong;
  EXPECT_EQ(run(wrong, plan).misses, 500u);
}

TEST(OperationLoop, OpenLoopIsLeftAfterTwiceItsTime) {
  class SlowDict : public MapDict {
   public:
    void set(std::string_view, std::string_view) override {
      const std::int64_t until = monotonic_ns() + 1'000'000;
      while (monotonic_ns() < until) {
      }
    }
  };
  SlowDict dict;
  const Workload plan = workload("mix = {set = 1}\nseconds = 0.1\ndistribution = 'uniform'\narrival_rate = 10000");
  const LoopResult result = run(dict, plan);
  EXPECT_TRUE(result.late);
  EXPECT_LT(result.ops, 300u);
  EXPECT_LT(result.end_ns - result.start_ns, 1'000'000'000);
}

TEST(OperationLoop, ReadersReadOnUntilTheWritersHaveEnded) {
  class EndingDict : public MapDict {
   public:
    explicit EndingDict(std::atomic<std::uint32_t>& done) : done_(done) {}
    bool get(std::string_view key, Value& out) override {
      if (gets == 3'000'000) done_ = 7;
      return MapDict::get(key, out);
    }

   private:
    std::atomic<std::uint32_t>& done_;
  };
  std::atomic<std::uint32_t> done = 6;
  EndingDict dict(done);
  const Workload plan = workload("mix = {get = 1, set = 1}\noperations = 10\nwriters = 1\ndistribution = 'uniform'");
  const TickClock clock;
  const OperationStream stream(plan, plan.phases[0], 1, 2);
  const LoopResult result = run_operations({.dict = dict,
                                            .stream = stream,
                                            .workload = plan,
                                            .phase = plan.phases[0],
                                            .clock = clock,
                                            .worker = 1,
                                            .processes = 2,
                                            .one_in = 256,
                                            .writes_done = &done,
                                            .writes_wanted = 7});
  EXPECT_GT(result.ops, 3'000'000u) << "more than two rounds of its stream";
  EXPECT_LT(result.ops, 3'100'000u);
  EXPECT_EQ(result.ops, dict.gets);
  EXPECT_EQ(dict.sets, 0u);
  EXPECT_GT(result.reads.total(), 0u);
  EXPECT_EQ(result.writes.total(), 0u);
}

TEST(OperationLoop, LatencyOfReadsAndOfWritesIsKeptApart) {
  MapDict dict;
  const LoopResult result =
      run(dict, workload("mix = {get = 1, read_modify_write = 1}\noperations = 1000\ndistribution = 'uniform'"), 1, 1);
  EXPECT_EQ(result.reads.total() + result.writes.total(), 1000u);
  EXPECT_EQ(result.writes.total(), dict.sets);
}

// A dict that stalls once delays every arrival due meanwhile; coordinated omission would hide all but one.
TEST(OperationLoop, OpenLoopChargesAStallToEveryOperationItDelays) {
  class StallingDict : public MapDict {
   public:
    void set(std::string_view key, std::string_view value) override {
      if (sets == 100) {
        const std::int64_t until = monotonic_ns() + 20'000'000;
        while (monotonic_ns() < until) {
        }
      }
      MapDict::set(key, value);
    }
  };
  StallingDict dict;
  const LoopResult result =
      run(dict, workload("mix = {set = 1}\noperations = 400\ndistribution = 'uniform'\narrival_rate = 10000"));
  EXPECT_EQ(result.ops, 400u);
  EXPECT_EQ(result.writes.total(), 400u);
  EXPECT_GE(result.end_ns - result.start_ns, 39'000'000);
  EXPECT_GE(result.writes.percentile(0.75), 3'000'000u);  // 200 of 400 arrivals fall into the stall
}

}  // namespace
}  // namespace dictbench
