#include "engines/registry.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engines/builtin_engines.h"

namespace dictbench {
namespace {

std::vector<EngineDescription>& descriptions() {
  static std::vector<EngineDescription> all = builtin_engines();
  return all;
}

// What a description of a missing engine answers: its summary is the reason.
std::optional<std::string> missing_reason(const Spec& spec) { return find_engine(spec.name()).summary; }

}  // namespace

EngineDescription missing_engine(const char* name, const char* package) {
  EngineDescription description;
  description.name = name;
  description.summary = fmt::format("built without its library; apt-get install {} and build again", package);
  description.contract = [](const Spec&) { return Contract{}; };
  description.create = [](const Spec& spec, const SizeHint&) -> std::unique_ptr<Engine> {
    throw Error(ErrorCode::unavailable, *missing_reason(spec));
  };
  description.attach = [](const Spec& spec, const std::string&) -> std::unique_ptr<Dict> {
    throw Error(ErrorCode::unavailable, *missing_reason(spec));
  };
  description.missing = missing_reason;
  return description;
}

const std::vector<EngineDescription>& engine_descriptions() { return descriptions(); }

std::vector<std::string> usual_engines() {
  std::vector<std::string> names;
  for (const EngineDescription& engine : descriptions())
    if (!engine.name.starts_with("rival-") && !engine.stand_in) names.push_back(engine.name);
  return names;
}

const EngineDescription& find_engine(std::string_view name) {
  const auto& all = descriptions();
  const auto found = std::ranges::find(all, name, &EngineDescription::name);
  if (found != all.end()) return *found;
  std::vector<std::string> names;
  for (const EngineDescription& known : all) names.push_back(known.name);
  throw SpecError(fmt::format("no engine '{}'; there are {}", name, fmt::join(names, ", ")));
}

Spec parse_engine_spec(std::string_view text) {
  Spec spec = Spec::parse(text);
  spec.bind(find_engine(spec.name()).options);
  return spec;
}

void load_engine_plugin(const std::string& path) {
  // dlopen looks a bare file name up in the system's library path; a plugin is always a file.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw SpecError(fmt::format("plugin {}: {}", path, dlerror()));
  using Entry = const EngineDescription* (*)();
  const auto entry = reinterpret_cast<Entry>(dlsym(library, "dictbench_engine"));
  if (entry == nullptr)
    throw SpecError(fmt::format(
        "plugin {}: it exports no `extern \"C\" const dictbench::EngineDescription* dictbench_engine()`", path));
  const EngineDescription& description = *entry();
  if (std::ranges::find(descriptions(), description.name, &EngineDescription::name) != descriptions().end())
    throw SpecError(fmt::format("plugin {}: an engine named {} is there already", path, description.name));
  descriptions().push_back(description);
}

}  // namespace dictbench
