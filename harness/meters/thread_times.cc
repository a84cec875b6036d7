#include "harness/meters/thread_times.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

namespace dictbench {

ThreadTimes thread_times_of(const std::vector<pid_t>& processes) {
  ThreadTimes times;
  for (const pid_t process : processes) {
    auto& threads = times.emplace_back();
    std::error_code error;
    // increment() with an error code: the process may end while we walk.
    for (std::filesystem::directory_iterator thread(fmt::format("/proc/{}/task", process), error), end; thread != end;
         thread.increment(error)) {
      std::ifstream file(thread->path() / "schedstat");
      std::uint64_t running_ns = 0, queued_ns = 0;
      if (!(file >> running_ns >> queued_ns)) continue;
      const std::string name = thread->path().filename().string();
      pid_t id = 0;
      std::from_chars(name.data(), name.data() + name.size(), id);
      threads[id] = {static_cast<double>(running_ns) * 1e-9, static_cast<double>(queued_ns) * 1e-9};
    }
  }
  return times;
}

ThreadTimes difference(const ThreadTimes& after, const ThreadTimes& before) {
  ThreadTimes grown = after;
  for (std::size_t process = 0; process < grown.size() && process < before.size(); ++process)
    for (auto& [id, time] : grown[process])
      if (const auto earlier = before[process].find(id); earlier != before[process].end()) {
        time.running_s -= earlier->second.running_s;
        time.queued_s -= earlier->second.queued_s;
      }
  return grown;
}

double running_s(const ThreadTimes& times) noexcept {
  double sum = 0;
  for (const auto& threads : times)
    for (const auto& [id, time] : threads) sum += time.running_s;
  return sum;
}

}  // namespace dictbench
