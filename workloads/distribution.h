// Which key the next operation touches: one class per DistributionKind, behind one small interface.
//
// Numbers are within what the process may touch, 0..count-1; `latest` also gives count + k for the k-th
// key that the process inserted. Everything follows from the Random passed in and the seed of the scattering. Used by
// one thread.
#pragma once

#include <cstdint>
#include <memory>

#include "workloads/random.h"
#include "workloads/workload.h"

namespace dictbench {

class Distribution {
 public:
  Distribution() = default;
  Distribution(const Distribution&) = delete;
  Distribution& operator=(const Distribution&) = delete;
  virtual ~Distribution() = default;

  virtual std::uint64_t next(Random& random) = 0;

  // The process inserted one more key.
  virtual void inserted() {}
};

// count >= 1 keys, of which the popular ones are scattered by scatter_seed (the same for all processes, so that
// they share the popular keys); `inserted` keys were inserted by the process before.
std::unique_ptr<Distribution> make_distribution(const DistributionSpec& spec, std::uint64_t count,
                                                std::uint64_t inserted, std::uint64_t scatter_seed);

}  // namespace dictbench
