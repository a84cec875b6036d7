#include "harness/torture/placement.h"

#include <fmt/format.h>

#include <algorithm>

namespace dictbench::torture {
namespace {

// Changes the state as the call does; false when the call would have had another answer.
bool take(State& state, const Call& call, bool compare) {
  State answer = call.answer;
  switch (call.ask) {
    case Ask::nothing: return true;
    case Ask::get: answer = state; break;
    case Ask::set: state = call.argument; return true;
    case Ask::erase:
      answer = state ? 1 : 0;
      state = std::nullopt;
      break;
    case Ask::add: answer = state = state.value_or(0) + call.argument; break;
  }
  return !compare || answer == call.answer;
}

}  // namespace

std::string state_text(State state) {
  if (!state) return "not there";
  return *state == kMixed ? "a value that nobody set" : fmt::format("version {}", *state);
}

bool has_a_place(State before, std::span<const Call> others, const Judged& judged, State after) {
  const auto rest_fits = [&](State state, std::size_t from) {
    return std::ranges::all_of(others.subspan(from), [&](const Call& call) { return take(state, call, true); }) &&
           state == after;
  };
  if (judged.fate != Fate::answered && rest_fits(before, 0)) return true;
  if (judged.fate == Fate::refused) return false;
  const bool answered = judged.fate == Fate::answered;
  const std::size_t latest = answered ? std::min(judged.latest, others.size()) : others.size();
  State state = before;
  for (std::size_t place = 0;; ++place) {
    State changed = state;
    if (take(changed, judged.call, answered) && rest_fits(changed, place)) return true;
    if (place == latest || !take(state, others[place], true)) return false;
  }
}

}  // namespace dictbench::torture
