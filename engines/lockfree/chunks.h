// Chunks: how a process gets 128 KiB pieces of the segment, and gives them back.
//
// A chunk's state word says whose it is and what for (space.h); all changes are compare-and-swaps of that word or
// stores by the owner. New chunks come from the end of the segment, 16 at a time from the first 2 MB on, so that they
// can be one 2 MB page; chunks that came back are taken before that.
//
// Used by one thread: the one of the Dict that owns the arena.
#pragma once

#include <bitset>
#include <cstdint>

#include "engines/lockfree/size_class.h"
#include "engines/lockfree/space.h"

namespace dictbench::lockfree {

// The bitmap words of a chunk whose blocks are all free.
std::uint64_t full_word(unsigned size_class, std::uint64_t word);

using ArenaSet = std::bitset<kArenas>;

// What a killed owner of an arena was doing with chunks, put in order: those that it had claimed are
// free again, and those that it was taking over are whose they were. By the arena's new owner, before
// the arena is used or nobody's; it can be done again.
void settle_chunks(const Space& space, std::uint32_t arena);

// The same for many arenas, in one pass over all chunks; and their chunks become another's, `to`. The
// caller owns all of these, and has put_back() theirs. True when there were any. It may be killed
// anywhere: what it has moved is the other's, the rest is where it was.
bool move_chunks(const Space& space, const ArenaSet& from, std::uint32_t to);

class Chunks {
 public:
  Chunks(Space space, std::uint32_t arena) : space_(space), arena_(arena) {}

  // `count` chunks one after the other, with memory: state `claimed`, the first says how many. Throws Error(full).
  std::uint64_t claim(std::uint32_t count);

  // Are all blocks of a chunk free?
  bool is_empty(std::uint64_t chunk, unsigned size_class) const noexcept;

  // Gives a chunk of ours back if it is empty. True when it was.
  bool give_back_empty(std::uint64_t chunk, unsigned size_class);

  // Makes a chunk of blocks ours that belongs to another, who lives, maybe for ever without doing
  // anything. `seen` is its state when it was chosen. False where that is none of another's blocks, it
  // has changed since, or the owner is taking blocks from it just now.
  bool take_over(std::uint64_t chunk, const ChunkState& seen);

  // Is the chunk ours, for blocks of this size? In between, when another tries to take it over, it says no for a
  // moment.
  bool owns(std::uint64_t chunk, unsigned size_class) const noexcept {
    const ChunkState state = unpack_chunk(space_.meta(chunk).state.load(std::memory_order_seq_cst));
    return state.kind == ChunkKind::blocks && state.owner == arena_ && state.size_class == size_class;
  }

  // Does it belong to another by now, or to nobody, or is it ours again and of another size?
  bool has_lost(std::uint64_t chunk, unsigned size_class) const noexcept {
    const ChunkState state = space_.state_of(chunk);
    const bool ours = state.kind == ChunkKind::blocks && state.owner == arena_;
    const bool in_between = state.kind == ChunkKind::handover && state.had_by() == arena_;
    return !(ours || in_between) || state.size_class != size_class;
  }

 private:
  bool claim_new(std::uint32_t count, std::uint64_t& first);
  bool claim_spare(std::uint32_t count, std::uint64_t& first, bool with_memory);
  bool claim_at(std::uint64_t chunk, std::uint32_t count);
  bool extend(std::uint32_t count, std::uint64_t& first);
  void commit(std::uint64_t chunk, std::uint32_t count) const;
  void ask_for_huge_pages(std::uint64_t chunk, std::uint32_t count) const;

  Space space_;
  std::uint32_t arena_;
  std::uint64_t cursor_ = 0;  // where the search for a spare chunk goes on
};

}  // namespace dictbench::lockfree
