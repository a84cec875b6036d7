// An engine made from its spec, as tests want it.
#pragma once

#include <memory>
#include <string>

#include "engines/registry.h"

namespace dictbench {

inline std::unique_ptr<Engine> make_engine(const std::string& spec) {
  const Spec bound = parse_engine_spec(spec);
  return find_engine(bound.name()).create(bound, SizeHint{});
}

}  // namespace dictbench
