#include "harness/driver/preload.h"

#include <algorithm>
#include <vector>

#include "workloads/operation_stream.h"
#include "workloads/value_content.h"

namespace dictbench {

void set_operations(Dict& dict, const Workload& workload, const Phase& phase, std::uint8_t writer,
                    const OperationStream& stream, std::size_t done, std::uint64_t first_sequence) {
  constexpr std::size_t kMostItems = 128, kMostBytes = std::size_t{1} << 20;  // of a batch
  std::uint64_t largest = 1;
  for (const SizeChoice& size : phase.values.sizes) largest = std::max(largest, size.bytes);
  const std::size_t batch = std::clamp<std::size_t>(kMostBytes / largest, 1, kMostItems);
  ValueWriter values(workload, phase, writer, static_cast<std::uint32_t>(batch));
  std::vector<KeyValue> items;
  for (std::size_t i = done; i < stream.size(); ++i) {
    const std::uint64_t sequence = writer == kPreloadWriter ? stream[i].key_number : first_sequence + i;
    items.push_back({stream[i].key(), values.make(stream[i], sequence)});
    if (items.size() < batch && i + 1 < stream.size()) continue;
    dict.set_many(items);
    items.clear();
  }
}

void preload(Dict& dict, const Workload& workload, unsigned worker, unsigned processes) {
  const Phase phase = preload_phase(workload);
  set_operations(dict, workload, phase, kPreloadWriter, OperationStream(workload, phase, worker, processes), 0, 0);
}

}  // namespace dictbench
