#include "results/google_benchmark.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "results/host_name.h"
#include "results/tables/series.h"

namespace dictbench {
namespace {

using Json = nlohmann::ordered_json;

std::string benchmark_name(const Block& block, const Series& series) {
  std::string name = fmt::format("{}/{}/{}/processes:{}", series.engine, block.workload, block.phase, series.processes);
  if (series.any().scale != 1) name += fmt::format("/scale:{:g}", series.any().scale);
  if (series.start != "fork") name += "/start:" + series.start;
  if (block.tier != "c++") name += "/tier:" + block.tier;
  return name;
}

struct Times {
  std::uint64_t ops = 0;
  double real_ns = 0, cpu_ns = 0;  // of one operation
};

Times times_of(const CellRecord& cell) {
  const Usage usage = total_usage(cell);
  return {cell.ops, 1e9 / cell.ops_per_s, 1e9 * (usage.user_s + usage.system_s) / static_cast<double>(cell.ops)};
}

Times median_times(const std::vector<Times>& all) {
  std::vector<double> ops, real, cpu;
  for (const Times& times : all) {
    ops.push_back(static_cast<double>(times.ops));
    real.push_back(times.real_ns);
    cpu.push_back(times.cpu_ns);
  }
  return {static_cast<std::uint64_t>(median(ops)), median(real), median(cpu)};
}

Json entry(const std::string& name, std::size_t family, const Times& times, std::size_t repetitions,
           std::size_t repetition) {
  return {{"name", name},
          {"family_index", family},
          {"per_family_instance_index", 0},
          {"run_name", name},
          {"run_type", "iteration"},
          {"repetitions", repetitions},
          {"repetition_index", repetition},
          {"threads", 1},
          {"iterations", times.ops},
          {"real_time", times.real_ns},
          {"cpu_time", times.cpu_ns},
          {"time_unit", "ns"},
          {"items_per_second", 1e9 / times.real_ns}};
}

Json context_of(const RecordFile& records) {
  std::set<std::string> hosts;
  for (const RunRecord& run : records.runs) hosts.insert(host_name(run.host));
  if (hosts.size() > 1) {
    throw ExportError(
        fmt::format("records of {} hosts ({}) cannot stand in one Google Benchmark file: name the files of "
                    "one host",
                    hosts.size(), fmt::join(hosts, ", ")));
  }
  Json context = Json::object();
  if (records.runs.empty()) return context;
  const RunRecord& run = records.runs.back();
  context = {{"date", run.started},
             {"host_name", host_name(run.host)},
             {"executable", "dictbench"},
             {"num_cpus", std::strtol(known_fact(run.host, "cores").value_or("0").c_str(), nullptr, 10)},
             {"mhz_per_cpu", 0},
             {"cpu_scaling_enabled", known_fact(run.host, "governor").value_or("performance") != "performance"},
             {"caches", Json::array()},
             {"load_avg", Json::array()},
             {"library_build_type", run.build_type == "Debug" ? "debug" : "release"},
             {"commit", run.commit},
             {"compiler", run.compiler}};
  return context;
}

}  // namespace

std::string to_google_benchmark(const RecordFile& records, BenchmarkEntries entries) {
  Json context = context_of(records);
  Json benchmarks = Json::array();
  Json left_out = Json::array();
  std::size_t family = 0;
  for (const Block& block : group_blocks(records, {})) {
    for (const Series& series : block.series) {
      const std::string name = benchmark_name(block, series);
      if (!series.good()) {
        left_out.push_back(name + ": " + series.reason());
        continue;
      }
      std::vector<Times> all;
      for (const CellRecord* cell : series.cells)
        if (ops_per_s(*cell) && cell->ops != 0) all.push_back(times_of(*cell));
      if (all.empty()) continue;
      if (entries == BenchmarkEntries::medians) all = {median_times(all)};
      for (std::size_t i = 0; i < all.size(); ++i) benchmarks.push_back(entry(name, family, all[i], all.size(), i));
      ++family;
    }
  }
  context["left_out"] = left_out;
  return Json({{"context", context}, {"benchmarks", benchmarks}}).dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

}  // namespace dictbench
