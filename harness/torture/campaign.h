// A campaign: one fault inflicted on one engine again and again, with what all such faults have in common: an arena
// that is made anew when the contract let the dict be lost, the checks at the end, what must stay flat, the record.
// The driver's main thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "harness/torture/arena.h"

namespace dictbench::torture {

struct Plan {
  std::uint64_t tries = 20;   // unless the options give a time instead
  bool may_be_lost = false;   // `corrupt` is a legal answer to the fault
  bool spends_arena = false;  // every try has a dict of its own
  std::function<void(Arena& arena)> start = [](Arena& arena) { arena.start_all(); };
};

// What a campaign tells its fault when it words `found`.
struct Findings {
  std::uint64_t lost_dicts = 0;  // tries after which the dict had to be made anew
  std::uint64_t timeouts = 0;    // errors that workers got
  std::uint64_t disconnects = 0;
};

// The fault, once: everybody runs when it is called, and is to run again when it returns. Throws what Arena throws.
using Inject = std::function<void(Arena& arena)>;

// Words for TortureRecord::found when no invariant broke.
using Describe = std::function<std::string(const TortureRecord& record, const Findings& findings)>;

// The rules that follow from the contract and the options.
Rules rules_for(const Subject& subject, const Options& options);

TortureRecord run_campaign(const Subject& subject, const Options& options, const Plan& plan, const Rules& rules,
                           const Inject& inject, const Describe& describe);

// Faults that take longer or a new server each are inflicted a tenth as often, but 3 times at least.
std::uint64_t slow_tries(const Options& options);

// "0.2 ms", "1.3 s".
std::string duration_text(double seconds);

}  // namespace dictbench::torture
