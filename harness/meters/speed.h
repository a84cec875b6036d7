// The processor's clock frequency, the memory's latency and the cost of a time stamp, measured: what the machine gives,
// not what it says.
//
// For the record of a run (harness/meters/host.h), before any worker exists; together under 300 ms. All memory comes
// from mmap and goes back, so that the heap of the process, which workers inherit, is as before. Of several short
// measurements the quickest counts: whatever interrupts one only makes it slower.
#pragma once

#include <string>

#include "results/record.h"

namespace dictbench {

// measured_mhz: from a chain of additions each of which needs the one before, one a cycle on every processor with an
//   adder worth the name, so additions per microsecond are MHz. Turbo shows here, and so does a governor that saves
//   power.
// memory_latency_4k_ns, memory_latency_2m_ns: nanoseconds of one load whose address is the load's before, at random
// over
//   64 MB (less than some machines' caches: hold them against the fact `caches`), in pages of 4 kB, and of 2 MB where
//   the kernel grants them.
// clock_stamp_ns: what every sampled latency contains of the clock itself (harness/meters/clock.h).
// Each is a plain number, or "unavailable: reason". $DICTBENCH_MEASURE_SPEED=no leaves them out: a gate makes hundreds
// of runs on one machine.
Facts measured_speed();

}  // namespace dictbench
