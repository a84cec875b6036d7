// Whether what the operations of an execution answered can be: their histories key by key, and the numbers of items
// that walks have counted.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "harness/verify/history.h"
#include "tests/engines/lockfree/explorer/program.h"

namespace dictbench::explorer {

// The answer of a size().
struct Count {
  std::int64_t begin = 0, end = Operation::kOpen;
  std::uint64_t items = 0;
};

struct CountBounds {
  std::uint64_t least = 0, most = 0;
};

// What a walk from `begin` to `end` may count, given all operations of one key. It counts a key that is there all the
// time, and none that never is. One that is erased and comes back in a slot further on it may count again.
CountBounds possible_count(std::span<const Operation> of_key, std::int64_t begin, std::int64_t end);

OperationKind kind_of(const Step& step);

class HistoryCheck {
 public:
  explicit HistoryCheck(const Program& program);

  // What is wrong, or empty. `operations`: of all keys, without those before the program. Histories that were found
  // right once are remembered.
  std::string fault(std::span<const Operation> operations, std::span<const Count> counts);

 private:
  std::vector<Operation> of_key(std::span<const Operation> operations, std::uint32_t key) const;

  const std::vector<std::string>& keys_;
  std::vector<Operation> before_;
  std::unordered_set<std::uint64_t> right_;  // hashes
};

}  // namespace dictbench::explorer
