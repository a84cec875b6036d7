// Engines that are wrong on purpose, each in one way that a fault of the environment has to find.
#pragma once

#include "harness/torture/fault.h"

namespace dictbench::torture {

enum class Wrong {
  takes_missing_for_empty,  // a removed or truncated file is an empty dict
  shares_a_name,            // two engines lie in one file
  leaks_descriptors,        // a failed attach leaves one open
  leaves_its_server,        // which outlives a killed owner, and which the clean-up does not know
  loses_when_full,          // a write that finds no room removes the old value
  crashes_when_full,        // by SIGBUS
};

// A file that is read and written as a whole by each operation. It has an option max, and no room for more than 256
// KiB.
Subject naive_file(Wrong wrong);

// What an engine that shares a name leaves when it is killed bears no owner's name, so no clean-up takes it.
void remove_shared_names();

enum class WrongClient {
  asks_again_after_timeout,  // on the same connection
  sends_again_after_reset,   // on a new connection, as if the first try had done nothing
};

// A client of a Redis server.
Subject naive_client(WrongClient wrong);

}  // namespace dictbench::torture
