// The faults that processes suffer: killed, stopped, hanging, at random moments or at crash points; workers and
// servers.
#pragma once

#include <vector>

#include "harness/torture/fault.h"

namespace dictbench::torture {

TortureRecord inflict_kill(const Subject& subject, const Options& options);          // faults/kill.cc
TortureRecord inflict_crash_points(const Subject& subject, const Options& options);  // faults/crash_points.cc
TortureRecord inflict_stop(const Subject& subject, const Options& options);          // faults/stop.cc
TortureRecord inflict_hang(const Subject& subject, const Options& options);          // faults/stop.cc
TortureRecord inflict_server_kill(const Subject& subject, const Options& options);   // faults/server.cc
TortureRecord inflict_server_stop(const Subject& subject, const Options& options);   // faults/server.cc

// All of the above with their names, for the registry.
std::vector<Fault> process_faults();

}  // namespace dictbench::torture
