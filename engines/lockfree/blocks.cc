#include "engines/lockfree/blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "engines/error.h"
#include "engines/shm/crash_point.h"

namespace dictbench::lockfree {
namespace {

static_assert(kClassBytes.size() == kClasses);

// The bitmap of a chunk whose blocks are all free.
std::uint64_t full_word(unsigned size_class, std::uint64_t word) {
  const std::uint64_t step = kClassBytes[size_class] / kUnit, blocks = kChunkBytes / kClassBytes[size_class];
  std::uint64_t bits = 0;
  for (std::uint64_t unit = (word * 64 + step - 1) / step * step; unit < (word + 1) * 64 && unit / step < blocks;
       unit += step)
    bits |= std::uint64_t{1} << unit % 64;
  return bits;
}

}  // namespace

Blocks::Blocks(Space space, std::uint32_t arena) : space_(space), arena_(arena) { find_chunks(); }

void Blocks::find_chunks() {
  for (Holding& holding : holdings_) holding = {};
  const std::uint64_t count = std::min(space_.root().chunks.load(), space_.root().max_chunks);
  for (std::uint64_t chunk = 0; chunk < count; ++chunk) {
    const ChunkState state = unpack_chunk(space_.meta(chunk).state.load(std::memory_order_acquire));
    if (state.kind == ChunkKind::blocks && state.owner == arena_)
      holdings_[state.size_class].chunks.push_back(static_cast<std::uint32_t>(chunk));
  }
}

Block Blocks::take(std::uint64_t bytes, std::atomic<std::uint64_t>& intent) {
  const unsigned size_class = class_of(bytes);
  if (size_class == kNoClass) return take_run(bytes, intent);
  Magazine& magazine = mine().magazines[size_class];
  std::uint64_t mask = magazine.mask.load(std::memory_order_relaxed);
  if (mask == 0) [[unlikely]] {
    refill(size_class);
    mask = magazine.mask.load(std::memory_order_relaxed);
  }
  const std::uint64_t word = magazine.word.load(std::memory_order_relaxed);
  const Block block = space_.block_at(word / kWordsPerChunk,
                                      word % kWordsPerChunk * 64 + static_cast<unsigned>(std::countr_zero(mask)));
  intent.store(block, std::memory_order_release);
  CRASH_POINT("lockfree.take.intent");
  magazine.mask.store(mask & (mask - 1), std::memory_order_release);
  return block;
}

void Blocks::give_back(Block block, std::uint64_t bytes) noexcept {
  free(block, bytes);
  published();
}

void Blocks::give_back_table(Block block, std::uint64_t bytes) noexcept {
  free(block, bytes);
  mine().table.store(0, std::memory_order_release);
}

void Blocks::free(Block block, std::uint64_t bytes) noexcept {
  const std::uint64_t chunk = space_.chunk_of(block);
  if (class_of(bytes) == kNoClass) {
    space_.free_run(chunk);
    return;
  }
  const std::uint64_t unit = space_.unit_of(block);
  space_.meta(chunk).free[unit / 64].fetch_or(std::uint64_t{1} << unit % 64, std::memory_order_release);
}

// A word with few free blocks costs as long a search as one with many. So the search is content with a word that is
// an eighth free, and rather takes a new chunk than to look on among chunks that are nearly full: at most about a
// sixteenth of the room lies idle.
void Blocks::refill(unsigned size_class) {
  Holding& holding = holdings_[size_class];
  const std::size_t words = holding.chunks.size() * kWordsPerChunk;
  const int blocks_a_word = std::max(1, std::popcount(full_word(size_class, 0)));
  if (words > 0 && refill_from(size_class, std::min<std::size_t>(words, 256), std::max(1, blocks_a_word / 8))) return;
  try {
    new_chunk(size_class);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::full || !refill_from(size_class, words, 1)) throw;
    return;
  }
  holding.cursor = (holding.chunks.size() - 1) * kWordsPerChunk;
  refill_from(size_class, kWordsPerChunk, 1);
}

bool Blocks::refill_from(unsigned size_class, std::size_t words, int least) {
  Holding& holding = holdings_[size_class];
  for (std::size_t looked = 0; looked < words; ++looked) {
    const std::size_t at = holding.cursor;
    if (++holding.cursor == holding.chunks.size() * kWordsPerChunk) holding.cursor = 0;
    const std::uint64_t chunk = holding.chunks[at / kWordsPerChunk], index = at % kWordsPerChunk;
    const std::uint64_t found = space_.meta(chunk).free[index].load(std::memory_order_acquire);
    if (std::popcount(found) < least) continue;
    fill_magazine(size_class, chunk * kWordsPerChunk + index, found);
    return true;
  }
  return false;
}

// What is taken stands in the magazine first: after a kill, mask & ~bitmap is what was really taken.
void Blocks::fill_magazine(unsigned size_class, std::uint64_t word, std::uint64_t found) {
  Magazine& magazine = mine().magazines[size_class];
  magazine.word.store(word, std::memory_order_release);
  magazine.mask.store(found, std::memory_order_release);
  CRASH_POINT("lockfree.refill.noted");
  space_.meta(word / kWordsPerChunk).free[word % kWordsPerChunk].fetch_and(~found, std::memory_order_acq_rel);
  CRASH_POINT("lockfree.refill.taken");
}

void Blocks::new_chunk(unsigned size_class) {
  const std::uint64_t chunk = claim_chunks(1);
  commit(chunk, 1);
  CRASH_POINT("lockfree.chunk.committed");
  ChunkMeta& meta = space_.meta(chunk);
  for (std::uint64_t word = 0; word < kWordsPerChunk; ++word)
    meta.free[word].store(full_word(size_class, word), std::memory_order_relaxed);
  meta.state.store(pack({.kind = ChunkKind::blocks,
                         .size_class = static_cast<std::uint8_t>(size_class),
                         .owner = static_cast<std::uint16_t>(arena_)}),
                   std::memory_order_release);
  holdings_[size_class].chunks.push_back(static_cast<std::uint32_t>(chunk));
}

Block Blocks::take_run(std::uint64_t bytes, std::atomic<std::uint64_t>& intent) {
  const auto count = static_cast<std::uint32_t>((bytes + kChunkBytes - 1) / kChunkBytes);
  const std::uint64_t chunk = claim_chunks(count);
  commit(chunk, count);
  const Block block = space_.block_at(chunk, 0);
  intent.store(block, std::memory_order_release);
  CRASH_POINT("lockfree.run.intent");
  space_.meta(chunk).state.store(
      pack({.kind = ChunkKind::run, .owner = static_cast<std::uint16_t>(arena_), .run = count}),
      std::memory_order_release);
  return block;
}

// `count` chunks one after the other, claimed: the first says how many.
std::uint64_t Blocks::claim_chunks(std::uint32_t count) {
  Root& root = space_.root();
  std::uint64_t first = 0;
  if (root.spare.load(std::memory_order_relaxed) >= count && claim_spare(count, first)) return first;
  std::uint64_t end = root.chunks.load();
  while (end + count <= root.max_chunks)
    if (root.chunks.compare_exchange_weak(end, end + count)) {
      space_.commit_meta(end, count);
      if (claim_at(end, count)) return end;
      end = root.chunks.load();
    }
  if (claim_spare(count, first)) return first;
  throw Error(ErrorCode::full, fmt::format("lockfree is full: {} bytes, as many as it may take; raise max=",
                                           root.max_chunks * kChunkBytes));
}

bool Blocks::claim_spare(std::uint32_t count, std::uint64_t& first) {
  const std::uint64_t end = std::min(space_.root().chunks.load(), space_.root().max_chunks);
  for (std::uint64_t chunk = 0; chunk + count <= end; ++chunk)
    if (claim_at(chunk, count)) {
      first = chunk;
      return true;
    }
  return false;
}

bool Blocks::claim_at(std::uint64_t chunk, std::uint32_t count) {
  const auto owner = static_cast<std::uint16_t>(arena_);
  for (std::uint32_t i = 0; i < count; ++i) {
    std::atomic<std::uint64_t>& state = space_.meta(chunk + i).state;
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

void Blocks::commit(std::uint64_t chunk, std::uint32_t count) {
  try {
    space_.segment().commit_range(space_.root().chunks_at + chunk * kChunkBytes, count * kChunkBytes);
  } catch (...) {
    space_.free_run(chunk);
    throw;
  }
}

}  // namespace dictbench::lockfree
