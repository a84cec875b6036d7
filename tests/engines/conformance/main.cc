// conformance --engine SPEC [--plugin FILE] [GoogleTest's flags]: does the engine keep its contract?
// Exit status: 0 it does, 1 it does not, 2 usage, 77 it cannot be used on this machine (ctest: skipped).
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/engines/conformance/fixture.h"
#include "tests/engines/conformance/spawned.h"

int main(int argc, char** argv) {
  using namespace dictbench;
  constexpr int kUsage = 2;
  constexpr int kSkipped = 77;
  testing::InitGoogleTest(&argc, argv);

  CLI::App app("Checks an engine against the contract it declares");
  std::string engine;
  std::string plugin;
  std::string role;
  std::string address;
  app.add_option("--engine", engine, "the engine's spec, such as lmdb?sync=full")->required();
  app.add_option("--plugin", plugin, "a shared object with the engine");
  app.add_option("--child", role, "internal: the part of a spawned process");
  app.add_option("--address", address, "internal: what a spawned process attaches to");
  CLI11_PARSE(app, argc, argv);

  conformance::Subject& subject = conformance::subject();
  try {
    if (!plugin.empty()) load_engine_plugin(plugin);
    subject.spec = parse_engine_spec(engine);
  } catch (const SpecError& error) {
    std::fprintf(stderr, "conformance: %s\n", error.what());
    return kUsage;
  }
  const EngineDescription& description = find_engine(subject.spec.name());
  if (description.missing != nullptr) {
    if (const auto reason = description.missing(subject.spec)) {
      std::printf("skipped: %s: %s\n", engine.c_str(), reason->c_str());
      return kSkipped;
    }
  }
  subject.spec_text = engine;
  subject.plugin = plugin;
  subject.contract = description.contract(subject.spec);
  if (!role.empty()) return conformance::run_spawned(role, address);
  return RUN_ALL_TESTS();
}
