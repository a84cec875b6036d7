// The segment of a lock-free table, laid out. All of it is addressed by offsets, never by pointers.
//
//   Root            parameters and the few counters that all share
//   Arena[]         one an attached Dict (arena.h); committed as they are first used
//   directory       one word a partition (words.h)
//   ChunkMeta[]     one a chunk: who owns it and what is free in it; committed as chunks are first used
//   chunks          128 KiB each: blocks of one size class, or a run of chunks that is one large block
//
// Space is one process's view of it: a plain handle, used by any thread.
#pragma once

#include <cstdint>

#include "engines/lockfree/arena.h"
#include "engines/lockfree/atomic.h"
#include "engines/lockfree/hash.h"
#include "engines/lockfree/size_class.h"
#include "engines/lockfree/table.h"
#include "engines/lockfree/words.h"
#include "engines/shm/file_memory.h"
#include "engines/shm/segment.h"

namespace dictbench::lockfree {

inline constexpr std::uint64_t kChunkBytes = 128 << 10;
inline constexpr std::uint64_t kUnitsPerChunk = kChunkBytes / kUnit;
inline constexpr std::uint64_t kWordsPerChunk = kUnitsPerChunk / 64;
inline constexpr std::uint64_t kPageBytes = 4096;
inline constexpr std::uint64_t kChunksPerHugePage = kHugePageBytes / kChunkBytes;

struct alignas(128) Root {
  std::uint64_t partitions = 0;
  std::uint64_t arenas_at = 0, directory_at = 0, meta_at = 0, chunks_at = 0;  // offsets
  std::uint64_t max_chunks = 0;
  Hasher hasher;                                 // of the dict's keys
  alignas(128) Atomic<std::uint64_t> epoch{1};   // counts the retired tables (retire.cc)
  alignas(128) Atomic<std::uint64_t> chunks{0};  // ever given out; those behind have no memory yet
  Atomic<std::uint32_t> arenas{0};               // ever used
  Atomic<std::uint64_t> spare{0};                // free chunks with memory: a hint
  Atomic<std::uint64_t> huge{0};                 // pages of 2 MB that the system granted
  bool wants_huge = false;                       // ask for them
};

// What a chunk is: one word. Taken, given back and handed over by compare-and-swap; otherwise stored by its owner.
enum class ChunkKind : std::uint8_t {
  free,      // for whoever claims it
  claimed,   // first of those that the owner gets memory for
  blocks,    // of one size class, given out by the owner
  handover,  // of blocks, and `owner` is about to take it from another arena
  run,       // first chunk of a large block
  run_rest,
};

struct ChunkState {
  ChunkKind kind = ChunkKind::free;
  bool memory = false;  // its pages are there, and stay
  std::uint8_t size_class = 0;
  std::uint16_t owner = 0;  // arena
  std::uint32_t run = 0;    // what it says depends on the kind, as below

  std::uint32_t chunks_of_run() const noexcept { return run; }  // of a run, and of what is claimed
  std::uint32_t first_of_run() const noexcept { return run; }   // of a run_rest
  std::uint32_t had_by() const noexcept { return run; }         // of a handover: whose it was, an arena

  // The same chunk as something else.
  ChunkState as(ChunkKind other) const noexcept { return {.kind = other, .memory = memory}; }
  bool has_blocks() const noexcept { return kind == ChunkKind::blocks || kind == ChunkKind::handover; }
};

constexpr std::uint64_t pack(ChunkState state) {
  return std::uint64_t{state.run} << 32 | std::uint64_t{state.owner} << 16 | std::uint64_t{state.size_class} << 8 |
         std::uint64_t{state.memory} << 7 | static_cast<std::uint64_t>(state.kind);
}
constexpr ChunkState unpack_chunk(std::uint64_t word) {
  return {static_cast<ChunkKind>(word & 0x7f), (word >> 7 & 1) != 0, static_cast<std::uint8_t>(word >> 8),
          static_cast<std::uint16_t>(word >> 16), static_cast<std::uint32_t>(word >> 32)};
}

// A bit of `free` is a unit at which a free block begins. Anybody sets bits (frees); only the owner clears them.
struct alignas(64) ChunkMeta {
  Atomic<std::uint64_t> state{0};
  // Counts how often it became a chunk of blocks or a run. Who sees the same number twice has looked at
  // the blocks of one life.
  Atomic<std::uint64_t> lives{0};
  std::uint64_t reserved[6] = {};
  Atomic<std::uint64_t> free[kWordsPerChunk] = {};
};

class Space {
 public:
  explicit Space(Segment& segment) : segment_(&segment), base_(segment.data()) {}

  Root& root() const noexcept { return *reinterpret_cast<Root*>(base_); }
  Arena& arena(std::uint32_t index) const noexcept {
    return *reinterpret_cast<Arena*>(base_ + root().arenas_at + index * sizeof(Arena));
  }
  Atomic<std::uint64_t>& directory(std::uint64_t partition) const noexcept {
    return reinterpret_cast<Atomic<std::uint64_t>*>(base_ + root().directory_at)[partition];
  }
  ChunkMeta& meta(std::uint64_t chunk) const noexcept {
    return reinterpret_cast<ChunkMeta*>(base_ + root().meta_at)[chunk];
  }
  std::uint64_t* block(Block block) const noexcept {
    return reinterpret_cast<std::uint64_t*>(base_ + std::uint64_t{block} * kUnit);
  }
  char* at(std::uint64_t offset) const noexcept { return base_ + offset; }

  Hash hash(std::string_view key) const noexcept { return root().hasher(key); }

  Table table(std::uint64_t directory_word) const noexcept {
    const TableAt at = unpack_table(directory_word);
    return {base_ + std::uint64_t{at.line} * 64, at.buckets};
  }
  // The block that a directory word's table lies in.
  static Block block_of_table(std::uint64_t directory_word) noexcept {
    return static_cast<Block>(std::uint64_t{unpack_table(directory_word).line} * 64 / kUnit);
  }

  TableHead& table_head(Block block) const noexcept { return *reinterpret_cast<TableHead*>(this->block(block)); }
  std::uint64_t table_bytes(Block block) const noexcept {
    return Table(reinterpret_cast<char*>(this->block(block)), table_head(block).buckets).bytes();
  }

  ChunkState state_of(std::uint64_t chunk) const noexcept {
    return unpack_chunk(meta(chunk).state.load(std::memory_order_acquire));
  }
  // Chunks that have a state.
  std::uint64_t chunks() const noexcept { return root().chunks.load(std::memory_order_acquire); }

  // Bytes of the block, by what its chunk is.
  std::uint64_t room_of(Block block) const noexcept {
    const ChunkState state = state_of(chunk_of(block));
    if (state.has_blocks()) return kClassBytes[state.size_class];
    return state.kind == ChunkKind::run ? state.chunks_of_run() * kChunkBytes : 0;
  }

  std::uint64_t chunk_of(Block block) const noexcept { return (block * kUnit - root().chunks_at) / kChunkBytes; }
  std::uint64_t unit_of(Block block) const noexcept { return (block * kUnit - root().chunks_at) % kChunkBytes / kUnit; }
  Block block_at(std::uint64_t chunk, std::uint64_t unit) const noexcept {
    return static_cast<Block>((root().chunks_at + chunk * kChunkBytes) / kUnit + unit);
  }

  // Frees the chunks of a run from its `from`th on, or what of them is not free yet. A further chunk of a run names the
  // first, so that nobody who frees a run a second time frees another's.
  void free_rest(std::uint64_t first, std::uint32_t from, std::uint32_t count) const noexcept {
    for (std::uint32_t i = count; i-- > from;) {
      std::uint64_t word = meta(first + i).state.load(std::memory_order_acquire);
      const ChunkState state = unpack_chunk(word);
      if (state.kind == ChunkKind::run_rest && state.first_of_run() == first &&
          meta(first + i).state.compare_exchange_strong(word, pack(state.as(ChunkKind::free))) && state.memory)
        root().spare.fetch_add(1, std::memory_order_relaxed);
    }
  }

  // Frees a whole run: the first chunk comes last, because it says how many there are.
  void free_run(std::uint64_t first) const noexcept {
    const ChunkState state = state_of(first);
    free_rest(first, 1, state.chunks_of_run());
    meta(first).state.store(pack(state.as(ChunkKind::free)), std::memory_order_release);
    if (state.memory) root().spare.fetch_add(1, std::memory_order_relaxed);
  }

  // Frees a block for whoever owns its chunk. In a chunk of another kind no block begins, and nothing is done.
  void free_block(Block block) const noexcept {
    const std::uint64_t chunk = chunk_of(block), unit = unit_of(block);
    const ChunkState state = state_of(chunk);
    if (state.has_blocks())
      meta(chunk).free[unit / 64].fetch_or(std::uint64_t{1} << unit % 64, std::memory_order_acq_rel);
    else if (state.kind == ChunkKind::run)
      free_run(chunk);
  }

  // Memory for the metas of these chunks. Page by page: a failing allocation of a single page undoes nothing that
  // another process has just allocated.
  void commit_meta(std::uint64_t chunk, std::uint64_t count) const {
    const std::uint64_t from = root().meta_at + chunk * sizeof(ChunkMeta), to = from + count * sizeof(ChunkMeta);
    for (std::uint64_t page = from / kPageBytes; page * kPageBytes < to; ++page)
      segment_->commit_range_unlocked(page * kPageBytes, kPageBytes);
  }

  Segment& segment() const noexcept { return *segment_; }

 private:
  Segment* segment_;
  char* base_;
};

}  // namespace dictbench::lockfree
