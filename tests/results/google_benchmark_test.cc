#include "results/google_benchmark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

RecordFile sample(double speed) {
  RecordFile records;
  records.runs = {testing::make_run()};
  for (unsigned repetition = 0; repetition < 3; ++repetition) {
    records.cells.push_back(testing::make_cell("redis?pipeline=16", speed * (1 + 0.01 * repetition), repetition));
    records.cells.push_back(testing::make_cell("lmdb", 1e6, repetition));
  }
  records.cells.push_back(testing::make_broken("boost-map", "invalid: worker 1 died by signal 9"));
  return records;
}

TEST(GoogleBenchmark, HasItsFields) {
  const auto json = nlohmann::json::parse(to_google_benchmark(sample(2e6)));
  ASSERT_EQ(json["benchmarks"].size(), 6u);
  const auto& entry = json["benchmarks"][3];
  EXPECT_EQ(entry["name"], "redis?pipeline=16/get-uniform/run/processes:2");
  EXPECT_EQ(entry["run_type"], "iteration");
  EXPECT_EQ(entry["repetitions"], 3);
  EXPECT_EQ(entry["repetition_index"], 0);
  EXPECT_EQ(entry["iterations"], 1'000'000);
  EXPECT_DOUBLE_EQ(entry["real_time"], 500);
  EXPECT_DOUBLE_EQ(entry["cpu_time"], 625);
  EXPECT_EQ(entry["time_unit"], "ns");
  EXPECT_EQ(entry["items_per_second"], 2e6);
  EXPECT_EQ(json["context"]["num_cpus"], 2);
  EXPECT_EQ(json["context"]["host_name"], "intel-xeon-2.50ghz-2-cores");
}

TEST(GoogleBenchmark, MediansNameEachBenchmarkOnce) {
  const auto json = nlohmann::json::parse(to_google_benchmark(sample(2e6), BenchmarkEntries::medians));
  ASSERT_EQ(json["benchmarks"].size(), 2u);
  const auto& entry = json["benchmarks"][1];
  EXPECT_EQ(entry["name"], "redis?pipeline=16/get-uniform/run/processes:2");
  EXPECT_EQ(entry["repetitions"], 1);
  EXPECT_DOUBLE_EQ(entry["real_time"], 1e9 / (2e6 * 1.01));
  EXPECT_EQ(entry["iterations"], 1'000'000);
}

TEST(GoogleBenchmark, WhatHasNoSpeedIsNamedButNoBenchmark) {
  const auto json = nlohmann::json::parse(to_google_benchmark(sample(2e6)));
  ASSERT_EQ(json["context"]["left_out"].size(), 1u);
  EXPECT_THAT(json["context"]["left_out"][0].get<std::string>(),
              HasSubstr("boost-map/get-uniform/run/processes:2: invalid: worker 1"));
}

TEST(GoogleBenchmark, RefusesSeveralHosts) {
  RecordFile records = sample(2e6);
  records.runs.push_back(testing::make_run("run-2"));
  records.runs.back().host = {{"cpu_model", "other"}, {"cores", "4"}};
  EXPECT_THAT([&] { to_google_benchmark(records); }, ThrowsMessage<ExportError>(HasSubstr("records of 2 hosts")));
}

// The program that Debian's libbenchmark-tools installs, run for real where it and what it imports are.
TEST(GoogleBenchmark, ItsOwnCompareReadsIt) {
  if (!std::filesystem::exists("/usr/share/benchmark/compare.py")) GTEST_SKIP() << "needs libbenchmark-tools";
  const testing::TemporaryFolder folder;
  testing::write_text(folder / "old.json", to_google_benchmark(sample(2e6)));
  testing::write_text(folder / "new.json", to_google_benchmark(sample(1e6)));
  const std::string command = "/usr/bin/python3 -B /usr/share/benchmark/compare.py --no-color --no-utest benchmarks '" +
                              (folder / "old.json").string() + "' '" + (folder / "new.json").string() + "' 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  std::array<char, 4096> piece;
  while (const std::size_t length = fread(piece.data(), 1, piece.size(), pipe)) output.append(piece.data(), length);
  const int status = pclose(pipe);
  if (output.find("ModuleNotFoundError") != std::string::npos) GTEST_SKIP() << "needs python3-scipy";
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << output;
  EXPECT_THAT(output,
              ::testing::ContainsRegex("redis\\?pipeline=16/get-uniform/run/processes:2 +\\+1\\.0000 .* 500 +1000"));
}

}  // namespace
}  // namespace dictbench
