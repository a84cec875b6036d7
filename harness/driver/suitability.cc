#include "harness/driver/suitability.h"

#include <fmt/format.h>

#include "harness/driver/worker.h"
#include "results/number_format.h"

namespace dictbench {

StartMode start_mode(const Contract& contract, StartMode asked) {
  return sharing_of(contract) == Sharing::threads ? StartMode::threads : asked;
}

std::string unsuitable(const Contract& contract, const Workload& workload, unsigned processes) {
  if (!contract.stores) return {};
  const Footprint prints = footprint(workload, processes);
  if (prints.key_bytes > contract.largest_key)
    return fmt::format("keys of {} bytes; it takes {} at most", prints.key_bytes, contract.largest_key);
  if (prints.items > contract.most_items)
    return fmt::format("{} items; it takes {} at most", grouped(prints.items), grouped(contract.most_items));
  // A load that fills gives a private dict the keys of all.
  bool private_parts = sharing_of(contract) == Sharing::none && processes > 1 && !workload.preload;
  for (const Phase& phase : workload.phases) {
    private_parts = private_parts && !phase.fill;
    if (private_parts && phase.mix.get + phase.mix.scan + phase.mix.read_modify_write > 0)
      return "it is not shared, and the processes read what others wrote";
    if (phase.mix.scan > 0 && !contract.ordered) return "scan needs an ordered engine";
    if (phase.mix.add > 0 && !contract.atomic_add) return "it has no atomic add";
    for (const SizeChoice& size : phase.values.sizes)
      if (size.bytes > contract.largest_value)
        return fmt::format("values of {} bytes; it takes {} at most", size.bytes, contract.largest_value);
  }
  return {};
}

}  // namespace dictbench
