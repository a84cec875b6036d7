#include "engines/lockfree/audit.h"

#include <fmt/format.h>

#include <bit>
#include <unordered_map>
#include <unordered_set>

#include "engines/lockfree/block.h"
#include "engines/lockfree/chunks.h"
#include "engines/lockfree/size_class.h"

namespace dictbench::lockfree {
namespace {

constexpr const char* kInHand = "in hand";

class Audit {
 public:
  explicit Audit(const Space& space) : space_(space) {}

  std::string run() {
    for (std::uint64_t at = 0; at < space_.root().partitions && found_.empty(); ++at) walk_partition(at);
    for (std::uint32_t i = 0; i < space_.root().arenas.load() && found_.empty(); ++i) walk_arena(space_.arena(i));
    for (std::uint64_t chunk = 0; chunk < space_.root().chunks.load() && found_.empty(); ++chunk) walk_chunk(chunk);
    return found_;
  }

 private:
  void report(std::string what) {
    if (found_.empty()) found_ = std::move(what);
  }

  // A dead process's intent may name a block that others have had in their hands since.
  void hold(Block block, const char* as) {
    const auto [at, added] = held_.try_emplace(block, as);
    if (!added && at->second != kInHand) report(fmt::format("block {} is {} and {} at once", block, at->second, as));
    at->second = as;
  }

  void walk_partition(std::uint64_t partition) {
    const std::uint64_t word = space_.directory(partition).load();
    const Table table = space_.table(word);
    hold(Space::block_of_table(word), "a table");
    if (table.head().partition != partition)
      report(fmt::format("partition {} has the table of partition {}", partition, table.head().partition));
    std::unordered_set<std::string> keys;
    for (std::uint32_t i = 0; i < table.buckets(); ++i) {
      Bucket& home = table.at(i);
      const std::uint64_t control = home.control.load();
      if (control::link(control) > table.head().overflow)
        report(
            fmt::format("bucket {} of partition {} has no overflow bucket {}", i, partition, control::link(control)));
      const unsigned slots = control::link(control) == 0 ? kSlots : 2 * kSlots;
      for (unsigned at = 0; at < slots && found_.empty(); ++at)
        check_item(partition, table, i, table.slot(home, control, at).load(), keys);
    }
  }

  void check_item(std::uint64_t partition, const Table& table, std::uint32_t bucket, std::uint64_t word,
                  std::unordered_set<std::string>& keys) {
    if (slot::is_empty(word)) return;
    const Block block = slot::block(word);
    hold(block, "an item");
    const BlockHead head = read_head(space_.block(block));
    if (head.bytes() > space_.room_of(block) || head.generation % 2 != 0) {
      report(fmt::format("block {} holds no item: generation {}, {} bytes in room for {}", block, head.generation,
                         head.bytes(), space_.room_of(block)));
      return;
    }
    std::string key(head.key, '\0');
    copy_out(space_.block(block), head.payload, head.key, key.data());
    const Hash hash = space_.hash(key);
    const auto bits = static_cast<unsigned>(std::countr_zero(space_.root().partitions));
    if (hash.partition(bits) != partition || bucket_at(hash.position(), table.buckets()) != bucket ||
        hash.tag() != slot::tag(word))
      report(fmt::format("block {}: its key belongs elsewhere than in bucket {} of partition {}", block, bucket,
                         partition));
    if (!keys.insert(std::move(key)).second) report(fmt::format("block {}: its key stands in two slots", block));
  }

  // What an intent names may be anything from free to in the table, when its process was killed.
  void walk_arena(const Arena& arena) {
    for (const auto& spare : arena.spare)
      if (const auto block = static_cast<Block>(spare.load()); block != 0) hold(block, "a spare block");
    for (const Magazine& magazine : arena.magazines) {
      const std::uint64_t word = magazine.at();
      // One killed while it filled its magazine has noted what is still free.
      const std::uint64_t free = space_.meta(word / kWordsPerChunk).free[word % kWordsPerChunk].load();
      for (std::uint64_t mask = magazine.mask.load() & ~free; mask != 0; mask &= mask - 1)
        hold(space_.block_at(word / kWordsPerChunk,
                             word % kWordsPerChunk * 64 + static_cast<unsigned>(std::countr_zero(mask))),
             "in a magazine");
    }
    for (auto at = static_cast<Block>(arena.retired.load()); at != 0;
         at = static_cast<Block>(space_.table_head(at).retired_next))
      hold(at, "a retired table");
    for (const auto* word : {&arena.fresh, &arena.table, &arena.stale})
      if (const Block block = unpack_intent(word->load()).block; block != 0) held_.try_emplace(block, kInHand);
    if (const std::uint64_t word = arena.stale_table.load(); word != 0)
      held_.try_emplace(Space::block_of_table(word), kInHand);
  }

  void walk_chunk(std::uint64_t chunk) {
    const ChunkMeta& meta = space_.meta(chunk);
    const ChunkState state = unpack_chunk(meta.state.load());
    if (state.kind == ChunkKind::run && !held_.contains(space_.block_at(chunk, 0)))
      report(fmt::format("the large block at chunk {} is held by nobody and not free", chunk));
    if (!state.has_blocks()) return;
    for (std::uint64_t word = 0; word < kWordsPerChunk; ++word) {
      const std::uint64_t free = meta.free[word].load(), all = full_word(state.size_class, word);
      if ((free & ~all) != 0) report(fmt::format("chunk {} has free blocks where none begin", chunk));
      for (std::uint64_t bits = all; bits != 0; bits &= bits - 1) {
        const Block block = space_.block_at(chunk, word * 64 + static_cast<unsigned>(std::countr_zero(bits)));
        const bool is_free = (free & bits & -bits) != 0;
        const auto held = held_.find(block);
        if (is_free && held != held_.end() && held->second != kInHand)
          report(fmt::format("block {} is {} and free at once", block, held->second));
        if (!is_free && held == held_.end()) report(fmt::format("block {} is held by nobody and not free", block));
      }
    }
  }

  const Space& space_;
  std::unordered_map<Block, const char*> held_;
  std::string found_;
};

}  // namespace

std::uint64_t arenas_in_use(const Space& space) {
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < space.root().arenas.load(); ++i) count += space.arena(i).state.load() != 0;
  return count;
}

std::uint64_t retired_tables(const Space& space) {
  std::uint64_t count = 0;
  for (std::uint32_t i = 0; i < space.root().arenas.load(); ++i)
    for (auto at = static_cast<Block>(space.arena(i).retired.load()); at != 0;
         at = static_cast<Block>(space.table_head(at).retired_next))
      ++count;
  return count;
}

std::string broken(const Space& space) { return Audit(space).run(); }

}  // namespace dictbench::lockfree
