#include "harness/meters/usage.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace dictbench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// /proc/PID/stat fields 10, 12, 14, 15; counted from behind the command's closing bracket.
void add_times_and_faults(pid_t pid, Usage& sum) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return;
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 10; ++field) fields >> skipped;
  std::uint64_t minor = 0, minor_of_children = 0, major = 0, major_of_children = 0, user = 0, system = 0;
  fields >> minor >> minor_of_children >> major >> major_of_children >> user >> system;
  const double tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  sum += Usage{.user_s = static_cast<double>(user) * tick,
               .system_s = static_cast<double>(system) * tick,
               .minor_faults = minor,
               .major_faults = major};
}

// Context switches are counted per thread only.
void add_switches(pid_t pid, Usage& sum) {
  std::error_code error;
  // increment() with an error code: the process may end while we walk.
  for (std::filesystem::directory_iterator thread(fmt::format("/proc/{}/task", pid), error), end; thread != end;
       thread.increment(error)) {
    std::ifstream file(thread->path() / "status");
    for (std::string line; std::getline(file, line);) {
      const auto number = [&] { return std::stoull(line.substr(line.find(':') + 1)); };
      if (line.starts_with("voluntary_ctxt_switches:")) sum.voluntary_switches += number();
      if (line.starts_with("nonvoluntary_ctxt_switches:")) sum.involuntary_switches += number();
    }
  }
}

Usage usage_told_of(int who) noexcept {
  rusage usage{};
  getrusage(who, &usage);
  return {.user_s = seconds(usage.ru_utime),
          .system_s = seconds(usage.ru_stime),
          .minor_faults = static_cast<std::uint64_t>(usage.ru_minflt),
          .major_faults = static_cast<std::uint64_t>(usage.ru_majflt),
          .voluntary_switches = static_cast<std::uint64_t>(usage.ru_nvcsw),
          .involuntary_switches = static_cast<std::uint64_t>(usage.ru_nivcsw)};
}

}  // namespace

Usage own_usage() noexcept { return usage_told_of(RUSAGE_SELF); }
Usage own_thread_usage() noexcept { return usage_told_of(RUSAGE_THREAD); }

Usage usage_of(const std::vector<pid_t>& processes) {
  Usage sum;
  for (const pid_t pid : processes) {
    add_times_and_faults(pid, sum);
    add_switches(pid, sum);
  }
  return sum;
}

Usage difference(const Usage& after, const Usage& before) noexcept {
  return {.user_s = after.user_s - before.user_s,
          .system_s = after.system_s - before.system_s,
          .minor_faults = after.minor_faults - before.minor_faults,
          .major_faults = after.major_faults - before.major_faults,
          .voluntary_switches = after.voluntary_switches - before.voluntary_switches,
          .involuntary_switches = after.involuntary_switches - before.involuntary_switches};
}

}  // namespace dictbench
