#include "harness/micro/prepared_dict.h"

#include <utility>
#include <vector>

#include "engines/registry.h"
#include "workloads/operation_stream.h"
#include "workloads/value_content.h"

namespace dictbench {

PreparedDict::PreparedDict(std::string spec, const Workload& workload) : spec_(std::move(spec)), workload_(workload) {
  const Spec parsed = parse_engine_spec(spec_);
  const Footprint prints = footprint(workload, 1);
  engine_ =
      find_engine(parsed.name())
          .create(parsed, {.items = prints.items, .key_bytes = prints.key_bytes, .value_bytes = prints.value_bytes});
  dict_ = engine_->attach();
  fill();
}

void PreparedDict::fill() {
  constexpr std::size_t kBatch = 128;
  const Phase phase = preload_phase(workload_);
  const OperationStream stream(workload_, phase, 0, 1);
  ValueWriter writer(workload_, phase, kPreloadWriter, kBatch);
  std::vector<KeyValue> items;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    items.push_back({stream[i].key(), writer.make(stream[i], stream[i].key_number)});
    if (items.size() < kBatch && i + 1 < stream.size()) continue;
    dict_->set_many(items);
    items.clear();
  }
}

}  // namespace dictbench
