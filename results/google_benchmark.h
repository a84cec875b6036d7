// Records as Google Benchmark's JSON, so that its compare.py reads them:
//   compare.py benchmarks old.json new.json
#pragma once

#include <stdexcept>
#include <string>

#include "results/record.h"

namespace dictbench {

// Records that one such file cannot hold; one line.
class ExportError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

enum class BenchmarkEntries { repetitions, medians };

// One "iteration" entry per record, named ENGINE/WORKLOAD/PHASE/processes:N (then /scale:F, /start:spawn and
// /tier:NAME where they are not the usual ones). real_time: wall ns per operation, all processes together;
// cpu_time: ns of the workers' and servers' processor time per operation. Repetitions of several runs are counted on.
//
// Medians: one entry a benchmark instead, of the medians of its repetitions, for tools that take each name once, such
// as github-action-benchmark (tool: googlecpp), which reads name, real_time, time_unit, iterations, cpu_time and
// threads.
//
// What may not show a speed is no benchmark there: compare.py knows no errors and would read a time of 0. Its
// name and reason stand in the context's "left_out". Throws ExportError for records of several hosts.
std::string to_google_benchmark(const RecordFile& records, BenchmarkEntries entries = BenchmarkEntries::repetitions);

}  // namespace dictbench
