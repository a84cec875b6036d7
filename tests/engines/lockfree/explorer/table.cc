#include "tests/engines/lockfree/explorer/table.h"

#include <fmt/format.h>

#include <set>

#include "engines/lockfree/create.h"
#include "engines/lockfree/hash.h"
#include "engines/lockfree/owner.h"
#include "engines/lockfree/takeover.h"

namespace dictbench::explorer {

using namespace lockfree;

namespace {

constexpr std::uint64_t kMostBytes = 8 << 20;
constexpr std::uint64_t kLargestTable = 1024;  // bytes

// An arena's state word: owner in bits 8 and up, then what owner.cc's kLive and kSettling are.
constexpr std::uint64_t kLive = 1, kSettling = 2;
constexpr std::uint64_t state_of(unsigned fiber, std::uint64_t state) {
  return (std::uint64_t{fiber} + 1) << 8 | state;
}
constexpr unsigned owner_of(std::uint64_t word) { return static_cast<unsigned>((word >> 8) - 1); }

}  // namespace

SmallTable::SmallTable(unsigned arenas)
    : segment_(create({.max = kMostBytes, .items = 0, .partitions = 1, .huge_pages = false})), space_(segment_) {
  handles_.resize(arenas);
  for (unsigned arena = 0; arena < arenas; ++arena)
    if (claim_arena(space_) != arena) throw std::logic_error("the arenas of a new segment are not the first");
  attach_all();
  for (unsigned arena = 0; arena < arenas; ++arena) {
    Blocks& mine = blocks(arena);
    mine.give_back(mine.take(kUnit), kUnit);
    for (std::uint64_t bytes = 256; bytes <= kLargestTable; bytes *= 2)
      mine.give_back_table(mine.take_table(bytes), bytes);
    space_.arena(arena).state.store(state_of(arena, kLive));
  }
}

void SmallTable::attach_all() {
  for (unsigned arena = 0; arena < handles_.size(); ++arena) attach(arena, arena);
}

void SmallTable::attach(unsigned handle, std::uint32_t arena) { handles_[handle].emplace(space_, arena); }

bool SmallTable::take_over(std::uint32_t index, unsigned fiber, const IsDead& is_dead) {
  Arena& arena = space_.arena(index);
  std::uint64_t word = arena.state.load();
  if (word == 0) return arena.state.compare_exchange_strong(word, state_of(fiber, kLive));
  if (!is_dead(owner_of(word))) return false;
  static_assert(kSettling != kLive);
  if (!arena.state.compare_exchange_strong(word, state_of(fiber, kSettling))) return false;
  settle(space_, index);
  arena.state.store(state_of(fiber, kLive));
  return true;
}

void SmallTable::adopt(std::uint32_t own, unsigned fiber, const IsDead& is_dead) {
  for (std::uint32_t i = 0; i < space_.root().arenas.load(); ++i) {
    if (i == own || !take_over(i, fiber, is_dead)) continue;
    move_chunks(space_, i, own);
    release_arena(space_, i);
  }
}

void SmallTable::sweep(std::uint32_t arena) {
  move_chunks(space_, arena, arena);
  Chunks chunks(space_, arena);
  for (std::uint64_t chunk = 0; chunk < space_.root().chunks.load(); ++chunk) {
    const ChunkState state = unpack_chunk(space_.meta(chunk).state.load());
    if (state.kind == ChunkKind::blocks && state.owner == arena) chunks.give_back_empty(chunk, state.size_class);
  }
  attach(arena, arena);
}

std::uint64_t SmallTable::bytes() const noexcept {
  return space_.root().chunks_at + space_.root().max_chunks * kChunkBytes;
}
std::uint64_t SmallTable::used() const noexcept {
  return space_.root().chunks_at + space_.root().chunks.load() * kChunkBytes;
}

std::vector<std::string> keys_in_bucket(std::uint32_t bucket, std::size_t count, bool one_tag, std::uint32_t buckets) {
  std::vector<std::string> keys;
  std::set<std::uint16_t> tags;
  for (unsigned number = 0; keys.size() < count; ++number) {
    std::string key = fmt::format("k{}", number);
    const Hash hash = Hash::of(key);
    if (bucket_at(hash.position(), buckets) != bucket) continue;
    const bool fits = one_tag ? tags.empty() || tags.contains(hash.tag()) : !tags.contains(hash.tag());
    if (!fits) continue;
    tags.insert(hash.tag());
    keys.push_back(std::move(key));
  }
  return keys;
}

std::string word_name(SmallTable& table, std::uint64_t word) {
  Space& space = table.space();
  const Root& root = space.root();
  const std::uint64_t offset = word * 8;
  if (offset < root.arenas_at) {
    const auto is = [&](const auto& field) { return reinterpret_cast<const char*>(&field) == table.base() + offset; };
    return is(root.epoch) ? "epoch" : is(root.chunks) ? "chunks" : is(root.arenas) ? "arenas" : "spare chunks";
  }
  if (offset < root.directory_at) {
    constexpr const char* kFields[] = {"state", "hazard", "fresh", "stale", "table", "stale table", "retired"};
    const std::uint64_t arena = (offset - root.arenas_at) / sizeof(Arena),
                        field = (offset - root.arenas_at) % sizeof(Arena) / 8;
    constexpr std::uint64_t kMagazines = std::size(kFields), kSpares = kMagazines + 2 * kClasses;
    if (field < kMagazines) return fmt::format("arena {} {}", arena, kFields[field]);
    if (field >= kSpares) return fmt::format("arena {} spare of class {}", arena, field - kSpares);
    return fmt::format("arena {} magazine {} {}", arena, (field - kMagazines) / 2,
                       (field - kMagazines) % 2 == 0 ? "word" : "mask");
  }
  if (offset < root.meta_at) return fmt::format("directory {}", (offset - root.directory_at) / 8);
  if (offset < root.chunks_at) {
    const std::uint64_t chunk = (offset - root.meta_at) / sizeof(ChunkMeta),
                        field = (offset - root.meta_at) % sizeof(ChunkMeta) / 8;
    return field < 8 ? fmt::format("chunk {} state", chunk) : fmt::format("chunk {} free word {}", chunk, field - 8);
  }
  const std::uint64_t chunk = (offset - root.chunks_at) / kChunkBytes;
  const ChunkState state = unpack_chunk(space.meta(chunk).state.load());
  if (state.kind != ChunkKind::blocks) return fmt::format("chunk {} byte {}", chunk, offset);
  const std::uint64_t bytes = kClassBytes[state.size_class];
  const std::uint64_t within = (offset - root.chunks_at) % kChunkBytes;
  const Block block = space.block_at(chunk, within / bytes * bytes / kUnit);
  const std::uint64_t field = within % bytes / 8;
  // Items of the programs are short: larger blocks are tables.
  if (bytes < 256) return fmt::format("block {} word {}", block, field);
  if (field < 8) return fmt::format("table {} head word {}", block, field);
  if (field % 8 == 7) return fmt::format("table {} bucket {} control", block, field / 8 - 1);
  return fmt::format("table {} bucket {} slot {}", block, field / 8 - 1, field % 8);
}

}  // namespace dictbench::explorer
