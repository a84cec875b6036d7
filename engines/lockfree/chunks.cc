#include "engines/lockfree/chunks.h"

#include <fmt/format.h>

#include <algorithm>

#include "engines/error.h"
#include "engines/lockfree/block.h"
#include "engines/shm/crash_point.h"

namespace dictbench::lockfree {
namespace {

// A chunk that one of these was claiming or taking over.
void settle_chunk(const Space& space, std::uint64_t chunk, const ArenaSet& dead) {
  const ChunkState state = space.state_of(chunk);
  if (!dead[state.owner]) return;
  if (state.kind == ChunkKind::claimed) space.free_run(chunk);
  if (state.kind != ChunkKind::handover) return;
  ChunkState before = state.as(ChunkKind::blocks);
  before.size_class = state.size_class;
  before.owner = static_cast<std::uint16_t>(state.had_by());
  space.meta(chunk).state.store(pack(before), std::memory_order_release);
}

}  // namespace

void settle_chunks(const Space& space, std::uint32_t arena) {
  const ArenaSet dead = ArenaSet().set(arena);
  for (std::uint64_t chunk = 0; chunk < space.chunks(); ++chunk) settle_chunk(space, chunk, dead);
}

// What was being taken over from one of these, by another of them, moves too.
bool move_chunks(const Space& space, const ArenaSet& from, std::uint32_t to) {
  bool any = false;
  for (std::uint64_t chunk = 0; chunk < space.chunks(); ++chunk) {
    settle_chunk(space, chunk, from);
    std::uint64_t word = space.meta(chunk).state.load(std::memory_order_acquire);
    ChunkState state = unpack_chunk(word);
    if (state.kind != ChunkKind::blocks || !from[state.owner]) continue;
    state.owner = static_cast<std::uint16_t>(to);
    // Another may be taking it over at the same time.
    any |= space.meta(chunk).state.compare_exchange_strong(word, pack(state));
    CRASH_POINT("lockfree.adopt.chunk_moved");
  }
  return any;
}

std::uint64_t full_word(unsigned size_class, std::uint64_t word) {
  const std::uint64_t step = kClassBytes[size_class] / kUnit;
  const std::uint64_t last = (kChunkBytes - std::max<std::uint64_t>(kClassBytes[size_class], kReadAhead)) / kUnit;
  std::uint64_t bits = 0;
  for (std::uint64_t unit = (word * 64 + step - 1) / step * step; unit < (word + 1) * 64 && unit <= last; unit += step)
    bits |= std::uint64_t{1} << unit % 64;
  return bits;
}

std::uint64_t Chunks::claim(std::uint32_t count) {
  Root& root = space_.root();
  std::uint64_t first = 0, spare = root.spare.load(std::memory_order_relaxed);
  // As a signed number: a chunk that was not counted when it came back is counted when it is taken.
  if (static_cast<std::int64_t>(spare) >= static_cast<std::int64_t>(count)) {
    if (claim_spare(count, first, true)) return first;
    // Not one: somebody was killed before he said that he took one. Else all would search in vain.
    if (count == 1) root.spare.compare_exchange_strong(spare, 0, std::memory_order_relaxed);
  }
  if (claim_new(count, first) || claim_spare(count, first, true) || claim_spare(count, first, false)) return first;
  throw Error(ErrorCode::full, fmt::format("lockfree is full: {} bytes, as many as it may take; raise max=",
                                           root.max_chunks * kChunkBytes));
}

// Of those behind the end. In a /dev/shm that is full, of those that have memory, whatever the hint
// says: it knows nothing of what came back from one who was killed before he counted it.
bool Chunks::claim_new(std::uint32_t count, std::uint64_t& first) {
  try {
    return extend(count, first);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::full || !claim_spare(count, first, true)) throw;
    return true;
  }
}

// Of the chunks that were given out before, those that came back, or never got memory. What has memory needs no more,
// and so can be used in a /dev/shm that is full: that is looked for first.
bool Chunks::claim_spare(std::uint32_t count, std::uint64_t& first, bool with_memory) {
  const auto suits = [&](std::uint64_t chunk) {
    const ChunkState state = space_.state_of(chunk);
    return state.kind == ChunkKind::free && (state.memory || !with_memory);
  };
  const std::uint64_t end = space_.chunks();
  for (std::uint64_t looked = 0; looked < end; ++looked, ++cursor_) {
    if (cursor_ + count > end) cursor_ = 0;
    if (cursor_ + count > end) return false;
    std::uint32_t fits = 0;
    while (fits < count && suits(cursor_ + fits)) ++fits;
    if (fits < count || !claim_at(cursor_, count)) continue;
    commit(cursor_, count);
    first = cursor_;
    cursor_ += count;
    return true;
  }
  return false;
}

// Whole 2 MB pages where there is room for them, but for the first: small tables stay small.
bool Chunks::extend(std::uint32_t count, std::uint64_t& first) {
  Root& root = space_.root();
  std::uint64_t end = root.chunks.load();
  while (end + count <= root.max_chunks) {
    const std::uint64_t page = (end + count + kChunksPerHugePage - 1) / kChunksPerHugePage * kChunksPerHugePage;
    const bool whole = root.wants_huge && end >= kChunksPerHugePage && page <= root.max_chunks;
    const auto batch = whole ? static_cast<std::uint32_t>(page - end) : count;
    // Before anybody sees that there are more: all look at the metas of all chunks that there are.
    space_.commit_meta(end, batch);
    CRASH_POINT("lockfree.chunk.meta_committed");
    if (!root.chunks.compare_exchange_weak(end, end + batch)) continue;
    CRASH_POINT("lockfree.chunk.extended");
    if (claim_at(end, batch)) {
      try {
        commit(end, batch);
      } catch (const Error&) {
        if (batch == count || !claim_at(end, count)) throw;
        commit(end, count);
        first = end;
        return true;
      }
      ask_for_huge_pages(end, batch);
      space_.free_rest(end, count, batch);
      first = end;
      return true;
    }
    end = root.chunks.load();
  }
  return false;
}

bool Chunks::claim_at(std::uint64_t chunk, std::uint32_t count) {
  const auto owner = static_cast<std::uint16_t>(arena_);
  for (std::uint32_t i = 0; i < count; ++i) {
    Atomic<std::uint64_t>& state = space_.meta(chunk + i).state;
    std::uint64_t word = state.load(std::memory_order_relaxed);
    const ChunkState seen = unpack_chunk(word);
    ChunkState wanted = seen.as(i == 0 ? ChunkKind::claimed : ChunkKind::run_rest);
    wanted.owner = i == 0 ? owner : std::uint16_t{0};
    wanted.run = i == 0 ? count : static_cast<std::uint32_t>(chunk);
    if (seen.kind == ChunkKind::free && state.compare_exchange_strong(word, pack(wanted), std::memory_order_acq_rel)) {
      if (seen.memory) space_.root().spare.fetch_sub(1, std::memory_order_relaxed);
      CRASH_POINT("lockfree.chunk.claimed");
      continue;
    }
    if (i > 0) space_.free_run(chunk);
    return false;
  }
  return true;
}

// Memory for those of our claimed chunks that have none. What fails leaves all of them free, each as it is by now.
void Chunks::commit(std::uint64_t chunk, std::uint32_t count) const {
  try {
    for (std::uint64_t from = chunk; from < chunk + count;) {
      std::uint64_t to = from;
      while (to < chunk + count && !space_.state_of(to).memory) ++to;
      if (to > from)
        space_.segment().commit_range_unlocked(space_.root().chunks_at + from * kChunkBytes, (to - from) * kChunkBytes);
      CRASH_POINT("lockfree.chunk.allocated");
      for (; from < to; ++from) {
        ChunkState state = space_.state_of(from);
        state.memory = true;
        space_.meta(from).state.store(pack(state), std::memory_order_release);
      }
      if (from < chunk + count) ++from;  // it has memory
    }
  } catch (...) {
    space_.free_run(chunk);
    throw;
  }
}

// Making one takes about 1.2 ms, of nobody's but this process's time, because nobody knows these chunks yet; as 4 KB
// pages they would cost their first users 0.9 ms of page faults.
void Chunks::ask_for_huge_pages(std::uint64_t chunk, std::uint32_t count) const {
  if (!space_.root().wants_huge) return;
  const std::uint64_t first = (chunk + kChunksPerHugePage - 1) / kChunksPerHugePage,
                      end = (chunk + count) / kChunksPerHugePage;
  for (std::uint64_t page = first; page < end; ++page)
    if (make_huge_page(space_.at(space_.root().chunks_at + page * kHugePageBytes)))
      space_.root().huge.fetch_add(1, std::memory_order_relaxed);
}

bool Chunks::is_empty(std::uint64_t chunk, unsigned size_class) const noexcept {
  const ChunkMeta& meta = space_.meta(chunk);
  for (std::uint64_t word = 0; word < kWordsPerChunk; ++word)
    if (meta.free[word].load(std::memory_order_acquire) != full_word(size_class, word)) return false;
  return true;
}

bool Chunks::give_back_empty(std::uint64_t chunk, unsigned size_class) {
  ChunkMeta& meta = space_.meta(chunk);
  std::uint64_t word = meta.state.load(std::memory_order_acquire);
  const ChunkState state = unpack_chunk(word);
  if (state.kind != ChunkKind::blocks || state.owner != arena_ || state.size_class != size_class) return false;
  if (!is_empty(chunk, size_class)) return false;
  // Nobody but the owner takes blocks. If it is ours still, all of them are free still.
  if (!meta.state.compare_exchange_strong(word, pack(state.as(ChunkKind::free)), std::memory_order_acq_rel))
    return false;
  CRASH_POINT("lockfree.chunk.given_back");
  space_.root().spare.fetch_add(1, std::memory_order_relaxed);
  return true;
}

// Only a chunk's owner takes blocks out of its bitmap, because after a kill nobody could tell who took which. So its
// owner must not be about to take some when it loses the chunk. Dekker's pattern sees to that, all four seq_cst: the
// owner marks in its magazine that it takes from a word, then looks whether the chunk is its own
// (Blocks::fill_magazine); we say `handover` in the chunk's state, then look at the magazine. One of the two sees the
// other. What the owner has taken before stays its own, wherever it lies.
bool Chunks::take_over(std::uint64_t chunk, const ChunkState& seen) {
  ChunkState state = seen;
  if (state.kind != ChunkKind::blocks || state.owner == arena_) return false;
  Atomic<std::uint64_t>& meta = space_.meta(chunk).state;
  ChunkState between = state;
  between.kind = ChunkKind::handover;
  between.owner = static_cast<std::uint16_t>(arena_);
  between.run = state.owner;
  std::uint64_t word = pack(state);
  if (!meta.compare_exchange_strong(word, pack(between), std::memory_order_seq_cst)) return false;
  CRASH_POINT("lockfree.handover.begun");
  const Magazine& magazine = space_.arena(state.owner).magazines[state.size_class];
  const std::uint64_t taking = magazine.word.load(std::memory_order_seq_cst);
  const bool in_use = (taking & Magazine::kTaking) != 0 && Magazine::bitmap_word(taking) / kWordsPerChunk == chunk;
  if (!in_use) state.owner = static_cast<std::uint16_t>(arena_);
  meta.store(pack(state), std::memory_order_release);
  CRASH_POINT("lockfree.handover.done");
  return !in_use;
}

}  // namespace dictbench::lockfree
