#include "harness/meters/host.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "harness/meters/speed.h"

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

bool is_unavailable(const std::string& fact) { return fact.starts_with("unavailable"); }

// x86 says so among its flags; elsewhere the firmware may.
bool is_virtual() {
  if (field("/proc/cpuinfo", "flags").find(" hypervisor") != std::string::npos) return true;
  std::error_code ignored;
  if (std::filesystem::exists("/sys/hypervisor/type", ignored) ||
      std::filesystem::exists("/proc/device-tree/hypervisor", ignored))
    return true;
  const std::string product = first_line("/sys/class/dmi/id/product_name");
  return product.find("KVM") != std::string::npos || product.find("QEMU") != std::string::npos ||
         product.find("Virtual") != std::string::npos;
}

std::string virtualization() {
  if (!is_virtual()) return "none seen";
  const std::string vendor = first_line("/sys/class/dmi/id/sys_vendor");
  return is_unavailable(vendor) ? "virtual machine" : fmt::format("virtual machine ({})", vendor);
}

// Arm has no model name: the board's, or who made the core and which it is.
std::string cpu_model() {
  std::string model = field("/proc/cpuinfo", "model name");
  if (!is_unavailable(model)) return model;
  const std::string maker = field("/proc/cpuinfo", "CPU implementer"), part = field("/proc/cpuinfo", "CPU part");
  if (!is_unavailable(maker) && !is_unavailable(part)) return fmt::format("CPU implementer {} part {}", maker, part);
  return model;
}

std::string stepping() {
  std::string stepping = field("/proc/cpuinfo", "stepping");
  if (!is_unavailable(stepping)) return stepping;
  const std::string variant = field("/proc/cpuinfo", "CPU variant"), revision = field("/proc/cpuinfo", "CPU revision");
  return is_unavailable(variant) || is_unavailable(revision) ? stepping : fmt::format("{} r{}", variant, revision);
}

// "on" or "off": intel_pstate tells it the other way round, most other drivers as `boost`.
std::string turbo() {
  const std::string intel_off = first_line("/sys/devices/system/cpu/intel_pstate/no_turbo");
  if (!is_unavailable(intel_off)) return intel_off == "1" ? "off" : "on";
  const std::string boost = first_line("/sys/devices/system/cpu/cpufreq/boost");
  if (!is_unavailable(boost)) return boost == "1" ? "on" : "off";
  return "unavailable: neither intel_pstate/no_turbo nor cpufreq/boost is in /sys/devices/system/cpu";
}

// What the kernel does against flaws of this processor, without what does not concern it: "meltdown: PTI, ...".
// Details are left out: the name of the mitigation tells its cost.
std::string mitigations() {
  namespace fs = std::filesystem;
  const fs::path folder = "/sys/devices/system/cpu/vulnerabilities";
  std::error_code error;
  std::vector<std::string> found;
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    ++files;
    std::string state = first_line(entry.path());
    if (state.starts_with("Not affected") || is_unavailable(state)) continue;
    for (const std::string_view begin : {"KVM: ", "Mitigation: "})
      if (state.starts_with(begin)) state.erase(0, begin.size());
    found.push_back(
        fmt::format("{}: {}", entry.path().filename().string(), state.substr(0, state.find_first_of(";,:"))));
  }
  if (files == 0) return fmt::format("unavailable: {} is not there", folder.string());
  std::ranges::sort(found);
  return found.empty() ? "none needed" : fmt::format("{}", fmt::join(found, ", "));
}

// A laptop on its battery is slower.
std::string power() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/class/power_supply", error)) {
    const std::string folder = entry.path().string() + "/";
    if (first_line(folder + "type") != "Battery" || first_line(folder + "scope") == "Device") continue;
    return first_line(folder + "status") == "Discharging" ? "battery" : "mains";
  }
  return "unavailable: no battery";
}

// Since the machine was started; during the run it is told on standard error.
std::string steal() {
  const StealReading now = StealReading::take();
  if (now.total == 0) return "unavailable: no /proc/stat";
  return fmt::format("{:.2f} % since boot", 100 * steal_between({}, now));
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
  Facts facts = {{"cpu_model", cpu_model()},
                 {"cpu_stepping", stepping()},
                 {"cpu_microcode", field("/proc/cpuinfo", "microcode")},
                 {"cpu_mhz", field("/proc/cpuinfo", "cpu MHz")},
                 {"cores", std::to_string(std::thread::hardware_concurrency())},
                 {"allowed_cpus", field("/proc/self/status", "Cpus_allowed_list")},
                 {"numa_nodes", first_line("/sys/devices/system/node/online")},
                 {"workers_pinned", "no"},  // the scheduler places them, as it does those of a program that uses a dict
                 {"smt", first_line("/sys/devices/system/cpu/smt/active")},
                 {"caches", caches()},
                 {"memory", memory()},
                 {"governor", governor()},
                 {"turbo", turbo()},
                 {"power", power()},
                 {"architecture", system.machine},
                 {"kernel", system.release},
                 {"os", field("/etc/os-release", "PRETTY_NAME")},
                 {"mitigations", mitigations()},
                 {"virtualization", virtualization()},
                 {"steal", steal()},
                 {"transparent_huge_pages", bracketed(first_line("/sys/kernel/mm/transparent_hugepage/enabled"))},
                 {"shmem_huge_pages", bracketed(first_line("/sys/kernel/mm/transparent_hugepage/shmem_enabled"))},
                 {"dev_shm", shared_memory_folder()},
                 {"load_average", fmt::format("{:.2f}", load_average())}};
  // Last: it is a load itself.
  for (auto& fact : measured_speed()) facts.push_back(std::move(fact));
  return facts;
}

std::vector<std::string> host_warnings(unsigned most_processes) {
  std::vector<std::string> warnings;
  const unsigned cpus = std::thread::hardware_concurrency();
  if (const std::string name = governor(); !name.starts_with("unavailable") && name != "performance")
    warnings.push_back(fmt::format(
        "the CPU governor is '{}': clock rates will wander; run: sudo cpupower frequency-set -g performance", name));
  if (bracketed(first_line("/sys/kernel/mm/transparent_hugepage/enabled")) == "always")
    warnings.emplace_back(
        "transparent huge pages are 'always': servers get 2 MB pages unasked where they happen to lie well; engines "
        "that "
        "want them ask for them: echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled");
  if (power() == "battery")
    warnings.emplace_back("this machine runs on its battery: clock rates are held down; plug it in");
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
  constexpr int kIdleField = 3, kWaitField = 4, kStealField = 7;  // cpu user nice system idle iowait irq softirq steal
  std::uint64_t ticks = 0;
  for (int i = 0; i <= kStealField && fields >> ticks; ++i) {
    reading.total += ticks;
    if (i == kStealField)
      reading.steal = ticks;
    else if (i != kIdleField && i != kWaitField)
      reading.busy += ticks;
  }
  return reading;
}

double steal_between(const StealReading& before, const StealReading& after) {
  return after.total <= before.total
             ? 0
             : static_cast<double>(after.steal - before.steal) / static_cast<double>(after.total - before.total);
}

}  // namespace dictbench
