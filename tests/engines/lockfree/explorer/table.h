// A small lock-free table in its own segment, with one arena a fiber: what the programs work on. Its parts are the
// engine's own, compiled with the instrumented atomics.
//
// An arena's state word names the fiber as its owner (fiber_word.h): whether that lives the scheduler knows. One arena
// more belongs to nobody that dies: there goes what is taken from the dead after an execution.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engines/lockfree/blocks.h"
#include "engines/lockfree/index.h"
#include "engines/lockfree/space.h"
#include "engines/shm/segment.h"

namespace dictbench::explorer {

// The memory that an arena has at the start.
enum class Stock {
  full,     // chunks for all sizes that programs use, so that they need no new one, and a spare block of each
  adopted,  // the chunks only, as one has them that took them over from a dead one: its magazines are of none of them
  none,     // nothing; but the first arena has the chunk of the first table
};

class SmallTable {
 public:
  // One partition of two buckets and one overflow bucket, empty; and an arena for each stock.
  explicit SmallTable(std::span<const Stock> stocks);

  lockfree::Space& space() noexcept { return space_; }
  lockfree::Index& index(unsigned handle) { return handles_[handle]->index; }
  std::uint32_t arena_of(unsigned handle) const { return handles_[handle]->blocks.arena(); }

  // New handles for all arenas, as after attaching.
  void attach_all();
  void attach(unsigned handle, std::uint32_t arena);

  // The arena becomes the running fiber's, and what its owner's death left is put in order, as owner.cc's
  // claim_arena() does. False when somebody living has it.
  bool attach_to(std::uint32_t arena);
  // Chunks of arenas whose owner is dead, to `own`, as adopt_chunks() does. True when there were any.
  bool adopt(std::uint32_t own);
  std::uint32_t arena_of_checker() const noexcept { return static_cast<std::uint32_t>(handles_.size()); }

  // Magazines and spares of the handle's arena back into the bitmaps, and its empty chunks to everybody.
  void sweep(unsigned handle);

  // The table is frozen, as one leaves it that is killed, or stopped for ever, while he rebuilds it.
  void freeze(unsigned handle);

  // No more than so many chunks are left.
  void limit(std::uint64_t chunks) noexcept;

  char* base() const noexcept { return segment_.data(); }
  std::uint64_t bytes() const noexcept;  // that programs may touch
  std::uint64_t used() const noexcept;   // that hold something now

 private:
  struct Handle {
    Handle(lockfree::Space space, std::uint32_t arena) : blocks(space, arena), index(space, blocks) {}
    lockfree::Blocks blocks;
    lockfree::Index index;
  };

  enum class Owner { living, nobody, dead };
  Owner seize(std::uint32_t arena);

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
