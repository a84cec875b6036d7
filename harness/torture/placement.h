// Where a call can have taken effect among the calls that another process made of the same key meanwhile.
//
// The other process makes one call after the other, and each has its answer. The call that is judged was begun before
// the first of them. So it took effect before, between or behind them, and all answers and the key's last state must
// fit with one such place. A call whose process was killed may also have done nothing.
// Pure functions of their arguments; any process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

namespace dictbench::torture {

// Of a key: the version of its value or, of a counter, its number. Nothing: the key is not there.
using State = std::optional<std::int64_t>;

// What was read is nothing that anybody set.
inline constexpr std::int64_t kMixed = std::numeric_limits<std::int64_t>::min();

// "version 7", "not there", "a value that nobody set".
std::string state_text(State state);

enum class Ask : std::uint8_t {
  nothing,  // a call that was refused, so nothing may have changed
  get,
  set,
  erase,
  add,
};

struct Call {
  Ask ask = Ask::nothing;
  std::int64_t argument = 0;  // of set: the state that it makes; of add: what is added
  State answer;               // of get: what was found; of erase: 1 the key was there, 0 it was not; of add: the sum
};

enum class Fate {
  answered,
  cut_off,  // its process was killed in it: it took effect or did not
  refused,  // it threw, so it must have done nothing
};

struct Judged {
  Call call;
  Fate fate = Fate::answered;
  std::size_t latest = 0;  // an answered call took effect before others[latest] did
};

// Whether there is a place for `judged` among `others`, between `before` and `after`.
bool has_a_place(State before, std::span<const Call> others, const Judged& judged, State after);

}  // namespace dictbench::torture
