// Facts about the machine a run was measured on, for the record: each one its value, or
// "unavailable: reason" where the machine does not tell.
#pragma once

#include <string>

#include "results/record.h"

namespace dictbench {

// cpu_model, cores, which of them this process may use, NUMA nodes, smt, caches, memory, governor, turbo, power,
// kernel, os, mitigations, virtualization, steal, transparent huge pages, /dev/shm, load, and what was measured
// (harness/meters/speed.h), which takes up to 300 ms. The names are told to readers by results/tables/hosts.cc.
Facts host_facts();

// Conditions that make figures doubtful, each with what to do about it. `most_processes` of the run.
std::vector<std::string> host_warnings(unsigned most_processes);

// All processors' time since the machine was started, in ticks of sysconf(_SC_CLK_TCK): what the hypervisor gave to
// others, what was worked, and everything. Zeros where there is no /proc/stat.
struct StealReading {
  std::uint64_t steal = 0, busy = 0, total = 0;
  static StealReading take();
};
// Share of processor time that the hypervisor gave to others between two readings, 0..1.
double steal_between(const StealReading& before, const StealReading& after);

}  // namespace dictbench
