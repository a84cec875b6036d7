#include "results/comparability.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using testing::make_cell;
using testing::make_run;

void set_fact(Facts& facts, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find(facts, name, &std::pair<std::string, std::string>::first);
  if (found == facts.end())
    facts.emplace_back(name, value);
  else
    found->second = value;
}

TEST(Comparability, LikeRunsDifferInNothing) {
  RunRecord a = make_run("a"), b = make_run("b");
  b.commit = "fedcba";
  b.warnings.clear();
  set_fact(a.host, "load_average", "0.1");
  set_fact(b.host, "load_average", "1.7");
  set_fact(b.host, "measured_mhz", "2510");
  EXPECT_TRUE(differences(&a, make_cell("redis", 1e6), &b, make_cell("redis", 2e6, 1)).empty());
}

TEST(Comparability, AnotherMachineIsToldOnceNotFactByFact) {
  RunRecord a = make_run(), b = make_run();
  set_fact(b.host, "cores", "8");
  set_fact(b.host, "kernel", "6.1");
  EXPECT_EQ(differences_text(host_differences(a, b)), "host (intel-xeon-2.50ghz-2-cores / intel-xeon-2.50ghz-8-cores)");
}

TEST(Comparability, OfOneMachineWhatChangedIsTold) {
  RunRecord a = make_run(), b = make_run();
  for (RunRecord* run : {&a, &b}) set_fact(run->host, "governor", "performance");
  set_fact(b.host, "governor", "powersave");
  set_fact(b.host, "mitigations", "spectre_v2: Retpolines");
  EXPECT_EQ(differences_text(host_differences(a, b)), "governor (performance / powersave)")
      << "a does not tell its mitigations, and its kernel is unavailable";
  set_fact(a.host, "mitigations", "none");
  EXPECT_EQ(host_differences(a, b).size(), 2u);
}

TEST(Comparability, VersionsOnlyOfTheEngineAndOnlyWhatDiffers) {
  RunRecord a = make_run(), b = make_run();
  a.versions = {{"redis", "hiredis 0.14.1, redis-server 7.0.15"}, {"lmdb", "0.9.24"}, {"redis-py", "4.3.4"}};
  b.versions = {{"redis", "hiredis 0.14.1, redis-server 7.0.14"}, {"lmdb", "0.9.31"}, {"redis-py", "5.0.0"}};
  EXPECT_EQ(differences_text(version_differences(a, b, "redis?pipeline=16")),
            "versions (redis-server 7.0.15 / 7.0.14)");
  EXPECT_EQ(differences_text(version_differences(a, b, "lmdb")), "versions (0.9.24 / 0.9.31)");
  EXPECT_EQ(differences_text(version_differences(a, b, "redis-py over TCP")), "versions (4.3.4 / 5.0.0)");
  EXPECT_TRUE(version_differences(a, b, "lockfree").empty());
  b.versions.clear();
  EXPECT_TRUE(version_differences(a, b, "lmdb").empty()) << "not told";
}

TEST(Comparability, BuildAndSeed) {
  RunRecord a = make_run(), b = make_run();
  b.compiler = "g++ 13.1.0";
  b.flags = "-O2";
  set_fact(a.options, "seed", "1");
  set_fact(b.options, "seed", "2");
  EXPECT_EQ(differences_text(differences(&a, make_cell("x", 1), &b, make_cell("x", 1))),
            "compiler (g++ 12.2.0 / 13.1.0), flags (-O3 / -O2), seed (1 / 2)");
}

TEST(Comparability, Work) {
  CellRecord a = make_cell("lmdb", 1), b = a;
  b.workload_hash = "bb";
  EXPECT_EQ(differences_text(work_differences(a, b)), "workload hash (aa / bb)");
  b.scale = 0.1;
  b.start = "spawn";
  b.processes = 4;
  a.engine_facts = {{"filesystem", "tmpfs"}};
  b.engine_facts = {{"filesystem", "ext4"}};
  EXPECT_EQ(differences_text(work_differences(a, b)),
            "scale (1 / 0.1), processes (2 / 4), start (fork / spawn), file system (tmpfs / ext4)")
      << "the scale is in the hash";
  EXPECT_EQ(differences_text(work_differences(a, b), 10), "scale (1 / 0.1), processes (2 / 4), start, file system");
  b = a;
  a.engine_facts = {{"pages", "2 MB"}};
  b.engine_facts = {{"pages", "4 KB"}};
  EXPECT_EQ(differences_text(work_differences(a, b)), "pages (2 MB / 4 KB)");
  a.engine_facts = {{"pages", "2 MB: 24 granted, 49152 of 51448 KiB"}};
  b.engine_facts = {{"pages", "2 MB: 25 granted, 51200 of 53504 KiB"}};
  EXPECT_EQ(differences_text(work_differences(a, b)), "");
}

TEST(Comparability, AnotherWarmUpIsTold) {
  const auto cell = [](double seconds, std::optional<double> warm_up_s) {
    CellRecord made = make_cell("lockfree", 1);
    made.work.seconds = seconds;
    made.work.warm_up_s = warm_up_s;
    return made;
  };
  const auto told = [](const CellRecord& a, const CellRecord& b) { return differences_text(work_differences(a, b)); };
  EXPECT_EQ(told(cell(0.2, 0.04), cell(0.2, 0.2)), "warm-up (0.04 s / 0.2 s)");
  EXPECT_EQ(told(cell(0.2, {}), cell(0.2, 0.2)), "") << "a fifth, or 0.2 s already before it was told";
  EXPECT_EQ(told(cell(0.329, {}), cell(0.2, 0.2)), "");
  EXPECT_EQ(told(cell(0.2, {}), cell(0.2, 0.1)), "warm-up (0.04 s or 0.2 s / 0.1 s)") << "it was neither";
  EXPECT_EQ(told(cell(0.1, {}), cell(0.1, 0.1)), "warm-up (0.02 s / 0.1 s)") << "in so short a window surely a fifth";
  EXPECT_EQ(told(cell(2, {}), cell(2, 0.2)), "warm-up (0.4 s / 0.2 s)") << "a fifth of a long one is more";
  EXPECT_EQ(told(cell(0.5, {}), cell(0.2, {})), "");
  EXPECT_EQ(told(cell(0.2, {}), cell(0.2, 0.04)), "");
  EXPECT_EQ(told(cell(0.5, 0.1), cell(0.2, 0.04)), "") << "a longer window is the same work";
  EXPECT_EQ(told(cell(0.5, 0.2), cell(0.2, 0.2)), "");
  EXPECT_EQ(told(cell(0, {}), cell(0.2, 0.2)), "") << "nothing is known, or no time ends the phase";
}

TEST(Comparability, WhatAnEngineIsByItsNatureIsNoDifference) {
  CellRecord a = make_cell("lockfree", 1), b = make_cell("rival-tbb", 1);
  b.start = "threads";
  b.engine_facts = {{"filesystem", "ext4"}};
  a.engine_facts = {{"filesystem", "tmpfs"}};
  EXPECT_TRUE(work_differences(a, b).empty());
  b.start = "spawn";
  EXPECT_EQ(work_differences(a, b).size(), 1u);
}

}  // namespace
}  // namespace dictbench
