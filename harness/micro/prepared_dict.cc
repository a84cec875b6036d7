#include "harness/micro/prepared_dict.h"

#include <utility>

#include "engines/registry.h"
#include "harness/driver/preload.h"

namespace dictbench {

PreparedDict::PreparedDict(std::string spec, const Workload& workload) : spec_(std::move(spec)), workload_(workload) {
  const Spec parsed = parse_engine_spec(spec_);
  const Footprint prints = footprint(workload, 1);
  engine_ =
      find_engine(parsed.name()).create(parsed, {.key_bytes = prints.key_bytes, .value_bytes = prints.value_bytes});
  dict_ = engine_->attach();
  fill();
}

void PreparedDict::fill() { preload(*dict_, workload_, 0, 1); }

}  // namespace dictbench
