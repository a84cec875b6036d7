// The gate over simulated runs: what it promises, tried out without a clock.
#include "harness/gate/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/gate/simulated.h"
#include "harness/gate/trials.h"
#include "results/gate/figures.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<GateCell> cells(unsigned count) {
  std::vector<GateCell> made;
  for (unsigned i = 0; i < count; ++i) made.push_back({"engine", "engine", "cell " + std::to_string(i), 1, 1});
  return made;
}

GateResult simulate(const NoiseModel& noise, std::uint64_t seed, unsigned count, double slowdown,
                    double one_sided = 0) {
  SimulatedMeasurer measurer(noise, seed, slowdown, one_sided);
  return run_gate(cells(count), measurer, {.pairs = 20, .seed = seed});
}

TEST(Gate, UnchangedProgramsFailInAtMostOneOfAHundredGates) {
  unsigned failed = 0;
  for (const NoiseModel& noise : noise_models())
    for (std::uint64_t seed = 0; seed < 60; ++seed)
      failed += simulate(noise, seed, 4, 0).standing == GateStanding::regressed;
  EXPECT_LE(failed, 3U);
}

// The worst case that is still accepted: every cell is slower by just the margin.
TEST(Gate, SlowdownOfJustTheMarginKeepsTheErrorToo) {
  unsigned failed = 0;
  for (const NoiseModel& noise : noise_models())
    for (std::uint64_t seed = 0; seed < 60; ++seed)
      failed += simulate(noise, seed, 4, 0.03).standing == GateStanding::regressed;
  EXPECT_LE(failed, 6U);
}

TEST(Gate, WhatItCallsVisibleItSees) {
  unsigned caught = 0, twice = 0;
  for (const NoiseModel& noise : noise_models()) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const double visible = simulate(noise, seed, 1, 0).figures[0].looks[0].visible;
      caught += simulate(noise, seed + 1000, 1, visible).standing == GateStanding::regressed;
      twice += simulate(noise, seed + 2000, 1, 2 * visible).standing == GateStanding::regressed;
    }
  }
  EXPECT_GE(caught, 90U);
  EXPECT_EQ(twice, 100U);
}

TEST(Gate, NoiseOnOneSideIsInconclusiveAndASpeedUpNeverFails) {
  for (const NoiseModel& noise : noise_models()) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      EXPECT_EQ(simulate(noise, seed, 1, 0, 1.0).standing, GateStanding::inconclusive) << noise.name << ' ' << seed;
      EXPECT_NE(simulate(noise, seed, 1, -0.1).standing, GateStanding::regressed) << noise.name << ' ' << seed;
    }
  }
}

// Noise that no processor time of others explains shows only in how the head scatters, which is less sure.
TEST(Gate, UnexplainedNoiseOnOneSideIsMostlyInconclusive) {
  class Unseen : public Measurer {
   public:
    explicit Unseen(Measurer& measurer) : measurer_(measurer) {}
    GateRun measure(const GateCell& cell, Side side) override {
      GateRun run = measurer_.measure(cell, side);
      run.others = 0;
      return run;
    }
    Measurer& measurer_;
  };
  unsigned failed = 0;
  for (const NoiseModel& noise : noise_models()) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      SimulatedMeasurer measurer(noise, seed, 0, 1.0);
      Unseen unseen(measurer);
      failed += run_gate(cells(1), unseen, {.pairs = 20, .seed = seed}).standing == GateStanding::regressed;
    }
  }
  EXPECT_LE(failed, 5U);
}

TEST(Gate, SecondLookIsOnlyForWhatTheFirstFlagged) {
  const GateResult slower = simulate(noise_models()[0], 1, 1, 0.5);
  ASSERT_EQ(slower.figures.size(), 1U);
  EXPECT_EQ(slower.figures[0].looks.size(), 2U);
  EXPECT_EQ(slower.figures[0].looks[1].base.size(), 20U);
  EXPECT_EQ(slower.figures[0].looks[1].head.size(), 20U);
  EXPECT_EQ(simulate({.name = "quiet", .scatter = 0.001}, 1, 1, 0).figures[0].looks.size(), 1U);
}

TEST(Gate, BudgetTooSmallIsInconclusiveAndSaysWhatItTakes) {
  SimulatedMeasurer measurer(noise_models()[0], 1);
  const GateResult result = run_gate(cells(4), measurer, {.budget_s = 100});  // a run takes 1 s
  EXPECT_EQ(result.standing, GateStanding::inconclusive);
  EXPECT_EQ(
      result.unfit,
      "a budget of 100 s gives 6 pairs, but 4 figures need 16: give --budget 256, or gate fewer cells or a smaller "
      "--scale");
  EXPECT_EQ(run_gate(cells(4), measurer, {.budget_s = 256}).pairs, 16U);
  EXPECT_THROW(run_gate(cells(4), measurer, {.pairs = 10}), std::invalid_argument);
}

// Each pair of a block is made of neighbours, and neither side always comes first.
TEST(Gate, BlocksAreAbbaOrBaabByChance) {
  class Recorder : public Measurer {
   public:
    GateRun measure(const GateCell&, Side side) override {
      order += side == Side::base ? 'A' : 'B';
      GateRun run;
      run.wall_s = 1;
      run.phases = {{"phase", {{kTime, 1.0}}}};
      return run;
    }
    std::string order;
  } recorder;
  run_gate(cells(1), recorder, {.pairs = 40});
  ASSERT_EQ(recorder.order.size(), 2 + 80U);
  unsigned abba = 0;
  for (std::size_t i = 2; i < recorder.order.size(); i += 4) {
    const std::string block = recorder.order.substr(i, 4);
    EXPECT_TRUE(block == "ABBA" || block == "BAAB") << block;
    abba += block == "ABBA";
  }
  EXPECT_GT(abba, 3U);
  EXPECT_LT(abba, 17U);
}

// A head that loses data has regressed, at whatever speed; a base that does leaves nothing to compare with.
TEST(Gate, LostDataIsNeverATimeToCompare) {
  class Loser : public Measurer {
   public:
    explicit Loser(Side side) : side_(side) {}
    GateRun measure(const GateCell&, Side side) override {
      GateRun run;
      run.wall_s = 1;
      run.phases = {{"phase", {{kTime, 1.0}}}};
      if (side == side_ && ++runs_ == 5) {
        run.wrong = "failed: 3 keys lost";
        run.faulty = true;
      }
      return run;
    }
    Side side_;
    int runs_ = 0;
  } head(Side::head), base(Side::base);
  const GateResult lost = run_gate(cells(1), head, {.pairs = 20});
  EXPECT_EQ(lost.standing, GateStanding::regressed);
  EXPECT_EQ(lost.figures[0].verdict, "regressed: the head: failed: 3 keys lost");
  const GateResult open = run_gate(cells(1), base, {.pairs = 20});
  EXPECT_EQ(open.standing, GateStanding::inconclusive);
  EXPECT_THAT(open.figures[0].verdict, StartsWith("inconclusive: the base: failed"));
}

TEST(Gate, CommittedRatiosStandInForTheBase) {
  SimulatedMeasurer measurer({.name = "quiet", .scatter = 0.005}, 1, 1.0);  // the head takes twice the yardstick's time
  Pairs committed;
  for (int i = 0; i < 20; ++i) {
    committed.base.push_back(1 + 0.001 * i);
    committed.head.push_back(1.5);
  }
  const auto find = [&](const GateRun&, const GateCell&, const std::string&, const std::string&) { return &committed; };
  const GateResult worse = run_gate(cells(1), measurer, {.pairs = 20}, find);
  EXPECT_EQ(worse.standing, GateStanding::regressed);
  EXPECT_NEAR(worse.figures[0].looks[0].slowdown, 2 / 1.5 - 1, 0.03);
  committed.head.assign(20, 2.0);
  EXPECT_EQ(run_gate(cells(1), measurer, {.pairs = 20}, find).standing, GateStanding::pass);
  committed.base.resize(5);
  committed.head.resize(5);
  EXPECT_THAT(run_gate(cells(1), measurer, {.pairs = 20}, find).figures[0].verdict,
              HasSubstr("the records hold 5 pairs of it, 8 are needed"));
}

TEST(GateTrials, DelayIsAShareOfTheBaseItIsAddedTo) {
  EXPECT_DOUBLE_EQ(slowdown_of_delays(0, 10, 35, 2), 10.0 / 70);
  EXPECT_DOUBLE_EQ(slowdown_of_delays(10, 0, 40, 2), -10.0 / 80);  // -v / (1 + v) with v = 1 / 7
}

}  // namespace
}  // namespace dictbench
