// What the tests of stream-log's dicts share.
#pragma once

#include <string>

#include "tests/engines/filling.h"
#include "tests/engines/make_engine.h"

namespace dictbench {

inline std::string get(Dict& dict, const std::string& key) {
  Value out;
  return dict.get(key, out) ? std::string(out.view()) : "(none)";
}

inline std::uint64_t fact(const Engine& engine, const std::string& name) {
  for (const auto& [fact, value] : engine.facts())
    if (fact == name) return std::stoull(value);
  return UINT64_MAX;
}

inline void fill(Dict& dict, unsigned keys, const std::string& value) {
  for (unsigned i = 0; i < keys; ++i) dict.set(key_of(i), value);
}

}  // namespace dictbench
