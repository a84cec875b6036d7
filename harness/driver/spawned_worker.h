// Workers that are not forked from the driver but executed anew (`--start spawn`): what they need to
// know travels as JSON in the control page.
#pragma once

#include <string>
#include <vector>

#include "harness/driver/cell.h"
#include "harness/driver/control_page.h"

namespace dictbench {

// By the driver, before it starts workers: which engine at which address, which workload. `workload`: the cell's, with
// the repetition's seed. Throws std::length_error when it does not fit the page.
void write_config(ControlPage& page, const Cell& cell, const Workload& workload, const std::string& address,
                  const std::vector<std::string>& plugins);

// The command that a spawned worker executes, without the two options WorkerGroup appends.
std::vector<std::string> spawn_command();

// A spawned worker's whole life (the hidden command `dictbench worker`); returns its exit status.
int run_spawned_worker(int control_fd, unsigned worker);

}  // namespace dictbench
