// What must hold after a `step` trial: of each key's states, of the operation's answer, of the dict as a whole.
//
// All processes but the reader have ended or rest. What is broken is thrown as Broken (harness/torture/judge.h).
#pragma once

#include <array>
#include <set>
#include <string>

#include "engines/engine.h"
#include "harness/torture/placement.h"
#include "harness/torture/step_page.h"

namespace dictbench::torture {

using States = std::array<State, kTracked>;

// In a process of its own, which attaches: reads all keys into the page's `after`, by get, size() and listing, writes a
// key, detaches, and has the engine check itself. `retired`: keys of killed operations of former trials; they may be
// there or not. Throws Broken, Error.
void read_whole_dict(Engine& engine, const Contract& contract, StepPage& page, const std::set<std::string>& retired);

// The answer of an operation that walks, counts or reads several keys, by itself; `before` and `retired` as in
// judge_trial(). Throws Broken.
void judge_answer(const StepPage& page, const States& before, std::uint64_t retired);

// The driver, when the reader has ended: whether calls, answers and last states fit together. `before`: the states in
// which the operation found the keys; `fate`: of the operation; `retired`: so many keys of former trials may be there.
// Throws Broken.
void judge_trial(const StepPage& page, const States& before, Fate fate, std::uint64_t retired);

// The tracked keys' states after the noted calls.
States replayed(const StepPage& page, States states);

}  // namespace dictbench::torture
