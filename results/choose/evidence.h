// Whether an engine's promise holds: what it declares, and what torture and check found.
//
// Pure over the records. The last record of one engine, machine and fault that says something about the promise counts,
// so that a repeated run replaces the earlier one. What broke in `step` is taken back only by a good run of the same
// program with as many trials at least, for its trials are a sample. A promise that was broken on any machine is
// broken, for an error in a program travels with it.
#pragma once

#include <cstdint>
#include <limits>
#include <set>
#include <string>

#include "results/choose/requirements.h"
#include "results/record.h"

namespace dictbench {

// A fact of a broken `step` record: which promises it speaks against, "survives-kill linearizable", or kNoPromise. A
// record without it speaks against all that a trial could break.
inline constexpr const char* kSpeaksAgainst = "speaks_against";
inline constexpr const char* kNoPromise = "no promise";

// A fact of each `step` record: whose code was stepped through, "as measured" or "with crash points".
inline constexpr const char* kSteppedProgram = "stepped_program";

// What one engine declares under the options of its spec; results/ does not know engines/, so the caller fills it in.
struct EnginePromises {
  std::string spec;
  std::set<Guarantee> declared;
  bool shared_by_threads = false;                                           // of one process, and by no others
  std::uint64_t largest_value = std::numeric_limits<std::uint64_t>::max();  // bytes
  std::uint64_t most_items = std::numeric_limits<std::uint64_t>::max();
  bool stores = true;       // false: does nothing, measured as the harness's own cost
  std::string unavailable;  // why it cannot be used here; empty: it can
};

struct PromiseFound {
  enum class Verdict {
    not_promised,
    broken,    // declared, and a record shows that it does not hold
    untested,  // declared; no record of torture or check that could show it
    tested,    // declared, and records show that it holds
    declared,  // declared; no torture could break it: the conformance tests hold the engine to it
  };
  Verdict verdict = Verdict::not_promised;
  std::string text;  // "tested: 1,768 of 1,768", "broken under kill: 3 writes lost", "declared, not tested"

  bool holds() const { return verdict != Verdict::not_promised && verdict != Verdict::broken; }
};

// `host`: whose records come first; with those of other machines only, the text says so.
PromiseFound find_promise(const RecordFile& records, const std::string& host, const EnginePromises& engine,
                          Guarantee promise);

// "lost 3 acknowledged writes under kill": what torture found last; empty for an engine that lost nothing. It counts
// whatever is asked: data that is gone is not a matter of promises.
std::string lost_data(const RecordFile& records, const std::string& spec);

// "not durable across a restart": what an engine without this promise is.
std::string lacks(const EnginePromises& engine, Guarantee promise);

}  // namespace dictbench
