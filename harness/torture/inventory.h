// What this process has in shared places and beside itself, so that "nothing is left over" can be checked: names in
// /dev/shm and the folders for files that carry its identity, its children, its open file descriptors.
// The driver's; what other runs have does not count.
#pragma once

#include <cstddef>
#include <string>

namespace dictbench::torture {

class Inventory {
 public:
  static Inventory take();

  // What is there now that was not there before, in words; empty: nothing.
  std::string more_than(const Inventory& before) const;

 private:
  std::string names_;     // separated by blanks
  std::string children_;  // likewise
  std::size_t descriptors_ = 0;
};

}  // namespace dictbench::torture
