#include "harness/verify/configuration_set.h"

#include "workloads/random.h"

namespace dictbench {

std::uint64_t ConfigurationSet::hash(const Configuration& configuration) noexcept {
  return mix64(static_cast<std::uint64_t>(configuration.state.value), configuration.done + configuration.state.present);
}

// True when all_[index] stands for `configuration`, or now does because it was the lesser one.
bool ConfigurationSet::covered(std::size_t index, const Configuration& configuration) {
  Configuration& known = all_[index];
  if (known.state != configuration.state || known.done != configuration.done) return false;
  const std::uint64_t both = known.used & configuration.used;
  if (both != known.used && both != configuration.used) return false;
  known.used = both;
  return true;
}

void ConfigurationSet::index(std::size_t index) {
  const auto [head, first] = heads_.try_emplace(hash(all_[index]), kNone);
  next_.push_back(head->second);
  head->second = static_cast<std::uint32_t>(index);
}

bool ConfigurationSet::add(const Configuration& configuration) {
  if (all_.size() <= kFew) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const std::uint64_t before = all_[i].used;
      if (covered(i, configuration)) return all_[i].used != before;
    }
  } else {
    const auto head = heads_.find(hash(configuration));
    for (std::uint32_t i = head == heads_.end() ? kNone : head->second; i != kNone; i = next_[i]) {
      const std::uint64_t before = all_[i].used;
      if (covered(i, configuration)) return all_[i].used != before;
    }
  }
  all_.push_back(configuration);
  if (all_.size() == kFew + 1)
    for (std::size_t i = 0; i < all_.size(); ++i) index(i);
  else if (all_.size() > kFew + 1)
    index(all_.size() - 1);
  return true;
}

void ConfigurationSet::clear() noexcept {
  all_.clear();
  if (next_.empty()) return;
  next_.clear();
  heads_.clear();
}

}  // namespace dictbench
