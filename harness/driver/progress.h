// Progress of a run on standard error: a bar that is redrawn in place on a terminal, else one plain line
// a cell.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "harness/driver/cell.h"

namespace dictbench {

class Progress {
 public:
  explicit Progress(std::size_t cells);

  void expect(std::size_t cells) { cells_ = cells; }
  ~Progress();  // leaves the terminal on a fresh line

  void begin(const Cell& cell);
  void begin(const std::string& what);  // one of the cells, in words
  void end();

  void clear();  // of the bar: before something is printed beside it

  // A line that stays, above the bar.
  void note(const std::string& line);

 private:
  void show(const std::string& text);
  std::string remaining() const;

  std::size_t cells_;
  std::size_t done_ = 0;
  bool terminal_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace dictbench
