#include "tests/engines/lockfree/explorer/table.h"

#include <fmt/format.h>

#include <set>
#include <stdexcept>

#include "engines/lockfree/create.h"
#include "engines/lockfree/owner.h"
#include "engines/lockfree/retire.h"
#include "engines/lockfree/table_size.h"
#include "engines/lockfree/takeover.h"

namespace dictbench::explorer {

using namespace lockfree;

namespace {

constexpr std::uint64_t kMostBytes = 8 << 20;
constexpr std::uint64_t kLargestTable = 1024;  // bytes

// Always the same, so that a key's bucket is.
const Hasher kHasher{KeyHash(KeyHash::Kind::sip, {.first = 1, .second = 2})};

constexpr std::uint8_t kLive = 1, kSettling = 2;  // owner.cc's

}  // namespace

SmallTable::SmallTable(std::span<const Stock> stocks)
    : segment_(create({.max = kMostBytes, .items = 0, .partitions = 1, .huge_pages = false, .hasher = kHasher})),
      space_(segment_) {
  handles_.resize(stocks.size());
  for (std::uint32_t arena = 0; arena <= arena_of_checker(); ++arena)
    if (claim_arena(space_) != arena) throw std::logic_error("the arenas of a new segment are not the first");
  attach_all();
  for (unsigned arena = 0; arena < stocks.size(); ++arena) {
    space_.arena(arena).state.store(fiber_word::of_fiber(arena, kLive));
    if (stocks[arena] == Stock::none) continue;
    Blocks& mine = handles_[arena]->blocks;
    mine.give_back(mine.take(kUnit), kUnit);
    for (std::uint64_t bytes = kLeastTableBytes; bytes <= kLargestTable; bytes = next_table_bytes(bytes))
      mine.give_back_table(mine.take_table(bytes), bytes);
    if (stocks[arena] == Stock::full) continue;
    put_back(space_, arena);
    for (Magazine& magazine : space_.arena(arena).magazines) magazine.word.store(0);
  }
  attach_all();
}

void SmallTable::attach_all() {
  for (unsigned arena = 0; arena < handles_.size(); ++arena) attach(arena, arena);
}

void SmallTable::attach(unsigned handle, std::uint32_t arena) { handles_[handle].emplace(space_, arena); }

// By hand, because a program says whose arena it takes, and because owner.cc asks the kernel each time who it is: that
// takes as long as many an execution. What a write does that finds the segment full is owner.cc itself.
SmallTable::Owner SmallTable::seize(std::uint32_t index) {
  Arena& arena = space_.arena(index);
  const std::uint64_t ours = owner_word::make({}, kLive);
  std::uint64_t word = arena.state.load();
  if (word == owner_word::kNobody)
    return arena.state.compare_exchange_strong(word, ours) ? Owner::nobody : Owner::living;
  if (owner_word::liveness(word) != Liveness::dead) return Owner::living;
  if (!arena.state.compare_exchange_strong(word, owner_word::make({}, kSettling))) return Owner::living;
  settle(space_, index);
  arena.state.store(ours);
  return Owner::dead;
}

bool SmallTable::attach_to(std::uint32_t index) {
  if (seize(index) == Owner::living) return false;
  settle_chunks(space_, index);
  return true;
}

bool SmallTable::adopt(std::uint32_t own) {
  ArenaSet dead;
  bool any = false;
  for (std::uint32_t i = 0; i < space_.root().arenas.load(); ++i) {
    if (i == own) continue;
    const Owner owner = seize(i);
    if (owner == Owner::living) continue;
    if (owner == Owner::dead) dead.set(i);
    any |= reclaim(space_, i);
    put_back(space_, i);
    if (owner == Owner::nobody) release_arena(space_, i);
  }
  if (dead.none()) return any;
  any |= move_chunks(space_, dead, own);
  for (std::uint32_t i = 0; i < kArenas; ++i)
    if (dead[i]) release_arena(space_, i);
  return any;
}

void SmallTable::sweep(unsigned handle) {
  const std::uint32_t arena = arena_of(handle);
  put_back(space_, arena);
  Chunks chunks(space_, arena);
  for (std::uint64_t chunk = 0; chunk < space_.chunks(); ++chunk)
    chunks.give_back_empty(chunk, space_.state_of(chunk).size_class);
  attach(handle, arena);
}

// As rebuild.cc does it, under a hazard as every writer.
void SmallTable::freeze(unsigned handle) {
  Atomic<std::uint64_t>& hazard = space_.arena(arena_of(handle)).hazard;
  std::uint64_t word = 0;
  do {
    word = space_.directory(0).load();
    hazard.exchange(word);
  } while (space_.directory(0).load() != word);
  const Table table = space_.table(word);
  for (std::uint32_t i = 0; i < table.buckets(); ++i) {
    Bucket& home = table.at(i);
    const std::uint64_t control = home.control.fetch_or(control::kFrozen);
    const unsigned pending = control::is_pending(control) ? control::slot(control) : 2 * kSlots;
    for (unsigned at = 0; at < (control::link(control) == 0 ? kSlots : 2 * kSlots); ++at) {
      Atomic<std::uint64_t>& slot = table.slot(home, control, at);
      if (at == pending || !slot::is_empty(slot.load())) slot.fetch_or(slot::kFrozen);
    }
  }
  hazard.store(0);
}

void SmallTable::limit(std::uint64_t chunks) noexcept { space_.root().max_chunks = space_.chunks() + chunks; }

std::uint64_t SmallTable::bytes() const noexcept {
  return space_.root().chunks_at + space_.root().max_chunks * kChunkBytes;
}
std::uint64_t SmallTable::used() const noexcept { return space_.root().chunks_at + space_.chunks() * kChunkBytes; }

std::vector<std::string> keys_in_bucket(std::uint32_t bucket, std::size_t count, bool one_tag, std::uint32_t buckets) {
  std::vector<std::string> keys;
  std::set<std::uint16_t> tags;
  for (unsigned number = 0; keys.size() < count; ++number) {
    std::string key = fmt::format("k{}", number);
    const Hash hash = kHasher(key);
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
    if (is(root.epoch)) return "epoch";
    if (is(root.chunks)) return "chunks";
    return is(root.arenas) ? "arenas" : "spare chunks";
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
  const ChunkState state = space.state_of(chunk);
  if (!state.has_blocks()) return fmt::format("chunk {} byte {}", chunk, offset);
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
