// What two measurements differ in besides what is to be compared: the rules of `compare` and `hosts`.
//
// Pure functions over records. A fact that one of the two does not tell (an older record, "unavailable") is no
// difference: nothing is known about it. A warm-up that is not told was one of two, so it differs from any other. No
// differences are facts that move by themselves (load, momentary clock rate, measured speeds, stolen time) and the
// commit of dictbench, which is what a comparison is often about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results/record.h"

namespace dictbench {

struct Difference {
  std::string what;  // "host", "versions", "flags", "workload hash", "scale", ...
  std::string a, b;  // of either side: "redis-server 7.0.15", "redis-server 7.0.14"

  std::string text() const;  // "versions (redis-server 7.0.15 / 7.0.14)"
  bool operator==(const Difference&) const = default;
};

// The machine: model and cores ("host"), or for one model "microcode", "memory", "governor", "turbo", "kernel",
// "huge pages", ... each by itself.
std::vector<Difference> host_differences(const RunRecord& a, const RunRecord& b);

// How dictbench was built: "compiler", "flags", "build type".
std::vector<Difference> build_differences(const RunRecord& a, const RunRecord& b);

// Libraries and servers that this engine uses: "versions", only the parts that differ.
std::vector<Difference> version_differences(const RunRecord& a, const RunRecord& b, std::string_view engine);

// What was done: "workload hash", "scale", "processes", "warm-up", "start", "file system" (of one engine), "seed" (of
// the operations).
std::vector<Difference> work_differences(const CellRecord& a, const CellRecord& b);
std::vector<Difference> seed_differences(const RunRecord& a, const RunRecord& b);

// All of these. A run may be null where a file has lost it; then only the work is compared.
std::vector<Difference> differences(const RunRecord* run_a, const CellRecord& a, const RunRecord* run_b,
                                    const CellRecord& b);

// Adds those that `all` lacks, also with its sides exchanged.
void merge_differences(std::vector<Difference>& all, const std::vector<Difference>& more);

// "host (x / y), scale (1 / 0.1)"; `longest`: details longer than so many bytes are left out, "host, scale (1 / 0.1)".
std::string differences_text(const std::vector<Difference>& differences, std::size_t longest = std::string::npos);

// "2 MB" of an engine's fact `pages`, "2 MB: 25 granted, 51200 of 53504 KiB": how many there are varies from run to
// run.
std::string page_kind(const std::string& pages);

}  // namespace dictbench
