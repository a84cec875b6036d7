// The rules of the gate: when are so many pairs of runs proof that the head is slower than the base?
//
// Pure functions over plain numbers: no clock, no file, no state; any thread may call them.
//
// A *figure* is something that should not grow: time per operation, bytes per item, context switches. A *look* at a
// figure is a set of pairs (base, head) of runs made directly one after the other, so that the machine's drift hits
// both. One run is one datum: what happens inside a run is not independent (Kalibera and Jones, Rigorous
// Benchmarking in Reasonable Time, 2013). A look *flags* the figure when the lower bound of the median of
// log(head / base) lies above the margin. The bound is an order statistic (the sign test turned round: David and
// Nagaraja, Order Statistics, section 7.1), so it holds whatever the distribution of the noise.
//
// A figure that is flagged is looked at once more, with new runs, and fails only when both looks flag it. Each look
// errs with probability e at most, both together with e^2; with e = sqrt(family error / figures) the whole gate errs
// with the family error at most (Bonferroni).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace dictbench {

struct GateRules {
  double margin = 0.03;        // a slowdown up to so much is accepted
  double family_error = 0.01;  // probability that a gate over unchanged programs fails, all figures together
  double power = 0.99;         // with which a slowdown of the size called visible makes the gate fail, as far as the
                               // sample tells: in simulated noise it was 0.95 and more (dictbench gate-trials)
  std::size_t figures = 1;     // gated at once

  double look_error() const;  // e of one look
  double look_power() const;  // sqrt(power): both looks must see it
};

// The fewest pairs with which a gate may begin: with fewer there is either no bound, or the sample holds nothing
// from which to tell what the gate could have seen.
std::size_t least_pairs(const GateRules& rules);

// Both sides of one figure; base[i] and head[i] were run one after the other. Above 0.
struct Pairs {
  std::vector<double> base, head;
};

struct Look {
  std::size_t pairs = 0;
  double slowdown = 0;  // median of head / base, less 1: 0.05 is 5 % more
  double low = 0;       // what the slowdown is at least, with the error of one look
  double high = 0;      // and at most
  double visible =
      0;  // the smallest slowdown that both looks would have seen with the rules' power, in noise like this
  bool flagged = false;
};

// Throws std::invalid_argument for fewer than least_pairs() or a figure that is not above 0.
Look look_at(const Pairs& pairs, const GateRules& rules);

// As look_at() for machines that differ: `pairs` are (yardstick, engine) of one run here, `committed` those of a
// run elsewhere, and what is judged is how much the ratio grew. The committed pairs serve both looks, so their bound
// takes a half of the family error at once, and the looks share the other half. Throws std::invalid_argument.
Look look_at_ratio(const Pairs& pairs, const Pairs& committed, const GateRules& rules);

// The fewest pairs and the fewest committed pairs for look_at_ratio().
std::size_t least_pairs_beside(const GateRules& rules);
std::size_t least_committed_pairs(const GateRules& rules);

// Which of the sides was disturbed more than the other, if one was.
enum class Disturbed { neither, base, head };

// By how widely the sides scatter: one at least three times as widely about its own median as the other, and chance
// does not explain it (the rank-sum test of the distances: Mann and Whitney 1947, in its normal form; error 0.1 %
// shared between the figures).
Disturbed wider_side(const Pairs& pairs, const GateRules& rules);

// Whether even the quickest run of the head is slower than the slowest of the base: then noise that widens one side
// explains nothing, as the runs took turns and all of one side were hit and none of the other.
bool wholly_slower(const Pairs& pairs);

// By the share of the machine that other programs took during each run (0..1): more than five percentage points
// apart in the median, and chance does not explain it.
Disturbed busier_side(std::span<const double> base, std::span<const double> head, const GateRules& rules);

}  // namespace dictbench
