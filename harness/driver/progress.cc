#include "harness/driver/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace dictbench {
namespace {

std::string describe(const Cell& cell) {
  return fmt::format("{} x {}, {} process{}, repetition {}{}", cell.engine->spec.text(), cell.workload->name,
                     cell.processes, cell.processes == 1 ? "" : "es", cell.repetition,
                     cell.workload->scale == 1 ? "" : fmt::format(", scale {}", cell.workload->scale));
}

std::string bar(std::size_t done, std::size_t all) {
  constexpr std::size_t kWidth = 24;
  const std::size_t filled = all == 0 ? kWidth : done * kWidth / all;
  return std::string(filled, '#') + std::string(kWidth - filled, '.');
}

}  // namespace

Progress::Progress(std::size_t cells)
    : cells_(cells), terminal_(isatty(STDERR_FILENO) != 0), begun_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { clear(); }

void Progress::begin(const Cell& cell) { begin(describe(cell)); }

void Progress::begin(const std::string& what) {
  if (done_ == 0) begun_ = std::chrono::steady_clock::now();
  show(fmt::format("[{}/{}] {}{}", done_ + 1, cells_, remaining(), what));
}

void Progress::show(const std::string& text) {
  clear();
  if (terminal_)
    fmt::print(stderr, "{} {:.110}", bar(done_, cells_), text);
  else
    fmt::print(stderr, "{}\n", text);
  std::fflush(stderr);
}

void Progress::end() { ++done_; }

void Progress::note(const std::string& line) {
  clear();
  fmt::print(stderr, "{}\n", line);
}

std::string Progress::remaining() const {
  if (done_ == 0) return "";
  const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  const auto left = static_cast<long>(spent / static_cast<double>(done_) * static_cast<double>(cells_ - done_));
  return fmt::format("{}:{:02} left, ", left / 60, left % 60);
}

void Progress::clear() {
  if (terminal_) fmt::print(stderr, "\r\033[K");
}

}  // namespace dictbench
