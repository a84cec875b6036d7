// dictbench_micro: one process, Google Benchmark. Engines' get, set and erase without the driver, to hold the
// driver's figures against, and what the harness's own parts cost.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "engines/registry.h"
#include "engines/shm/leftovers.h"
#include "harness/micro/benchmarks.h"

namespace dictbench {
namespace {

constexpr int kUsage = 2, kNoValidResult = 3;

// Every engine that can be used here; the others are told on standard error.
std::vector<std::string> usable_engines() {
  std::vector<std::string> names;
  for (const EngineDescription& engine : engine_descriptions()) {
    const auto missing = engine.missing == nullptr ? std::nullopt : engine.missing(parse_engine_spec(engine.name));
    if (missing)
      fmt::print(stderr, "{}: unavailable: {}\n", engine.name, *missing);
    else
      names.push_back(engine.name);
  }
  return names;
}

int run_benchmarks(MicroOptions options, const std::vector<std::string>& plugins) {
  for (const std::string& plugin : plugins) load_engine_plugin(plugin);
  if (options.engines.empty()) options.engines = usable_engines();
  register_harness_benchmarks();
  register_engine_benchmarks(options);
  benchmark::RunSpecifiedBenchmarks();
  release_engine();
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app{"dictbench_micro: engines and the harness's parts in one process"};
  app.footer(
      "Google Benchmark's own options are taken as well: --benchmark_filter=REGEX, --benchmark_format=json, ...");
  MicroOptions options;
  std::vector<std::string> plugins;
  app.add_option("--engine", options.engines, "engine and options; repeatable (default: all)")->allow_extra_args(false);
  app.add_option("--keys", options.keys, "number of keys (default: 1000000, with a server 20000)")
      ->check(CLI::Range(std::uint64_t{100}, std::uint64_t{100'000'000}));
  app.add_option("--plugin", plugins, "shared object with an engine; repeatable")->allow_extra_args(false);
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "dictbench_micro: {}; see dictbench_micro --help\n", error.what());
    return kUsage;
  }

  std::vector<std::string> rest = app.remaining();
  std::vector<char*> arguments{argv[0]};
  for (std::string& argument : rest) arguments.push_back(argument.data());
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (count > 1) {
    fmt::print(stderr, "dictbench_micro: unknown argument '{}'; see dictbench_micro --help\n", arguments[1]);
    return kUsage;
  }
  // What a killed run left behind goes before anything new is made.
  for (const std::string& removed : remove_leftovers())
    fmt::print(stderr, "removed what a killed run left: {}\n", removed);
  return run_benchmarks(std::move(options), plugins);
}

}  // namespace
}  // namespace dictbench

int main(int argc, char** argv) {
  try {
    return dictbench::run(argc, argv);
  } catch (const std::invalid_argument& error) {  // a spec, a plugin, a workload
    fmt::print(stderr, "dictbench_micro: {}\n", error.what());
    return dictbench::kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "dictbench_micro: {}\n", error.what());
    return dictbench::kNoValidResult;
  }
}
