#include "engines/lockfree/blocks.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engines/error.h"
#include "engines/lockfree/owner.h"
#include "engines/lockfree/retire.h"
#include "engines/lockfree/takeover.h"
#include "engines/shm/crash_point.h"

namespace dictbench::lockfree {
namespace {

static_assert(kClassBytes.size() == kClasses);

// Bitmap words of a chunk in which blocks begin; the others are always 0.
std::size_t words_in_use(unsigned size_class) {
  return std::min<std::size_t>(kWordsPerChunk, kChunkBytes / kClassBytes[size_class]);
}
std::size_t word_in_use(unsigned size_class, std::size_t index) {
  return std::max<std::size_t>(64, kClassBytes[size_class] / kUnit) * index / 64;
}

// Of a chunk that is being made. The fence keeps what is stored for the new life behind it.
void begin_life(ChunkMeta& meta) {
  meta.lives.store(meta.lives.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  release_fence();
}

}  // namespace

// As long as some chunks of ours may be in no list. What throws before done() leaves it said.
class Blocks::Unlisted {
 public:
  explicit Unlisted(bool& all_held) noexcept : all_held_(all_held), before_(!std::exchange(all_held, false)) {}

  bool were_before() const noexcept { return before_; }
  void done() noexcept { all_held_ = true; }

 private:
  bool& all_held_;
  bool before_;
};

Blocks::Blocks(Space space, std::uint32_t arena) : space_(space), arena_(arena), chunks_(space, arena) {
  find_chunks();
}

// Also those that another just tries to take over: it may leave them to us.
void Blocks::find_chunks() {
  Unlisted unlisted(all_held_);
  for (Holding& holding : holdings_) holding = {};
  held_ = 0;
  for (std::uint64_t chunk = 0; chunk < space_.chunks(); ++chunk)
    if (const unsigned size_class = space_.state_of(chunk).size_class; !chunks_.has_lost(chunk, size_class))
      hold(size_class, chunk);
  unlisted.done();
}

void Blocks::hold(unsigned size_class, std::uint64_t chunk) {
  holdings_[size_class].chunks.push_back(static_cast<std::uint32_t>(chunk));
  ++held_;
}

Block Blocks::take(std::uint64_t bytes, unsigned size_class, Atomic<std::uint64_t>& intent) {
  if (size_class == kNoClass) return take_run(bytes, intent);
  Atomic<std::uint64_t>& spare = mine().spare[size_class];
  if (const std::uint64_t block = spare.load(std::memory_order_relaxed); block != 0) {
    intent.store(pack(Intent{.block = static_cast<Block>(block)}), std::memory_order_release);
    CRASH_POINT("lockfree.take.spare");
    spare.store(0, std::memory_order_release);
    return static_cast<Block>(block);
  }
  Magazine& magazine = mine().magazines[size_class];
  std::uint64_t mask = magazine.mask.load(std::memory_order_relaxed);
  if (mask == 0) [[unlikely]] {
    refill(size_class);
    mask = magazine.mask.load(std::memory_order_relaxed);
  }
  const std::uint64_t word = Magazine::bitmap_word(magazine.word.load(std::memory_order_relaxed));
  const Block block = space_.block_at(word / kWordsPerChunk,
                                      word % kWordsPerChunk * 64 + static_cast<unsigned>(std::countr_zero(mask)));
  intent.store(pack(Intent{.block = block}), std::memory_order_release);
  CRASH_POINT("lockfree.take.intent");
  mask &= mask - 1;
  magazine.mask.store(mask, std::memory_order_release);
  if (mask != 0)  // the next one is fetched while this one is filled
    __builtin_prefetch(
        space_.block(space_.block_at(word / kWordsPerChunk,
                                     word % kWordsPerChunk * 64 + static_cast<unsigned>(std::countr_zero(mask)))),
        1);
  return block;
}

void Blocks::note_filled(Block block, std::uint64_t first, Atomic<std::uint64_t>& intent) noexcept {
  intent.store(pack(filled_intent(block, first)), std::memory_order_release);
}

// As a block that leaves the table: its generation says how far this has come.
void Blocks::give_back(Block block, unsigned size_class, Atomic<std::uint64_t>& intent) noexcept {
  const std::uint64_t first = first_word(block);
  note_filled(block, first, intent);
  mine().stale.store(intent.load(std::memory_order_relaxed), std::memory_order_release);
  CRASH_POINT("lockfree.give_back.stale");
  intent.store(0, std::memory_order_release);
  claim_block(space_.block(block), first, arena_);
  CRASH_POINT("lockfree.give_back.claimed");
  free_of_class(block, size_class);
  mine().stale.store(0, std::memory_order_release);
}

void Blocks::free_of_class(Block block, unsigned size_class) noexcept {
  const std::uint64_t chunk = space_.chunk_of(block);
  if (size_class == kNoClass) {
    space_.free_run(chunk);
    return;
  }
  Atomic<std::uint64_t>& spare = mine().spare[size_class];
  if (spare.load(std::memory_order_relaxed) == 0) {
    spare.store(block, std::memory_order_release);
    return;
  }
  const std::uint64_t unit = space_.unit_of(block);
  space_.meta(chunk).free[unit / 64].fetch_or(std::uint64_t{1} << unit % 64, std::memory_order_release);
}

// A word with few free blocks costs as long a search as one with many. So the search is content with a word that is
// an eighth free, and rather takes a new chunk than to look on among chunks that are nearly full: at most about a
// sixteenth of the room lies idle.
void Blocks::refill(unsigned size_class) {
  constexpr std::size_t kLooks = 256;
  Holding& holding = holdings_[size_class];
  const std::size_t words = holding.chunks.size() * words_in_use(size_class);
  const int blocks_a_word = std::max(1, std::popcount(full_word(size_class, 0)));
  if (words > 0 && refill_from(size_class, std::min(words, kLooks), std::max(1, blocks_a_word / 8))) return;
  try {
    do {
      new_chunk(size_class);
      holding.cursor = (holding.chunks.size() - 1) * words_in_use(size_class);
      // In between, somebody who found the segment full may have taken it over.
    } while (!refill_from(size_class, words_in_use(size_class), 1));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::full) throw;
    const std::size_t all = holding.chunks.size() * words_in_use(size_class);  // others' too, of the dead
    if (!refill_from(size_class, all, 1) && !refill_from_others(size_class)) throw;
  }
}

bool Blocks::refill_from(unsigned size_class, std::size_t words, int least) {
  Holding& holding = holdings_[size_class];
  const std::size_t a_chunk = words_in_use(size_class);
  for (std::size_t looked = 0; looked < words && !holding.chunks.empty(); ++looked) {
    if (holding.cursor >= holding.chunks.size() * a_chunk) holding.cursor = 0;
    const std::size_t at = holding.cursor++;
    const std::uint64_t chunk = holding.chunks[at / a_chunk], index = word_in_use(size_class, at % a_chunk);
    const std::uint64_t found = space_.meta(chunk).free[index].load(std::memory_order_acquire);
    if (std::popcount(found) < least) continue;
    if (fill_magazine(size_class, chunk * kWordsPerChunk + index, found)) return true;
    if (!chunks_.has_lost(chunk, size_class)) continue;
    holding.chunks.erase(holding.chunks.begin() + static_cast<std::ptrdiff_t>(at / a_chunk));
    holding.cursor = at / a_chunk * a_chunk;
    --held_;
  }
  return false;
}

// From a chunk that belonged to another until now. Of those that have something free, the first behind the one that was
// taken over last.
bool Blocks::refill_from_others(unsigned size_class) {
  for (std::uint64_t looked = 0, count = space_.chunks(); looked < count; ++looked) {
    const std::uint64_t chunk = others_++ % count;
    const ChunkState state = space_.state_of(chunk);
    if (state.kind != ChunkKind::blocks || state.size_class != size_class || state.owner == arena_) continue;
    const auto is_free = [](const Atomic<std::uint64_t>& word) { return word.load(std::memory_order_relaxed) != 0; };
    if (!std::ranges::any_of(space_.meta(chunk).free, is_free) || !take_over(chunk, state)) continue;
    holdings_[size_class].cursor = (holdings_[size_class].chunks.size() - 1) * words_in_use(size_class);
    if (refill_from(size_class, words_in_use(size_class), 1)) return true;
  }
  return false;
}

// What is taken stands in the magazine first: after a kill, mask & ~bitmap is what was really taken. False where
// another has taken the chunk over, or tries to (Chunks::take_over).
bool Blocks::fill_magazine(unsigned size_class, std::uint64_t word, std::uint64_t found) {
  Magazine& magazine = mine().magazines[size_class];
  const std::uint64_t filling = Magazine::next(magazine.word.load(std::memory_order_relaxed), word);
  magazine.word.store(filling | Magazine::kTaking, std::memory_order_seq_cst);
  CRASH_POINT("lockfree.refill.named");
  const bool ours = chunks_.owns(word / kWordsPerChunk, size_class);
  if (ours) {
    magazine.mask.store(found, std::memory_order_release);
    CRASH_POINT("lockfree.refill.noted");
    space_.meta(word / kWordsPerChunk).free[word % kWordsPerChunk].fetch_and(~found, std::memory_order_acq_rel);
    CRASH_POINT("lockfree.refill.taken");
  }
  magazine.word.store(filling, std::memory_order_release);
  return ours;
}

// In our list before it is ours, so that it is not lost to us for want of memory.
bool Blocks::take_over(std::uint64_t chunk, const ChunkState& seen) {
  hold(seen.size_class, chunk);
  if (chunks_.take_over(chunk, seen)) return true;
  holdings_[seen.size_class].chunks.pop_back();
  --held_;
  return false;
}

void Blocks::new_chunk(unsigned size_class) {
  const std::uint64_t chunk = claim(1);
  CRASH_POINT("lockfree.chunk.committed");
  try {
    hold(size_class, chunk);
  } catch (...) {
    space_.free_run(chunk);
    throw;
  }
  ChunkMeta& meta = space_.meta(chunk);
  begin_life(meta);
  for (std::uint64_t word = 0; word < kWordsPerChunk; ++word)
    meta.free[word].store(full_word(size_class, word), std::memory_order_relaxed);
  meta.state.store(pack({.kind = ChunkKind::blocks,
                         .memory = true,
                         .size_class = static_cast<std::uint8_t>(size_class),
                         .owner = static_cast<std::uint16_t>(arena_)}),
                   std::memory_order_release);
}

Block Blocks::take_run(std::uint64_t bytes, Atomic<std::uint64_t>& intent) {
  const auto count = static_cast<std::uint32_t>((bytes + kChunkBytes - 1) / kChunkBytes);
  const std::uint64_t chunk = claim(count);
  const Block block = space_.block_at(chunk, 0);
  intent.store(pack(Intent{.block = block}), std::memory_order_release);
  CRASH_POINT("lockfree.run.intent");
  // Of all: in each of them others' blocks may have begun before, where there are bytes of an item now.
  for (std::uint32_t i = 0; i < count; ++i) begin_life(space_.meta(chunk + i));
  space_.meta(chunk).state.store(
      pack({.kind = ChunkKind::run, .memory = true, .owner = static_cast<std::uint16_t>(arena_), .run = count}),
      std::memory_order_release);
  return block;
}

// Before the segment grows, what is empty among our own chunks is given back. That is looked for each time that our
// chunks have become a sixty-fourth more, so that the search costs next to nothing.
std::uint64_t Blocks::claim(std::uint32_t count) {
  if (held_ >= next_sweep_) {
    give_back_chunks();
    next_sweep_ = held_ + held_ / 64 + 1;
  }
  try {
    return chunks_.claim(count);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::full || !make_room()) throw;
  }
  return chunks_.claim(count);
}

// Before the segment is called full: tables out of use, what belongs to nobody living, what is empty among our own
// chunks, and at last what is empty among those of others. A single block in our magazines or spares would keep a chunk
// from being empty. True when there was anything.
bool Blocks::make_room() {
  bool any = reclaim(space_, arena_);
  put_back(space_, arena_);
  // It may throw when some chunks are ours already, and so may the search for them. They are found here
  // the next time.
  Unlisted unlisted(all_held_);
  const bool adopted = adopt_chunks(space_, arena_);
  if (adopted || unlisted.were_before()) {
    find_chunks();
    any = true;
  }
  unlisted.done();
  any |= give_back_chunks();
  any |= give_back_chunks_of_others();
  return any;
}

bool Blocks::give_back_chunks_of_others() {
  bool any = false;
  for (std::uint64_t chunk = 0; chunk < space_.chunks(); ++chunk) {
    const ChunkState state = space_.state_of(chunk);
    if (state.kind != ChunkKind::blocks || state.owner == arena_ || !chunks_.is_empty(chunk, state.size_class) ||
        !take_over(chunk, state) || !chunks_.give_back_empty(chunk, state.size_class))
      continue;
    holdings_[state.size_class].chunks.pop_back();
    --held_;
    any = true;
  }
  return any;
}

bool Blocks::give_back_chunks() {
  const std::size_t before = held_;
  for (unsigned size_class = 0; size_class < kClasses; ++size_class) {
    Holding& holding = holdings_[size_class];
    std::erase_if(holding.chunks, [&](std::uint32_t chunk) {
      return chunks_.give_back_empty(chunk, size_class) || chunks_.has_lost(chunk, size_class);
    });
    // Where blocks were taken last, mostly: else what is left of that chunk would be forgotten for long.
    holding.cursor = holding.chunks.empty() ? 0 : (holding.chunks.size() - 1) * words_in_use(size_class);
  }
  held_ = 0;
  for (const Holding& holding : holdings_) held_ += holding.chunks.size();
  return held_ < before;
}

}  // namespace dictbench::lockfree
