// A lock-free table without the engine round it, for tests that look at its parts.
#pragma once

#include <string>

#include "engines/lockfree/audit.h"
#include "engines/lockfree/create.h"
#include "engines/lockfree/index.h"
#include "engines/lockfree/owner.h"

namespace dictbench::lockfree {

// What one process has: a mapping, an arena, an allocator, an index.
class Participant {
 public:
  explicit Participant(const std::string& name)
      : segment_(open(name)),
        space_(segment_),
        arena_(space_),
        blocks_(space_, arena_.index()),
        index_(space_, blocks_) {}

  Space& space() { return space_; }
  Blocks& blocks() { return blocks_; }
  Index& index() { return index_; }
  std::uint64_t table_bytes(std::uint64_t partition) const {
    return space_.table_bytes(Space::block_of_table(space_.directory(partition).load()));
  }

 private:
  Segment segment_;
  Space space_;
  ClaimedArena arena_;
  Blocks blocks_;
  Index index_;
};

inline Sizes small_sizes(std::uint64_t partitions) {
  return {.max = 64 << 20, .partitions = partitions, .huge_pages = false};
}

}  // namespace dictbench::lockfree
