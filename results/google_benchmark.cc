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
  if (series.scale != 1) name += fmt::format("/scale:{:g}", series.scale);
  if (series.start != "fork") name += "/start:" + series.start;
  if (block.tier != "c++") name += "/tier:" + block.tier;
  return name;
}

Json entry(const std::string& name, std::size_t family, const CellRecord& cell, std::size_t repetitions,
           std::size_t repetition) {
  const Usage usage = total_usage(cell);
  const auto ops = static_cast<double>(cell.ops);
  return {{"name", name},
          {"family_index", family},
          {"per_family_instance_index", 0},
          {"run_name", name},
          {"run_type", "iteration"},
          {"repetitions", repetitions},
          {"repetition_index", repetition},
          {"threads", 1},
          {"iterations", cell.ops},
          {"real_time", 1e9 / cell.ops_per_s},
          {"cpu_time", 1e9 * (usage.user_s + usage.system_s) / ops},
          {"time_unit", "ns"},
          {"items_per_second", cell.ops_per_s}};
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
             {"caches", Json::array()},
             {"load_avg", Json::array()},
             {"library_build_type", run.build_type == "Debug" ? "debug" : "release"},
             {"commit", run.commit},
             {"compiler", run.compiler}};
  return context;
}

}  // namespace

std::string to_google_benchmark(const RecordFile& records) {
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
      std::size_t repetition = 0;
      for (const CellRecord* cell : series.cells) {
        if (!ops_per_s(*cell) || cell->ops == 0) continue;
        benchmarks.push_back(entry(name, family, *cell, series.cells.size(), repetition++));
      }
      ++family;
    }
  }
  context["left_out"] = left_out;
  return Json({{"context", context}, {"benchmarks", benchmarks}}).dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

}  // namespace dictbench
