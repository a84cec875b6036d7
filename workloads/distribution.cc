#include "workloads/distribution.h"

#include <algorithm>

#include "workloads/permutation.h"
#include "workloads/zipf.h"

namespace dictbench {
namespace {

class Sequential final : public Distribution {
 public:
  explicit Sequential(std::uint64_t count) : count_(count) {}

  std::uint64_t next(Random&) override {
    const std::uint64_t number = next_++;
    if (next_ == count_) next_ = 0;
    return number;
  }

 private:
  const std::uint64_t count_;
  std::uint64_t next_ = 0;
};

class Uniform final : public Distribution {
 public:
  explicit Uniform(std::uint64_t count) : count_(count) {}

  std::uint64_t next(Random& random) override { return random.below(count_); }

 private:
  const std::uint64_t count_;
};

class Zipfian final : public Distribution {
 public:
  Zipfian(std::uint64_t count, double exponent, std::uint64_t scatter_seed)
      : zipf_(count, exponent), scatter_(count, scatter_seed) {}

  std::uint64_t next(Random& random) override { return scatter_(zipf_.next(random)); }

 private:
  const Zipf zipf_;
  const Permutation scatter_;
};

// Rank 0 is the newest key. The keys that were there from the start count as older the lower their number.
class Latest final : public Distribution {
 public:
  Latest(std::uint64_t count, std::uint64_t inserted, double exponent)
      : newest_(count + inserted), zipf_(newest_, exponent) {}

  std::uint64_t next(Random& random) override { return newest_ - 1 - zipf_.next(random); }
  void inserted() override { zipf_.resize(++newest_); }

 private:
  std::uint64_t newest_;
  Zipf zipf_;
};

class Hotspot final : public Distribution {
 public:
  Hotspot(std::uint64_t count, const DistributionSpec& spec, std::uint64_t scatter_seed)
      : count_(count),
        hot_(std::clamp<std::uint64_t>(static_cast<std::uint64_t>(spec.hot_keys * static_cast<double>(count) + 0.5), 1,
                                       count)),
        hot_operations_(spec.hot_operations),
        scatter_(count, scatter_seed) {}

  std::uint64_t next(Random& random) override {
    const bool hot = random.unit() < hot_operations_ || hot_ == count_;
    return scatter_(hot ? random.below(hot_) : hot_ + random.below(count_ - hot_));
  }

 private:
  const std::uint64_t count_, hot_;
  const double hot_operations_;
  const Permutation scatter_;
};

}  // namespace

std::unique_ptr<Distribution> make_distribution(const DistributionSpec& spec, std::uint64_t count,
                                                std::uint64_t inserted, std::uint64_t scatter_seed) {
  switch (spec.kind) {
    case DistributionKind::sequential: return std::make_unique<Sequential>(count);
    case DistributionKind::uniform: return std::make_unique<Uniform>(count);
    case DistributionKind::zipfian: return std::make_unique<Zipfian>(count, spec.exponent, scatter_seed);
    case DistributionKind::latest: return std::make_unique<Latest>(count, inserted, spec.exponent);
    case DistributionKind::hotspot: return std::make_unique<Hotspot>(count, spec, scatter_seed);
  }
  __builtin_unreachable();
}

}  // namespace dictbench
