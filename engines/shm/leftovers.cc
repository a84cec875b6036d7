#include "engines/shm/leftovers.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engines/shm/ownership.h"
#include "engines/shm/private_directory.h"
#include "engines/shm/process_identity.h"
#include "engines/shm/whereabouts.h"

extern "C" {  // glibc 2.36 forgot to say so in the header itself
#include <sys/pidfd.h>
}

namespace dictbench {
namespace {

namespace fs = std::filesystem;

// Kills the process if it is that very one, and waits until it is gone. True when it was killed.
bool kill_server(const ProcessIdentity& server) {
  const auto pid = static_cast<pid_t>(server.pid);
  // The handle is taken before the check, so that the pid cannot pass to another process in between.
  const int handle = pidfd_open(pid, 0);
  if (handle < 0) return false;
  const bool killed = liveness(server) == Liveness::alive && pidfd_send_signal(handle, SIGKILL, nullptr, 0) == 0;
  if (killed) {
    constexpr int kPatienceMs = 10'000;  // giving back some GB of memory takes seconds
    pollfd gone{.fd = handle, .events = POLLIN, .revents = 0};
    poll(&gone, 1, kPatienceMs);
  }
  close(handle);
  return killed;
}

void kill_server_of(const fs::path& directory, std::vector<std::string>& removed) {
  std::ifstream file(directory / kServerIdentityFile);
  std::string text;
  if (!(file >> text)) return;
  const auto server = ProcessIdentity::parse(text);
  if (server && kill_server(*server))
    removed.push_back(fmt::format("server process {} of {}", server->pid, directory.string()));
}

void remove_one(const fs::path& path, std::vector<std::string>& removed) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0 || info.st_uid != geteuid()) return;
  if (S_ISDIR(info.st_mode))
    kill_server_of(path, removed);
  else if (!S_ISREG(info.st_mode))
    return;
  // Another run may be removing the same: what is gone already is no error and not ours to tell.
  std::error_code error;
  const auto count = fs::remove_all(path, error);
  if (!error && count > 0) removed.push_back(path.string());
}

}  // namespace

std::vector<std::string> remove_leftovers() {
  std::vector<std::string> removed;
  const std::uint64_t boot = whereabouts().boot;
  for (const fs::path& folder : own_folders()) {
    // In a folder that machines share, clones of one machine, with one id and one host name, take each other's boots
    // for earlier ones of their own.
    const bool other_boots_are_earlier = is_of_one_machine(folder);
    std::vector<fs::path> dead;  // collected first: removing while walking may skip entries
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      const auto owner = owner_in_name(entry->path().filename().native());
      if (owner && liveness(*owner) == Liveness::dead && (owner->boot == boot || other_boots_are_earlier))
        dead.push_back(entry->path());
    }
    for (const fs::path& path : dead) remove_one(path, removed);
  }
  return removed;
}

}  // namespace dictbench
