#include "engines/lockfree/chunks.h"

#include <fmt/format.h>

#include <algorithm>

#include "engines/error.h"
#include "engines/lockfree/block.h"
#include "engines/shm/crash_point.h"

namespace dictbench::lockfree {

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
  std::uint64_t first = 0;
  if (root.spare.load(std::memory_order_relaxed) >= count && claim_spare(count, first)) return first;
  if (extend(count, first) || claim_spare(count, first)) return first;
  throw Error(ErrorCode::full, fmt::format("lockfree is full: {} bytes, as many as it may take; raise max=",
                                           root.max_chunks * kChunkBytes));
}

// Of the chunks that were given out before, those that came back, or never got memory.
bool Chunks::claim_spare(std::uint32_t count, std::uint64_t& first) {
  const std::uint64_t end = std::min(space_.root().chunks.load(), space_.root().max_chunks);
  for (std::uint64_t looked = 0; looked < end; ++looked, ++cursor_) {
    if (cursor_ + count > end) cursor_ = 0;
    if (cursor_ + count > end || !claim_at(cursor_, count)) continue;
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
    if (!root.chunks.compare_exchange_weak(end, end + batch)) continue;
    CRASH_POINT("lockfree.chunk.extended");
    space_.commit_meta(end, batch);
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
    const ChunkKind kind = unpack_chunk(word).kind;
    const ChunkState wanted =
        i == 0 ? ChunkState{.kind = ChunkKind::claimed, .owner = owner, .run = count} : run_rest(chunk);
    if ((kind == ChunkKind::raw || kind == ChunkKind::free) &&
        state.compare_exchange_strong(word, pack(wanted), std::memory_order_acq_rel)) {
      if (kind == ChunkKind::free) space_.root().spare.fetch_sub(1, std::memory_order_relaxed);
      CRASH_POINT("lockfree.chunk.claimed");
      continue;
    }
    if (i > 0) space_.free_run(chunk);
    return false;
  }
  return true;
}

// Nothing to do for the kernel where a chunk came back, but for a few microseconds.
void Chunks::commit(std::uint64_t chunk, std::uint32_t count) const {
  try {
    space_.segment().commit_range_unlocked(space_.root().chunks_at + chunk * kChunkBytes, count * kChunkBytes);
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

bool Chunks::give_back_empty(std::uint64_t chunk, unsigned size_class) {
  ChunkMeta& meta = space_.meta(chunk);
  for (std::uint64_t word = 0; word < kWordsPerChunk; ++word)
    if (meta.free[word].load(std::memory_order_acquire) != full_word(size_class, word)) return false;
  meta.state.store(pack({.kind = ChunkKind::free}), std::memory_order_release);
  CRASH_POINT("lockfree.chunk.given_back");
  space_.root().spare.fetch_add(1, std::memory_order_relaxed);
  return true;
}

}  // namespace dictbench::lockfree
