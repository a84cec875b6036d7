#include "harness/driver/limit.h"

#include <algorithm>
#include <numeric>
#include <thread>

namespace dictbench {
namespace {

// Of all the time: a thread that waits for nobody still sleeps now and then, and loses some to interrupts.
constexpr double kAll = 0.9;

// Reading /proc takes some 0.1 ms at either end of the window.
constexpr double kShortestWindow = 0.01;

// Share of the machine. Whom a thread was queued behind the kernel does not tell.
constexpr double kMostOthers = 0.1;

double most_asked(const std::map<pid_t, ThreadTime>& threads) {
  double most = 0;
  for (const auto& [id, time] : threads) most = std::max(most, time.asked_s());
  return most;
}

}  // namespace

std::string who_limits(const LimitFigures& figures) {
  if (figures.workers_asked.empty()) return "";
  const double workers = std::accumulate(figures.workers_asked.begin(), figures.workers_asked.end(), 0.0) /
                         static_cast<double>(figures.workers_asked.size());
  const bool workers_all = workers >= kAll, servers_all = figures.server_asked >= kAll;
  const double had = figures.workers_had_s + figures.servers_had_s;
  if (workers_all != servers_all) return workers_all ? "workers" : "servers";
  if (workers_all || had >= kAll * figures.processors_s)
    return figures.workers_had_s >= figures.servers_had_s ? "workers" : "servers";
  return "";
}

std::string who_limits(const WindowFigures& beside, const CellRecord& record) {
  if (beside.servers.empty() || beside.workers.size() != record.workers.size()) return "";
  if (record.elapsed_s < kShortestWindow) return "";
  LimitFigures figures;
  for (std::size_t worker = 0; worker < beside.workers.size(); ++worker) {
    const double window = record.workers[worker].end_s - record.workers[worker].start_s;
    figures.workers_asked.push_back(window > 0 ? std::min(1.0, most_asked(beside.workers[worker]) / window) : 0);
  }
  for (const auto& threads : beside.servers)
    figures.server_asked = std::max(figures.server_asked, most_asked(threads) / record.elapsed_s);
  figures.workers_had_s = running_s(beside.workers);
  figures.servers_had_s = running_s(beside.servers);
  const double machine_s = record.elapsed_s * std::max(std::thread::hardware_concurrency(), 1U);
  const double others_s = beside.disturbance ? beside.disturbance->steal_s + beside.disturbance->others_s : 0;
  if (others_s > kMostOthers * machine_s) return "";
  figures.processors_s = machine_s - others_s;
  return who_limits(figures);
}

}  // namespace dictbench
