#include "harness/torture/faults/environment_faults.h"

#include "harness/torture/judge.h"

namespace dictbench::torture {
namespace {

// What several of the faults need: an engine that can be made many times and keeps what it is given.
std::string needs_own(const Subject& subject) {
  if (!subject.contract.stores) return "it stores nothing";
  return names_a_server(subject) ? "the server is somebody else's" : "";
}

std::string needs_shared(const Subject& subject) {
  if (!subject.contract.shared_between_processes) return "its processes share nothing";
  return needs_own(subject);
}

std::string needs_max(const Subject& subject) {
  if (std::string why = needs_own(subject); !why.empty()) return why;
  return subject.with("max", "16M") ? "" : "it has no option max";
}

std::string needs_files(const Subject& subject) {
  if (std::string why = needs_shared(subject); !why.empty()) return why;
  return subject.contract.needs_server ? "its data lie in a server" : "";
}

std::string needs_server(const Subject& subject) {
  if (!subject.contract.needs_server) return "it has no server";
  return needs_own(subject);
}

std::string needs_timeout(const Subject& subject) {
  if (std::string why = needs_server(subject); !why.empty()) return why;
  return subject.with("timeout", "200") ? "" : "it has no option timeout";
}

std::string needs_disk(const Subject& subject) {
  if (std::string why = needs_shared(subject); !why.empty()) return why;
  return subject.contract.needs_server && !subject.contract.durable ? "its server keeps nothing on a disk" : "";
}

}  // namespace

std::vector<Fault> environment_faults() {
  return {
      {"identity", "a zombie owner, a reused pid, beside a living owner", needs_own, inflict_identity},
      {"full", "filled up to max=", needs_max, inflict_full},
      {"small-shm", "a /dev/shm of 4 MiB", needs_own, inflict_small_shm},
      {"full-disk", "a disk of 4 MiB", needs_own, inflict_full_disk},
      {"fd-limit", "too few file descriptors, at every step", needs_own, inflict_fd_limit},
      {"create-race", "create, attach, destroy and clean up at the same time", needs_own, inflict_create_race},
      {"header", "truncated and foreign headers", needs_files, inflict_header},
      {"unlink", "name, file or socket removed by a third party", needs_shared, inflict_unlink},
      {"driver-kill", "SIGKILL of the driver that owns engine and workers", needs_own, inflict_driver_kill},
      {"reset", "the connection breaks in the middle of an exchange", needs_server, inflict_reset},
      {"durable", "no fault: are writes flushed to the disk before they are acknowledged?", needs_disk,
       inflict_durable},
      {"delay", "a reply that comes after the client's timeout", needs_timeout, inflict_delay},
  };
}

}  // namespace dictbench::torture
