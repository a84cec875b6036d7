// Crash points: the named steps at which a process that works on shared memory could die or be stopped.
//
// An engine writes CRASH_POINT("boost-map.set.stored"); where something in shared memory has just changed: between
// two stores that belong together, after a lock is taken, before it is given back. A test or `dictbench
// torture` then arms one point in one process, which kills or stops itself at its n-th visit. That finds in seconds
// what killing at random moments finds in days, if ever.
//
// Names are ENGINE-OR-PART.OPERATION.STATE: the state says what has been done when the point is reached. One name at
// several places is one point. Only with DICTBENCH_CRASH_POINTS is there anything behind the macro: the engines are
// built twice (engines/CMakeLists.txt), and what is measured is the variant without. The functions below exist in
// both, so that callers need no #ifdef; without points there are no names.
//
// In a header, CRASH_POINT belongs only where every includer is built in both variants (an engine's own headers):
// elsewhere one inline function would have two definitions in one program.
//
// Visits and arming belong to one process: a forked child begins with no visits and nothing armed. A point may be
// visited by any thread and inside a signal handler; an unarmed visit is two loads and a store.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dictbench {

enum class CrashAction {
  kill,  // SIGKILL to the own process
  stop,  // SIGSTOP to the own process: it goes on from the point when somebody sends SIGCONT
};

// Of all points linked into this program, sorted, also of those never visited. Empty without DICTBENCH_CRASH_POINTS.
std::vector<std::string> crash_point_names();

// The calling process acts at its `nth` visit of the point from now on, once. One point is armed at a time: this
// replaces what was armed; nth 0 disarms. Throws std::invalid_argument for a name that is none.
void arm_crash_point(const std::string& name, std::uint64_t nth, CrashAction action);

// The points that the calling process has visited and how often, sorted by name. Visits of one point by several threads
// at once may be counted as one (the count is no read-modify-write, which would make a visit cost 6 ns); armed ones are
// counted exactly.
std::vector<std::pair<std::string, std::uint64_t>> crash_point_visits();

#ifdef DICTBENCH_CRASH_POINTS

namespace crash_point_detail {

// One point. Static storage, constructed before main or when a plugin is loaded, never destroyed.
class Site {
 public:
  explicit Site(const char* name) noexcept;  // links itself into the list of all
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  void visit() noexcept {
    visits_.store(visits_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (armed_.load(std::memory_order_relaxed) == this) [[unlikely]]
      visit_armed();
  }

 private:
  friend class Sites;
  void visit_armed() noexcept;

  static std::atomic<Site*> armed_;
  const char* name_;
  std::atomic<std::uint64_t> visits_ = 0;
  Site* next_ = nullptr;
};

// A string literal as a template argument.
template <std::size_t N>
struct Name {
  consteval Name(const char (&literal)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  char text[N];
};

// The object is made, and so listed, wherever the point is compiled in, visited or not.
template <Name name>
struct Point {
  static inline Site site{name.text};
};

}  // namespace crash_point_detail

#define CRASH_POINT(name) ::dictbench::crash_point_detail::Point<name>::site.visit()

#else

#define CRASH_POINT(name) static_cast<void>(0)

#endif

}  // namespace dictbench
