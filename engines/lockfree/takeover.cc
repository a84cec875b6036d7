#include "engines/lockfree/takeover.h"

#include <string>

#include "engines/lockfree/block.h"
#include "engines/lockfree/size_class.h"
#include "engines/lockfree/table.h"

namespace dictbench::lockfree {
namespace {

class Settlement {
 public:
  Settlement(Space& space, std::uint32_t index) : space_(space), index_(index), arena_(space.arena(index)) {}

  void run() {
    settle_magazines();
    settle_fresh();
    const bool swapped = settle_table();
    settle_stale_table(swapped);
    settle_stale();
    settle_chunks();
    arena_.announced.store(0, std::memory_order_release);
  }

 private:
  std::atomic<std::uint64_t>& free_word(Block block) const {
    return space_.meta(space_.chunk_of(block)).free[space_.unit_of(block) / 64];
  }
  std::uint64_t bit(Block block) const { return std::uint64_t{1} << space_.unit_of(block) % 64; }
  std::uint16_t generation(Block block) const { return static_cast<std::uint16_t>(load_word(space_.block(block))); }
  bool is_run(Block block) const {
    return unpack_chunk(space_.meta(space_.chunk_of(block)).state.load(std::memory_order_acquire)).kind !=
           ChunkKind::blocks;
  }

  bool in_magazine(const Arena& arena, Block block) const {
    const std::uint64_t word = space_.chunk_of(block) * kWordsPerChunk + space_.unit_of(block) / 64;
    for (const Magazine& magazine : arena.magazines)
      if (magazine.word.load(std::memory_order_acquire) == word &&
          (magazine.mask.load(std::memory_order_acquire) & bit(block)) != 0)
        return true;
    return false;
  }

  template <class Holds>
  bool any_other(const Holds& holds) const {
    for (std::uint32_t i = 0; i < space_.root().arenas.load(std::memory_order_acquire); ++i)
      if (i != index_ && holds(space_.arena(i))) return true;
    return false;
  }
  bool stale_elsewhere(Block block) const {
    return any_other([&](const Arena& arena) { return static_cast<Block>(arena.stale.load()) == block; });
  }
  bool in_other_hands(Block block) const {
    return any_other([&](const Arena& arena) {
      return in_magazine(arena, block) || arena.fresh.load() == block || arena.table.load() == block;
    });
  }

  void free_block(Block block) const {
    if (generation(block) % 2 == 0)
      set_generation(space_.block(block), static_cast<std::uint16_t>(generation(block) + 1));
    if (is_run(block))
      space_.free_run(space_.chunk_of(block));
    else
      free_word(block).fetch_or(bit(block), std::memory_order_acq_rel);
  }

  // Taken was what is noted in the magazine and no more free in the bitmap.
  void settle_magazines() {
    for (Magazine& magazine : arena_.magazines) {
      const std::uint64_t mask = magazine.mask.load(std::memory_order_acquire);
      if (mask == 0) continue;
      const std::uint64_t word = magazine.word.load(std::memory_order_acquire);
      const std::uint64_t free = space_.meta(word / kWordsPerChunk).free[word % kWordsPerChunk].load();
      magazine.mask.store(mask & ~free, std::memory_order_release);
    }
  }

  Table table_at(std::uint64_t word) const {
    const TableAt at = unpack_table(word);
    return {space_.at(std::uint64_t{at.line} * 64), at.buckets};
  }

  // Is the block in the table, or will it be, as an insert that is pending and not frozen? Then it is finished here.
  bool holds(Block block) const {
    const std::uint64_t* memory = space_.block(block);
    const BlockHead head = read_head(memory);
    if (head.key > kLongestKey || head.value > kLongestValue) return false;
    std::string key(head.key, '\0');
    copy_out(memory, head.payload, head.key, key.data());
    const Hash hash = Hash::of(key);
    const unsigned bits = static_cast<unsigned>(std::countr_zero(space_.root().partitions));
    while (true) {
      const std::uint64_t word = space_.directory(hash.partition(bits)).load(std::memory_order_acquire);
      const Table table = table_at(word);
      Bucket& home = table.home(hash);
      const std::uint64_t control = home.control.load(std::memory_order_seq_cst);
      if (control::is_pending(control) && control::block(control) == block && !control::is_frozen(control)) {
        auto& slot = table.slot(home, control, control::slot(control));
        std::uint64_t empty = slot.load();
        if (slot::is_empty(empty) && !slot::is_frozen(empty) && home.control.load() == control)
          slot.compare_exchange_strong(empty, slot::next(empty, hash.tag(), block));
      }
      const auto in = [&](const Bucket& bucket) {
        for (const auto& slot : bucket.slots)
          if (slot::block(slot.load(std::memory_order_acquire)) == block) return true;
        return false;
      };
      const Bucket* overflow = table.overflow(control);
      const bool found = in(home) || (overflow != nullptr && in(*overflow));
      if (space_.directory(hash.partition(bits)).load(std::memory_order_acquire) == word) return found;
    }
  }

  // From one of the arena's own chunks, so nobody else takes it while we are here.
  void settle_fresh() {
    const auto block = static_cast<Block>(arena_.fresh.load(std::memory_order_acquire));
    if (block == 0) return;
    if (!in_magazine(arena_, block) && !holds(block) && !stale_elsewhere(block)) free_block(block);
    arena_.fresh.store(0, std::memory_order_release);
  }

  // True when the table that was being put into the directory came there.
  bool settle_table() {
    const auto block = static_cast<Block>(arena_.table.load(std::memory_order_acquire));
    if (block == 0) return true;
    bool published = false;
    if (!in_magazine(arena_, block)) {
      const TableHead& head = *reinterpret_cast<TableHead*>(space_.block(block));
      const auto line = static_cast<std::uint32_t>(std::uint64_t{block} * kUnit / 64);
      const Table table(reinterpret_cast<char*>(space_.block(block)), head.buckets);
      // A table that another has replaced since was frozen before; one that nobody knows never is.
      published = head.partition < space_.root().partitions && head.buckets > 0 &&
                  (unpack_table(space_.directory(head.partition).load(std::memory_order_acquire)).line == line ||
                   control::is_frozen(table.at(0).control.load(std::memory_order_acquire)));
      if (!published) free_block(block);
    }
    arena_.table.store(0, std::memory_order_release);
    return published;
  }

  void settle_stale_table(bool swapped) {
    const std::uint64_t word = arena_.stale_table.load(std::memory_order_acquire);
    if (word != 0 && swapped) {
      const auto block = static_cast<Block>(std::uint64_t{unpack_table(word).line} * 64 / kUnit);
      bool listed = false;
      for (std::uint64_t at = arena_.retired.load(); at != 0 && !listed; at = retired(at).retired_next)
        listed = at == block;
      if (!listed) {
        retired(block).retired_next = arena_.retired.load();
        retired(block).retired_epoch = space_.root().epoch.fetch_add(1);
        arena_.retired.store(block, std::memory_order_release);
      }
    }
    arena_.stale_table.store(0, std::memory_order_release);
  }
  TableHead& retired(std::uint64_t block) const {
    return *reinterpret_cast<TableHead*>(space_.block(static_cast<Block>(block)));
  }

  // A block, or a retired table, that was about to be freed. It may be from anybody's chunk.
  void settle_stale() {
    const std::uint64_t intent = arena_.stale.load(std::memory_order_acquire);
    const auto block = static_cast<Block>(intent);
    if (block == 0) return;
    const auto before = static_cast<std::uint16_t>(intent >> 32), after = static_cast<std::uint16_t>(before + 1);
    bool listed = false;
    for (std::uint64_t at = arena_.retired.load(); at != 0 && !listed; at = retired(at).retired_next)
      listed = at == block;
    if (generation(block) == before) {
      if (!listed && !holds(block) && !stale_elsewhere(block) && generation(block) == before) free_block(block);
    } else if (generation(block) == after) {
      const bool freed = is_run(block) ? false : (free_word(block).load() & bit(block)) != 0;
      if (!freed && !in_other_hands(block) && !in_magazine(arena_, block) && !stale_elsewhere(block) &&
          generation(block) == after)
        free_block(block);
    }
    arena_.stale.store(0, std::memory_order_release);
  }

  void settle_chunks() {
    const std::uint64_t count = space_.root().chunks.load();
    for (std::uint64_t chunk = 0; chunk < count; ++chunk) {
      const ChunkState state = unpack_chunk(space_.meta(chunk).state.load(std::memory_order_acquire));
      if (state.kind == ChunkKind::claimed && state.owner == index_) space_.free_run(chunk);
    }
  }

  Space& space_;
  std::uint32_t index_;
  Arena& arena_;
};

}  // namespace

void settle(Space& space, std::uint32_t arena) { Settlement(space, arena).run(); }

bool move_chunks(Space& space, std::uint32_t from, std::uint32_t to) {
  Arena& arena = space.arena(from);
  for (Magazine& magazine : arena.magazines) {
    const std::uint64_t word = magazine.word.load();
    space.meta(word / kWordsPerChunk).free[word % kWordsPerChunk].fetch_or(magazine.mask.load());
    magazine.mask.store(0, std::memory_order_release);
  }
  bool any = false;
  for (std::uint64_t chunk = 0; chunk < space.root().chunks.load(); ++chunk) {
    ChunkState state = unpack_chunk(space.meta(chunk).state.load(std::memory_order_acquire));
    if (state.kind != ChunkKind::blocks || state.owner != from) continue;
    state.owner = static_cast<std::uint16_t>(to);
    space.meta(chunk).state.store(pack(state), std::memory_order_release);
    any = true;
  }
  return any;
}

}  // namespace dictbench::lockfree
