// The memory of configurations in the search for a linearization (harness/verify/linearizability.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "harness/verify/linearizability.h"

namespace dictbench {

struct Configuration {
  KeyState state;
  std::uint64_t done = 0;  // pending operations that have taken effect, by slot
  std::uint64_t used = 0;  // open operations that have, in order of their begins
};

// Distinct configurations. Of two that differ only in `used` where one's is part of the other's, that one alone
// is kept: it can do all that the other can. Used by one thread.
class ConfigurationSet {
 public:
  // False: this one, or one that stands for it, is there already.
  bool add(const Configuration& configuration);

  void clear() noexcept;
  bool empty() const noexcept { return all_.empty(); }
  std::size_t size() const noexcept { return all_.size(); }
  auto begin() const noexcept { return all_.begin(); }
  auto end() const noexcept { return all_.end(); }

  // Changes each in place and keeps the distinct ones.
  template <typename Change>
  void transform(const Change& change) {
    std::vector<Configuration> old;
    old.swap(all_);
    clear();
    for (Configuration& configuration : old) {
      change(configuration);
      add(configuration);
    }
  }

 private:
  // Up to so many a walk over all is quicker than hashing, and there are seldom more.
  static constexpr std::size_t kFew = 16;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  static std::uint64_t hash(const Configuration& configuration) noexcept;
  bool covered(std::size_t index, const Configuration& configuration);
  void index(std::size_t index);

  std::vector<Configuration> all_;
  std::unordered_map<std::uint64_t, std::uint32_t> heads_;  // by hash of all but `used`
  std::vector<std::uint32_t> next_;                         // in the chain of one hash
};

}  // namespace dictbench
