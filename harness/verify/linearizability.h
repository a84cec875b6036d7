// Decides whether a history of one key is linearizable: whether every operation can have taken effect at one
// instant between its begin and its end, so that a dict used by one process alone would have given the same
// answers. Keys are independent, so a dict is linearizable when each key's history is (M. Herlihy, J. Wing:
// "Linearizability: a correctness condition for concurrent objects", 1990; A. Horn, D. Kroening: "Faster
// linearizability checking via P-compositionality", 2015).
//
// The search is that of J. Wing and C. Gong ("Testing and verifying concurrent objects", 1993) with G. Lowe's
// partition by key, memory of configurations, and just-in-time linearization ("Testing for linearizability",
// 2017): it sweeps the begins and ends in order of time and keeps the set of configurations (what the key holds,
// which of the pending operations have taken effect) that explain all answers so far. Operations are given
// their place only when one of them returns and has none yet. Whenever nobody is at the key the set shrinks to
// the values that the key may hold, so a long history takes time in proportion to its length. On top of that:
//  - a read takes effect as soon as the key holds what it answered, because that bars no other order;
//  - an open operation takes effect only directly before an answer that needs it, and of two configurations
//    that differ only in the open operations used up, the one with fewer stands for both.
//
// One key's semantics: missing or a value. set writes; get answers missing or the value; erase answers whether
// the key was there; add answers the sum, and a missing key counts as 0. The operations of one process take
// effect in the order of their begins, which matters only where a process's operations overlap.
//
// Pure functions: any thread, no processes, no clock but the deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/verify/history.h"

namespace dictbench {

// What more makes the answer `unknown`.
inline constexpr std::size_t kMostOverlapping = 64;  // operations of one key at one moment that will return
inline constexpr std::size_t kMostOpen = 64;         // operations of one key that never return

struct SearchLimits {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::size_t most_configurations = 1'000'000;  // at one moment; 48 bytes each and their index
};

enum class Answer { ok, illegal, unknown };

struct KeyState {
  bool present = false;
  std::int64_t value = 0;  // 0 when missing

  bool operator==(const KeyState&) const = default;
};

// A moment at which no operation that returns was under way and the key can have held one state only.
struct QuietMoment {
  std::int64_t at_ns = 0;  // operations that begin later lie behind it
  KeyState state;
  std::vector<std::size_t> used_up;  // indexes of the open operations that must have taken effect before
};

struct Decision {
  Answer answer = Answer::ok;
  std::string why;                  // unknown: which limit
  std::size_t unexplained = 0;      // illegal: the index of the operation whose return no order explains
  std::optional<QuietMoment> last;  // illegal: the last one before that
};

// `operations`: all of one key, in any order. Those that returned have an outcome; an add's is its sum.
Decision decide_key(std::span<const Operation> operations, const SearchLimits& limits);

}  // namespace dictbench
