#include "harness/torture/step_sample.h"

#include <unordered_map>
#include <utility>

namespace dictbench::torture {

StepSample::StepSample(const Trace& trace, std::uint64_t seed) : instructions_(trace.addresses.size()), random_(seed) {
  std::unordered_map<std::uintptr_t, std::size_t> place_of;
  for (std::size_t i = 0; i < trace.addresses.size(); ++i) {
    const auto [found, is_new] = place_of.try_emplace(trace.addresses[i], places_.size());
    if (is_new) places_.emplace_back();
    places_[found->second].push_back(i);
  }
}

std::size_t StepSample::next() {
  by_place_ = !by_place_;
  if (!by_place_) return random_.below(instructions_);
  if (next_ == places_.size()) next_ = 0;
  // One step of a shuffle: those before next_ have had their turn.
  std::swap(places_[next_], places_[next_ + random_.below(places_.size() - next_)]);
  const std::vector<std::size_t>& visits = places_[next_++];
  return visits[random_.below(visits.size())];
}

}  // namespace dictbench::torture
