#include "harness/meters/host.h"

#include <fmt/format.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace dictbench {
namespace {

constexpr char kCpu0[] = "/sys/devices/system/cpu/cpu0/";

std::string first_line(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  return std::getline(stream, line) ? line : fmt::format("unavailable: {} is not there", file);
}

// Value of the first line of a "name : value" file whose name matches.
std::string field(const std::string& file, const std::string& name) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(name)) continue;
    const auto separator = line.find_first_of(":=");
    if (separator == std::string::npos) continue;
    std::string value = line.substr(separator + 1);
    value.erase(0, value.find_first_not_of(" \t\""));
    while (!value.empty() && (value.back() == '"' || value.back() == ' ')) value.pop_back();
    return value;
  }
  return fmt::format("unavailable: no '{}' in {}", name, file);
}

// "always [madvise] never" -> "madvise".
std::string bracketed(const std::string& line) {
  const auto open = line.find('['), close = line.find(']');
  return open == std::string::npos || close == std::string::npos ? line : line.substr(open + 1, close - open - 1);
}

std::string caches() {
  std::string all;
  for (int index = 0; index < 8; ++index) {
    const std::string folder = fmt::format("{}cache/index{}/", kCpu0, index);
    std::ifstream present(folder + "size");
    if (!present) break;
    all += fmt::format("{}L{} {} {}", all.empty() ? "" : ", ", first_line(folder + "level"),
                       first_line(folder + "type"), first_line(folder + "size"));
  }
  return all.empty() ? "unavailable: the kernel lists no caches" : all;
}

std::string shared_memory_folder() {
  struct statvfs info {};
  if (statvfs("/dev/shm", &info) != 0) return "unavailable: no /dev/shm";
  return fmt::format("{} MiB", info.f_blocks * info.f_frsize >> 20);
}

std::string virtualization() {
  if (field("/proc/cpuinfo", "flags").find(" hypervisor") == std::string::npos) return "none seen";
  const std::string vendor = first_line("/sys/class/dmi/id/sys_vendor");
  return vendor.starts_with("unavailable") ? "virtual machine" : fmt::format("virtual machine ({})", vendor);
}

std::string memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return "unavailable: sysconf does not tell";
  return fmt::format("{:.1f} GiB", static_cast<double>(pages) * static_cast<double>(page) / (1u << 30));
}

std::string governor() { return first_line(std::string(kCpu0) + "cpufreq/scaling_governor"); }

double load_average() {
  double load[1] = {0};
  return getloadavg(load, 1) == 1 ? load[0] : 0;
}

}  // namespace

Facts host_facts() {
  utsname system{};
  uname(&system);
  return {{"cpu_model", field("/proc/cpuinfo", "model name")},
          {"cpu_stepping", field("/proc/cpuinfo", "stepping")},
          {"cpu_microcode", field("/proc/cpuinfo", "microcode")},
          {"cpu_mhz", field("/proc/cpuinfo", "cpu MHz")},
          {"cores", std::to_string(std::thread::hardware_concurrency())},
          {"smt", first_line("/sys/devices/system/cpu/smt/active")},
          {"caches", caches()},
          {"memory", memory()},
          {"governor", governor()},
          {"turbo_off", first_line("/sys/devices/system/cpu/intel_pstate/no_turbo")},
          {"architecture", system.machine},
          {"kernel", system.release},
          {"os", field("/etc/os-release", "PRETTY_NAME")},
          {"virtualization", virtualization()},
          {"transparent_huge_pages", bracketed(first_line("/sys/kernel/mm/transparent_hugepage/enabled"))},
          {"shmem_huge_pages", bracketed(first_line("/sys/kernel/mm/transparent_hugepage/shmem_enabled"))},
          {"dev_shm", shared_memory_folder()},
          {"load_average", fmt::format("{:.2f}", load_average())}};
}

std::vector<std::string> host_warnings(unsigned most_processes) {
  std::vector<std::string> warnings;
  const unsigned cpus = std::thread::hardware_concurrency();
  if (const std::string name = governor(); !name.starts_with("unavailable") && name != "performance")
    warnings.push_back(fmt::format(
        "the CPU governor is '{}': clock rates will wander; run: sudo cpupower frequency-set -g performance", name));
  if (bracketed(first_line("/sys/kernel/mm/transparent_hugepage/enabled")) == "always")
    warnings.emplace_back(
        "transparent huge pages are 'always': private dicts get 2 MB pages and segments do not; for a like comparison: "
        "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled");
  if (const double load = load_average(); load > 0.5 * cpus)
    warnings.push_back(fmt::format(
        "load average {:.1f} on {} CPUs: something else is running; stop it or expect wide intervals", load, cpus));
  if (most_processes > cpus)
    warnings.push_back(fmt::format(
        "{} processes on {} CPUs: they take turns, so latencies hold whole time slices; use --processes {} to avoid it",
        most_processes, cpus, cpus));
#ifndef __OPTIMIZE__
  warnings.emplace_back(
      "this build is not optimised: its speeds mean nothing; build with ./run_all.sh build (CMAKE_BUILD_TYPE=Release)");
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  warnings.emplace_back("this build has a sanitizer in it: its speeds mean nothing; use build/dictbench for figures");
#endif
  return warnings;
}

StealReading StealReading::take() {
  std::istringstream fields(first_line("/proc/stat"));
  std::string label;
  fields >> label;
  StealReading reading;
  constexpr int kStealField = 7;  // cpu user nice system idle iowait irq softirq steal
  std::uint64_t ticks = 0;
  for (int i = 0; i <= kStealField && fields >> ticks; ++i) {
    reading.total += ticks;
    if (i == kStealField) reading.steal = ticks;
  }
  return reading;
}

double steal_between(const StealReading& before, const StealReading& after) {
  return after.total <= before.total
             ? 0
             : static_cast<double>(after.steal - before.steal) / static_cast<double>(after.total - before.total);
}

}  // namespace dictbench
