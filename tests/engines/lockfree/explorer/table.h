// A small lock-free table in its own segment, with one arena a fiber: what the programs work on. Its parts are the
// engine's own, compiled with the instrumented atomics.
//
// An arena's state word is the engine's in form (owner.h), with the fiber for the owner's process: whether that lives
// the scheduler knows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engines/lockfree/blocks.h"
#include "engines/lockfree/index.h"
#include "engines/lockfree/space.h"
#include "engines/shm/segment.h"

namespace dictbench::explorer {

class SmallTable {
 public:
  // One partition of two buckets and one overflow bucket, empty. Each arena has free blocks of all sizes that programs
  // use, so that they need no new chunk.
  explicit SmallTable(unsigned arenas);

  lockfree::Space& space() noexcept { return space_; }
  lockfree::Index& index(unsigned arena) { return handles_[arena]->index; }
  lockfree::Blocks& blocks(unsigned arena) { return handles_[arena]->blocks; }

  // New handles for all arenas, as after attaching.
  void attach_all();
  void attach(unsigned handle, std::uint32_t arena);

  // What the owner's death leaves is put in order, as owner.cc's take_over() does: false when somebody living has it.
  using IsDead = std::function<bool(unsigned fiber)>;
  bool take_over(std::uint32_t arena, unsigned fiber, const IsDead& is_dead);
  // Chunks of arenas whose owner is dead, to our own: adopt_chunks().
  void adopt(std::uint32_t own, unsigned fiber, const IsDead& is_dead);

  // Magazines and spares back into the bitmaps, and the arena's empty chunks to everybody.
  void sweep(std::uint32_t arena);

  char* base() const noexcept { return segment_.data(); }
  std::uint64_t bytes() const noexcept;  // that programs may touch
  std::uint64_t used() const noexcept;   // that hold something now

 private:
  struct Handle {
    Handle(lockfree::Space space, std::uint32_t arena) : blocks(space, arena), index(space, blocks) {}
    lockfree::Blocks blocks;
    lockfree::Index index;
  };

  Segment segment_;
  lockfree::Space space_;
  std::vector<std::optional<Handle>> handles_;
};

// Keys of a few bytes whose home is bucket `bucket` of `buckets`. All have one tag, or all different ones.
std::vector<std::string> keys_in_bucket(std::uint32_t bucket, std::size_t count, bool one_tag = false,
                                        std::uint32_t buckets = 2);

// What the word is, for people: "bucket 0 slot 3 of the table at block 65664".
std::string word_name(SmallTable& table, std::uint64_t word);

}  // namespace dictbench::explorer
