// `driver-kill`: SIGKILL of the driver. Its workers and servers must end with it, and the clean-up takes the rest.
#include <unistd.h>

#include "engines/shm/leftovers.h"
#include "harness/driver/worker_group.h"
#include "harness/torture/expected.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/judge.h"
#include "harness/torture/things.h"

namespace dictbench::torture {
namespace {

constexpr milliseconds kPatience{10'000};
constexpr milliseconds kEndPatience{3'000};
constexpr std::size_t kMost = 16;  // processes that are watched

struct Watched {
  ProcessIdentity processes[kMost];
  std::atomic<std::size_t> count = 0;
  std::atomic<std::uint64_t> operations = 0;
  std::atomic<bool> ready = false;
  SharedText failure;
};

void watch(Watched& watched, pid_t pid) {
  if (const std::size_t at = watched.count++; at < kMost)
    watched.processes[at] = ProcessIdentity::of(pid).value_or(ProcessIdentity{});
}

int load(Engine& engine, unsigned worker, Watched& watched) {
  const auto dict = engine.attach();
  for (std::uint64_t i = 0;; ++i) {
    const std::string key = key_of(worker * 1000 + i % 1000);
    dict->set(key, value_of(key, i));
    ++watched.operations;
  }
}

// The driver: an engine and its workers, and then it waits for its death.
std::string drive(const Subject& subject, unsigned processes, Watched& watched) {
  try {
    const auto engine = subject.create();
    ControlMapping control;
    const WorkerGroup workers(control, processes, StartMode::fork,
                              [&](unsigned worker) { return load(*engine, worker, watched); }, {});
    for (const pid_t pid : workers.pids()) watch(watched, pid);
    for (const pid_t pid : engine->server_pids()) watch(watched, pid);
    watched.ready = true;
    while (true) pause();
  } catch (const std::exception& error) {
    watched.failure.put(error.what());
    watched.ready = true;
  }
  return {};
}

}  // namespace

TortureRecord inflict_driver_kill(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    constexpr std::uint64_t kRounds = 3;
    const unsigned processes = std::min(options.processes, 8u);
    std::size_t ended = 0;
    double longest = 0;
    for (; record.tried < kRounds; ++record.survived) {
      ++record.tried;
      const SharedPage<Watched> watched;
      Child driver([&] { return drive(subject, processes, *watched); });
      require(becomes_true([&] { return watched->ready.load(); }, kPatience), "the driver is not ready after 10 s");
      if (const auto failure = watched->failure.get()) throw Unavailable(*failure);
      require(becomes_true([&] { return watched->operations.load() > 100; }, kPatience), "the workers do nothing");
      const ProcessIdentity owner = driver.identity();
      driver.kill();
      const auto killed = std::chrono::steady_clock::now();
      const std::size_t count = std::min(watched->count.load(), kMost);
      for (std::size_t i = 0; i < count; ++i)
        require(becomes_true([&] { return liveness(watched->processes[i]) == Liveness::dead; }, kEndPatience),
                "a worker or server (process {}) runs on 3 s after its driver was killed", watched->processes[i].pid);
      longest = std::max(longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - killed).count());
      ended += count;
      remove_leftovers();
      require_none_left(owner, "a killed driver");
      record.operations += watched->operations;
    }
    record.facts.emplace_back("longest until all had ended", fmt::format("{:.0f} ms", longest * 1000));
    record.found = fmt::format("{} drivers killed: {} workers and servers ended within {:.0f} ms, nothing left",
                               record.tried, ended, longest * 1000);
  });
}

}  // namespace dictbench::torture
