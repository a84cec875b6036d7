// The faults of the environment, one file a fault; each is what Fault::inflict wants (harness/torture/fault.h).
#pragma once

#include <vector>

#include "harness/torture/fault.h"

namespace dictbench::torture {

// A zombie owner, and names that carry a living pid with another start time.
TortureRecord inflict_identity(const Subject& subject, const Options& options);

// Filled up to `max`.
TortureRecord inflict_full(const Subject& subject, const Options& options);

// A /dev/shm or a disk of 4 MiB.
TortureRecord inflict_small_shm(const Subject& subject, const Options& options);
TortureRecord inflict_full_disk(const Subject& subject, const Options& options);

// Too few file descriptors.
TortureRecord inflict_fd_limit(const Subject& subject, const Options& options);

// Processes that make, attach to, destroy and clean up at the same time.
TortureRecord inflict_create_race(const Subject& subject, const Options& options);

// A truncated or foreign header.
TortureRecord inflict_header(const Subject& subject, const Options& options);

// A third party removes the name, file or socket.
TortureRecord inflict_unlink(const Subject& subject, const Options& options);

// SIGKILL of the driver that owns engine and workers.
TortureRecord inflict_driver_kill(const Subject& subject, const Options& options);

// The connection breaks in the middle of an exchange; a reply comes after the client's timeout.
TortureRecord inflict_reset(const Subject& subject, const Options& options);
TortureRecord inflict_delay(const Subject& subject, const Options& options);

// Writes that are acknowledged before they are flushed to the disk.
TortureRecord inflict_durable(const Subject& subject, const Options& options);

// All of the above with their names, for the registry.
std::vector<Fault> environment_faults();

}  // namespace dictbench::torture
