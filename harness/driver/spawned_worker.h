// Workers that are not forked from the driver but executed anew (`--start spawn`): what they need to
// know travels as JSON in the control page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/driver/cell.h"
#include "harness/driver/control_page.h"

namespace dictbench {

struct WorkerConfig {
  Cell cell;
  std::optional<std::uint64_t> seed;
  std::string address;  // Engine::address()
  std::vector<std::string> plugins;
};

// By the driver, before it starts workers. Throws std::length_error when it does not fit the page.
void write_config(ControlPage& page, const WorkerConfig& config);

// The command that a spawned worker executes, without the two options WorkerGroup appends.
std::vector<std::string> spawn_command();

// A spawned worker's whole life (the hidden command `dictbench worker`); returns its exit status.
int run_spawned_worker(int control_fd, unsigned worker);

}  // namespace dictbench
