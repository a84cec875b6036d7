#include "engines/lockfree/create.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <new>

#include "engines/error.h"
#include "engines/lockfree/index.h"
#include "engines/lockfree/owner.h"
#include "engines/spec.h"

namespace dictbench::lockfree {
namespace {

constexpr std::uint64_t kMostPartitions = 65'536;  // the hash has 16 bits for them

std::uint64_t round_up(std::uint64_t bytes, std::uint64_t to) { return (bytes + to - 1) / to * to; }

}  // namespace

Layout layout_of(std::uint64_t bytes, std::uint64_t partitions) noexcept {
  Layout layout;
  layout.arenas_at = round_up(sizeof(Root), kPageBytes);
  layout.directory_at = layout.arenas_at + kArenas * sizeof(Arena);
  layout.meta_at = round_up(layout.directory_at + partitions * 8, kPageBytes);
  const std::uint64_t most = std::min(bytes, kMostBytes);
  layout.max_chunks = most <= layout.meta_at ? 0 : (most - layout.meta_at) / (kChunkBytes + sizeof(ChunkMeta));
  // So that chunk 0 begins on a 2 MB page of the file, header included.
  layout.chunks_at =
      round_up(layout.meta_at + layout.max_chunks * sizeof(ChunkMeta) + Segment::kHeaderBytes, kHugePageBytes) -
      Segment::kHeaderBytes;
  // The rounding has moved the chunks on, in the largest segment beyond what can be numbered.
  layout.max_chunks = std::min(layout.max_chunks, (kMostBytes - layout.chunks_at) / kChunkBytes);
  return layout;
}

std::string misfit(const Root& root, std::uint64_t reserved) {
  const auto holds = [&](std::uint64_t at, std::uint64_t count, std::uint64_t bytes) {
    return at <= reserved && count <= (reserved - at) / bytes;
  };
  // Before a key is hashed: with another hash all keys would seem to be missing.
  if (!root.hasher.hash.is_known()) return "says nothing of its hash that this dictbench knows";
  if (!std::has_single_bit(root.partitions) || root.partitions > kMostPartitions ||
      !holds(root.arenas_at, kArenas, sizeof(Arena)) || !holds(root.directory_at, root.partitions, 8) ||
      !holds(root.meta_at, root.max_chunks, sizeof(ChunkMeta)) ||
      !holds(root.chunks_at, root.max_chunks, kChunkBytes) || root.chunks.load() > root.max_chunks ||
      root.arenas.load() > kArenas)
    return fmt::format("says what does not fit its {} bytes", reserved);
  if (root.chunks_at + root.max_chunks * kChunkBytes > kMostBytes)
    return fmt::format("has {} chunks, of which the last end beyond the {} bytes that its blocks' numbers reach",
                       root.max_chunks, kMostBytes);
  return {};
}

Segment create(const Sizes& sizes) {
  if (!std::has_single_bit(sizes.partitions) || sizes.partitions > kMostPartitions)
    throw SpecError(fmt::format("engine lockfree: partitions={}: a power of two from 1 to {} is wanted",
                                sizes.partitions, kMostPartitions));
  const Layout layout = layout_of(sizes.max, sizes.partitions);
  Segment segment = Segment::create(kLayout, layout.end(), kPageBytes);
  segment.commit_range_unlocked(layout.directory_at / kPageBytes * kPageBytes,
                                round_up(layout.directory_at % kPageBytes + sizes.partitions * 8, kPageBytes));
  Root* const root = new (segment.data()) Root;
  root->partitions = sizes.partitions;
  root->arenas_at = layout.arenas_at;
  root->directory_at = layout.directory_at;
  root->meta_at = layout.meta_at;
  root->max_chunks = layout.max_chunks;
  root->wants_huge = sizes.huge_pages;
  root->chunks_at = layout.chunks_at;
  root->hasher = sizes.hasher;

  Space space(segment);
  const std::uint32_t arena = claim_arena(space);
  Blocks blocks(space, arena);
  Index(space, blocks).make_tables(sizes.items);
  release_arena(space, arena);
  segment.publish();
  return segment;
}

Segment open(const std::string& name) {
  Segment segment = Segment::open(name, kLayout);
  if (const std::string what = misfit(Space(segment).root(), segment.reserved()); !what.empty())
    throw Error(ErrorCode::corrupt, fmt::format("shared memory {} {}", name, what));
  return segment;
}

}  // namespace dictbench::lockfree
