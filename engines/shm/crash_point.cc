#include "engines/shm/crash_point.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace dictbench {

#ifdef DICTBENCH_CRASH_POINTS

namespace crash_point_detail {
namespace {

// Constant-initialised, so that they are there before the first Site, whatever the order of the object files.
constinit std::atomic<Site*> first = nullptr;
constinit std::atomic<std::uint64_t> visits_left = 0;
constinit std::atomic<int> signal_number = SIGKILL;

}  // namespace

constinit std::atomic<Site*> Site::armed_ = nullptr;

Site::Site(const char* name) noexcept : name_(name) {
  next_ = first.load(std::memory_order_relaxed);
  while (!first.compare_exchange_weak(next_, this, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

void Site::visit_armed() noexcept {
  if (armed_.load(std::memory_order_acquire) != this) return;
  if (visits_left.fetch_sub(1, std::memory_order_relaxed) != 1) return;
  armed_.store(nullptr, std::memory_order_relaxed);
  kill(getpid(), signal_number.load(std::memory_order_relaxed));
}

// What the functions of the header need from the list.
class Sites {
 public:
  static Site* find(std::string_view name) {
    Site* site = begin();
    while (site != nullptr && site->name_ != name) site = site->next_;
    return site;
  }

  template <typename Each>
  static void for_each(const Each& each) {
    for (Site* site = begin(); site != nullptr; site = site->next_)
      each(site->name_, site->visits_.load(std::memory_order_relaxed));
  }

  static void arm(Site* site, std::uint64_t nth, CrashAction action) {
    Site::armed_.store(nullptr, std::memory_order_relaxed);
    if (nth == 0) return;
    signal_number.store(action == CrashAction::kill ? SIGKILL : SIGSTOP, std::memory_order_relaxed);
    visits_left.store(nth, std::memory_order_relaxed);
    Site::armed_.store(site, std::memory_order_release);
  }

  static void forget() {
    Site::armed_.store(nullptr, std::memory_order_relaxed);
    for (Site* site = begin(); site != nullptr; site = site->next_) site->visits_.store(0, std::memory_order_relaxed);
  }

 private:
  static Site* begin() { return first.load(std::memory_order_acquire); }
};

namespace {

[[maybe_unused]] const int forked_child_begins_anew = pthread_atfork(nullptr, nullptr, Sites::forget);

}  // namespace
}  // namespace crash_point_detail

using crash_point_detail::Sites;

std::vector<std::string> crash_point_names() {
  std::vector<std::string> names;
  Sites::for_each([&](const char* name, std::uint64_t) { names.emplace_back(name); });
  std::ranges::sort(names);
  return names;
}

void arm_crash_point(const std::string& name, std::uint64_t nth, CrashAction action) {
  crash_point_detail::Site* const site = Sites::find(name);
  if (site == nullptr)
    throw std::invalid_argument(
        fmt::format("no crash point '{}'; there are {}", name, fmt::join(crash_point_names(), ", ")));
  Sites::arm(site, nth, action);
}

std::vector<std::pair<std::string, std::uint64_t>> crash_point_visits() {
  std::vector<std::pair<std::string, std::uint64_t>> visited;
  Sites::for_each([&](const char* name, std::uint64_t visits) {
    if (visits != 0) visited.emplace_back(name, visits);
  });
  std::ranges::sort(visited);
  return visited;
}

#else

std::vector<std::string> crash_point_names() { return {}; }

void arm_crash_point(const std::string& name, std::uint64_t, CrashAction) {
  throw std::invalid_argument(
      fmt::format("no crash point '{}': this program was built without; use dictbench_crash_points", name));
}

std::vector<std::pair<std::string, std::uint64_t>> crash_point_visits() { return {}; }

#endif

}  // namespace dictbench
