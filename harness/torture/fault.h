// Faults: what `dictbench torture` does to an engine, and what must hold nevertheless.
//
// A fault is one function that makes an engine of its own, does the harm, checks the invariants that the
// engine's contract promises and says what it found. It knows the engine only through engines/engine.h, the
// contract and two options that mean the same wherever they exist: `max` (the most bytes it may take) and
// `timeout` (milliseconds to wait for an answer). So an engine gets all faults for nothing but its contract.
//
// Run by the driver's main thread, one fault after the other; processes that a fault starts are ended and
// reaped when it returns, its segments, files and servers are gone. Throws what the environment refuses.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engines/registry.h"
#include "results/record.h"

namespace dictbench::torture {

struct Options {
  unsigned processes = 3;
  std::uint64_t tries = 20;                           // kills, stops, ...: how often a fault is injected
  std::optional<std::chrono::milliseconds> duration;  // instead of `tries`
  std::uint64_t seed = 1;
  std::chrono::milliseconds patience{10'000};  // a survivor that has got nothing done for so long hangs
};

// The engine under torture.
struct Subject {
  std::string text;  // the spec as the user wrote it, for messages and records
  Spec spec;         // bound
  const EngineDescription& description;
  Contract contract;

  std::unique_ptr<Engine> create() const;

  // The same engine with an option set: `max`, `timeout`. Nothing where it has no option of that name.
  std::optional<Subject> with(const std::string& option, const std::string& value) const;
};

// `text` as parse_engine_spec() takes it. Throws SpecError.
Subject make_subject(const std::string& text);

struct Fault {
  std::string name;     // as --faults takes it: "kill", "server-stop"
  std::string summary;  // one line

  // Why this fault cannot be done to this engine ("it has no server"), or empty.
  std::string (*not_applicable)(const Subject& subject);

  // Fills all but run_id, engine, fault and elapsed_s.
  TortureRecord (*inflict)(const Subject& subject, const Options& options);
};

// Every fault in the order in which they are run and printed.
const std::vector<Fault>& faults();

}  // namespace dictbench::torture
