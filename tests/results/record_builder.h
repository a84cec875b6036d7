// Synthetic records for the tests of results/.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "results/record.h"

namespace dictbench::testing {

inline RunRecord make_run(const std::string& id = "run-1") {
  RunRecord run;
  run.run_id = id;
  run.started = "2024-05-01T10:00:00Z";
  run.commit = "0123456789abcdef";
  run.compiler = "g++ 12.2.0";
  run.flags = "-O3";
  run.build_type = "Release";
  run.versions = {{"redis-server", "7.0.15"}, {"lmdb", "0.9.24"}};
  run.host = {{"cpu_model", "Intel(R) Xeon(R) CPU @ 2.50GHz"}, {"cores", "2"}, {"kernel", "unavailable: not read"}};
  run.options = {{"repetitions", "5"}};
  run.seed = 0xFFFFFFFFFFFFFFFFull;
  run.warnings = {"governor is not \"performance\""};
  return run;
}

// 1,000,000 operations at this speed, verified; however quick, over a window that is long enough to count.
inline CellRecord make_cell(const std::string& engine, double ops_per_s, unsigned repetition = 0) {
  CellRecord cell;
  cell.run_id = "run-1";
  cell.engine = engine;
  cell.workload = "get-uniform";
  cell.workload_hash = "aa";
  cell.phase = "run";
  cell.processes = 2;
  cell.repetition = repetition;
  cell.ops = 1'000'000;
  cell.elapsed_s = std::max(0.25, 1e6 / ops_per_s);
  cell.ops_per_s = ops_per_s;
  cell.latency_ns =
      Latency{.samples = 1000, .one_in = 1024, .p50 = 164, .p90 = 300, .p99 = 1200, .p999 = 5e4, .max = 2e6};
  cell.read_latency_ns =
      Latency{.samples = 600, .one_in = 1024, .p50 = 150, .p90 = 290, .p99 = 900, .p999 = 4e4, .max = 1e6};
  cell.write_latency_ns =
      Latency{.samples = 400, .one_in = 1024, .p50 = 190, .p90 = 310, .p99 = 1300, .p999 = 6e4, .max = 2e6};
  WorkerRecord worker;
  worker.ops = 500'000;
  worker.end_s = cell.elapsed_s;
  worker.usage.user_s = 0.25;
  worker.max_rss_bytes = 4096;
  cell.workers = {worker, worker};
  cell.rusage = Usage{.user_s = 0.5,
                      .system_s = 0.125,
                      .minor_faults = 1234,
                      .major_faults = 1,
                      .voluntary_switches = 2000,
                      .involuntary_switches = 10};
  cell.memory = Memory{.max_rss_bytes = 80'632 * 1024,
                       .pss_bytes = 100'000'000,
                       .storage_bytes = 56'000'000,
                       .storage_length_bytes = 64'000'000,
                       .engine_bytes = 56'000'000,
                       .items = 1'000'000,
                       .bytes_per_item = 56};
  cell.verified_keys = 1'000'000;
  cell.verified = "ok";
  cell.status = "ok";
  return cell;
}

inline CellRecord make_broken(const std::string& engine, const std::string& status, unsigned repetition = 0) {
  CellRecord cell = make_cell(engine, 1e6, repetition);
  cell.ops_per_s = 0;
  cell.status = status;
  cell.verified = "not done: " + status;
  return cell;
}

// A folder of its own for each test, gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "dictbench-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace dictbench::testing
