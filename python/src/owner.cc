#include "python/src/owner.h"

#include <unistd.h>

namespace dictbench::python {

Owner::Owner(const std::string& spec, std::uint64_t key_bytes, std::uint64_t value_bytes)
    : spec_(parse_engine_spec(spec)), creator_(getpid()) {
  const EngineDescription& description = find_engine(spec_.name());
  if (description.missing != nullptr)
    if (const auto reason = description.missing(spec_))
      throw Error(ErrorCode::unavailable, spec_.name() + ": " + *reason);
  engine_ = description.create(spec_, {.key_bytes = key_bytes, .value_bytes = value_bytes});
}

Owner::~Owner() { close(); }

void Owner::close() {
  if (creator_ == getpid())
    engine_.reset();
  else
    static_cast<void>(engine_.release());  // the child of a fork has nothing to destroy
}

Engine& Owner::engine() const {
  if (!engine_) throw Error(ErrorCode::unavailable, "this SharedDict has been destroyed");
  return *engine_;
}

}  // namespace dictbench::python
