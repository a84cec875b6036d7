#include "harness/driver/preload.h"

#include <vector>

#include "workloads/operation_stream.h"
#include "workloads/value_content.h"

namespace dictbench {

void preload(Dict& dict, const Workload& workload, unsigned worker, unsigned processes) {
  constexpr std::size_t kBatch = 128;
  const Phase phase = preload_phase(workload);
  const OperationStream stream(workload, phase, worker, processes);
  ValueWriter writer(workload, phase, kPreloadWriter, kBatch);
  std::vector<KeyValue> items;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    items.push_back({stream[i].key(), writer.make(stream[i], stream[i].key_number)});
    if (items.size() < kBatch && i + 1 < stream.size()) continue;
    dict.set_many(items);
    items.clear();
  }
}

}  // namespace dictbench
