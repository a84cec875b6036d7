#include "harness/driver/run_record.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <random>

#include "harness/driver/versions.h"
#include "harness/meters/host.h"

namespace dictbench {

RunRecord describe_run(const std::vector<std::string>& engines, Facts options, std::uint64_t seed, unsigned processes) {
  const std::string started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  return {.run_id = fmt::format("{}-{:08x}", started, std::random_device{}()),
          .started = started,
          .commit = source_commit(),
          .dirty = source_dirty(),
          .compiler = compiler_version(),
          .flags = compiler_flags(),
          .build_type = build_type(),
          .versions = versions(engines),
          .host = host_facts(),
          .options = std::move(options),
          .seed = seed,
          .warnings = host_warnings(processes)};
}

}  // namespace dictbench
