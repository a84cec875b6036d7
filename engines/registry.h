// The list of engines: built-in ones (engines/CMakeLists.txt, one line each) and plugins loaded at run
// time. An engine is one EngineDescription; everything else in dictbench reaches engines through here.
//
// Filled before main forks anything and read-only afterwards.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engines/engine.h"
#include "engines/spec.h"

namespace dictbench {

// The shape of what the run is about to store: what a user knows who chooses a table's layout. Never how much: every
// engine grows from a small start, so that a timed load counts all that growing costs. Whoever wants room at the start
// asks for it by an option of the engine (capacity=, size=), which the record tells. A hint, not a limit.
struct SizeHint {
  std::uint64_t key_bytes = 16;    // of one key, the largest
  std::uint64_t value_bytes = 16;  // of one value, the mean
};

struct EngineDescription {
  std::string name;
  std::string summary;  // one line
  std::vector<OptionRule> options;

  // What the engine promises under these (bound) options.
  Contract (*contract)(const Spec& spec) = nullptr;

  // Makes the shared thing. Throws Error: `unavailable`, `full`.
  std::unique_ptr<Engine> (*create)(const Spec& spec, const SizeHint& hint) = nullptr;

  // Attaches to a shared thing made by another, unrelated process. Throws Error.
  std::unique_ptr<Dict> (*attach)(const Spec& spec, const std::string& address) = nullptr;

  // Why it cannot be used on this machine ("redis-server is not installed; apt install redis-server"),
  // or nothing. Null pointer: always usable.
  std::optional<std::string> (*missing)(const Spec& spec) = nullptr;

  // How many single operations the driver should hand over as one get_many or set_many under these
  // options. Null pointer: 1.
  unsigned (*batch)(const Spec& spec) = nullptr;

  // Another engine in disguise, to try dictbench itself out: nothing to choose, so that only a command that names it
  // gets it, and tables of engines leave it out.
  bool stand_in = false;

  // Versions of the library and the server, for the record: "hiredis 0.14.1, redis-server 7.0.15".
  std::string (*version)() = nullptr;
};

// Every engine in the order in which tables print them.
const std::vector<EngineDescription>& engine_descriptions();

// Names of those that a command takes when none is named: all but the yardsticks, which are called rival-* and are
// measured only where they are asked for, and the stand-ins.
std::vector<std::string> usual_engines();

// The description for a spec's name; throws SpecError with the list of names.
const EngineDescription& find_engine(std::string_view name);

// Parses and binds: the spec is ready for contract(), create() and attach(). Throws SpecError.
Spec parse_engine_spec(std::string_view text);

// Loads a shared object that exports `extern "C" const dictbench::EngineDescription* dictbench_engine()`
// and adds its engine. Throws SpecError when the file is none or the name is taken.
void load_engine_plugin(const std::string& path);

}  // namespace dictbench
