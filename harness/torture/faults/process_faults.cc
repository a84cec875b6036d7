#include "harness/torture/faults/process_faults.h"

#include "engines/shm/crash_point.h"

namespace dictbench::torture {
namespace {

std::string always(const Subject&) { return ""; }

std::string needs_points(const Subject&) {
  return crash_point_names().empty() ? "this program has no crash points; dictbench_crash_points has" : "";
}

// A server that somebody else started is not ours to kill.
std::string needs_own_server(const Subject& subject) {
  if (!subject.contract.needs_server) return "it has no server";
  for (const OptionRule& rule : subject.description.options)
    if (rule.name == "address" && !subject.spec.get("address").empty()) return "the server is somebody else's";
  return "";
}

std::string needs_own_server_and_timeout(const Subject& subject) {
  if (std::string why = needs_own_server(subject); !why.empty()) return why;
  return subject.with("timeout", "200") ? "" : "it has no option timeout";
}

}  // namespace

std::vector<Fault> process_faults() {
  return {
      {"kill", "SIGKILL of a worker at a random moment", always, inflict_kill},
      {"crash-points", "SIGKILL and SIGSTOP of a worker at each named step of the engine", needs_points,
       inflict_crash_points},
      {"stop", "SIGSTOP of a worker for longer than any timeout, then SIGCONT", always, inflict_stop},
      {"hang", "a worker that hangs (SIGSTOP) until it is killed", always, inflict_hang},
      {"server-kill", "SIGKILL of the server", needs_own_server, inflict_server_kill},
      {"server-stop", "SIGSTOP of the server beyond the clients' timeout, then SIGCONT", needs_own_server_and_timeout,
       inflict_server_stop},
  };
}

}  // namespace dictbench::torture
