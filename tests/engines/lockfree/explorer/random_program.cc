#include "tests/engines/lockfree/explorer/random_program.h"

#include <algorithm>
#include <random>
#include <utility>

namespace dictbench::explorer {
namespace {

constexpr unsigned kMostKeys = 3;           // that the fibers use
constexpr std::size_t kFullBuckets = 14;    // items of a bucket and its overflow bucket
constexpr std::uint64_t kMostRuns = 5'000;  // executions of one program

// Found once: keys of one tag are one in 65,536.
const std::vector<std::string>& keys_of_bucket(unsigned bucket) {
  static const std::vector<std::string> keys[] = {keys_in_bucket(0, kMostKeys + kFullBuckets),
                                                  keys_in_bucket(1, kMostKeys)};
  return keys[bucket];
}
const std::vector<std::string>& keys_of_one_tag() {
  static const std::vector<std::string> keys = keys_in_bucket(0, kMostKeys, true);
  return keys;
}

class Draft {
 public:
  explicit Draft(std::uint64_t seed) : random_(seed) {}

  Program make() {
    draw_keys();
    draw_items();
    draw_memory();
    draw_fibers();
    draw_deaths();
    draw_bounds();
    return std::move(program_);
  }

 private:
  // Not a distribution of the standard library: those differ from one to another.
  unsigned below(unsigned count) { return static_cast<unsigned>(random_() % count); }
  bool in_percent(unsigned percent) { return below(100) < percent; }

  // For one bucket, for one bucket and with one tag, or for both buckets; the last one may need a block of another
  // size.
  void draw_keys() {
    const unsigned count = 1 + below(kMostKeys), kind = below(3);
    for (unsigned key = 0; key < count; ++key) {
      const std::vector<std::string>& from = kind == 0 ? keys_of_one_tag() : keys_of_bucket(kind == 1 ? 0 : key % 2);
      program_.keys.push_back(from[key]);
    }
    if (in_percent(15)) program_.keys.back() = std::string(40, 'l');
    key_count_ = count;
  }

  // Some of the keys; and others, with which the first bucket is full or nearly so, with its overflow bucket or
  // without.
  void draw_items() {
    std::size_t items = 0;
    for (unsigned key = 0; key < key_count_; ++key) {
      if (!in_percent(60)) continue;
      program_.before.push_back(set(key, 5));
      ++items;
    }
    constexpr std::size_t kFills[] = {0, 0, kFullBuckets / 2, kFullBuckets};
    const std::size_t fill = kFills[below(4)], wanted = fill - std::min<std::size_t>(fill, items + below(2));
    for (std::size_t i = 0; i < wanted; ++i) {
      program_.before.push_back(set(static_cast<unsigned>(program_.keys.size()), 5));
      program_.keys.push_back(keys_of_bucket(0)[kMostKeys + i]);
    }
    if (in_percent(15)) program_.before.push_back(freeze());
  }

  void draw_memory() {
    if (in_percent(25)) program_.chunks = below(2);
  }

  void draw_fibers() {
    const unsigned draw = below(100);
    program_.fibers.resize(draw < 50 ? 2 : draw < 85 ? 3 : 4);
    for (std::size_t fiber = 0; fiber < program_.fibers.size(); ++fiber) {
      const unsigned steps = 1 + below(3);
      for (unsigned i = 0; i < steps; ++i) program_.fibers[fiber].steps.push_back(draw_step());
      // The first has the items before in its memory.
      if (fiber > 0) program_.fibers[fiber].stock = draw_stock();
    }
  }

  Stock draw_stock() {
    const unsigned draw = below(100);
    if (program_.chunks && draw < 40) return Stock::none;
    return draw >= 80 ? Stock::adopted : Stock::full;
  }

  Step draw_step() {
    const unsigned key = below(key_count_), draw = below(100);
    if (draw < 34) return set(key, next_digit());
    if (draw < 54) return erase(key);
    if (draw < 66) return get(key);
    if (draw < 78) return add(key, 3 + 2 * static_cast<std::int64_t>(below(5)));
    if (draw < 84) return size();
    if (draw < 90) return for_each();
    if (draw < 95) return sweep();
    return draw < 97 ? freeze() : rest();
  }

  // 5 is the items' before.
  unsigned next_digit() {
    digit_ = digit_ == 9 ? 1 : digit_ == 4 ? 6 : digit_ + 1;
    return digit_;
  }

  // Some may die, and others wait for that: those behind them only, so that no two wait for each other.
  void draw_deaths() {
    const unsigned draw = below(100);
    program_.bounds.kills = draw < 50 ? 0 : draw < 85 ? 1 : 2;
    std::vector<Fiber>& fibers = program_.fibers;
    for (unsigned death = 0; death < program_.bounds.kills; ++death)
      fibers[below(static_cast<unsigned>(fibers.size()))].may_die = true;
    for (unsigned fiber = 1; fiber < fibers.size(); ++fiber)
      for (unsigned dead = 0; dead < fiber; ++dead) {
        if (!fibers[dead].may_die || !in_percent(60)) continue;
        std::vector<Step>& steps = fibers[fiber].steps;
        const unsigned kind = below(10);
        steps.insert(steps.begin() + below(static_cast<unsigned>(steps.size()) + 1), kind < 5   ? adopt(dead)
                                                                                     : kind < 9 ? attach(dead)
                                                                                                : wait(dead));
      }
  }

  void draw_bounds() {
    Bounds& bounds = program_.bounds;
    bounds.preemptions = bounds.kills == 2 ? below(2) : bounds.kills == 0 && program_.fibers.size() == 2 ? 2 : 1;
    bounds.executions = kMostRuns;
  }

  std::mt19937_64 random_;
  Program program_;
  unsigned key_count_ = 0, digit_ = 0;
};

}  // namespace

Program random_program(std::uint64_t seed) { return Draft(seed).make(); }

}  // namespace dictbench::explorer
