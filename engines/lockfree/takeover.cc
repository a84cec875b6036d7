#include "engines/lockfree/takeover.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>

#include "engines/lockfree/block.h"
#include "engines/lockfree/chunks.h"
#include "engines/lockfree/size_class.h"
#include "engines/lockfree/table.h"
#include "engines/shm/crash_point.h"

namespace dictbench::lockfree {
namespace {

class Settlement {
 public:
  Settlement(Space& space, std::uint32_t index) : space_(space), index_(index), arena_(space.arena(index)) {}

  void run() {
    settle_magazines();
    CRASH_POINT("lockfree.settle.magazines");
    settle_stale();
    CRASH_POINT("lockfree.settle.stale");
    abandon(arena_.fresh);
    CRASH_POINT("lockfree.settle.fresh");
    settle_tables();
    CRASH_POINT("lockfree.settle.tables");
    arena_.hazard.store(0, std::memory_order_release);
  }

 private:
  Atomic<std::uint64_t>& free_word(Block block) const {
    return space_.meta(space_.chunk_of(block)).free[space_.unit_of(block) / 64];
  }
  std::uint64_t bit(Block block) const { return std::uint64_t{1} << space_.unit_of(block) % 64; }
  std::uint64_t first_word(Block block) const { return load_word(space_.block(block)); }
  // Is it what it was, behind all that was read of it?
  bool is_same(Block block, std::uint64_t first) const {
    acquire_fence();
    return first_word(block) == first;
  }

  // Taken out of its chunk's bitmap and not in use.
  bool in_store(const Arena& arena, Block block) const {
    for (const auto& spare : arena.spare)
      if (spare.load(std::memory_order_acquire) == block) return true;
    return std::ranges::any_of(arena.magazines, [&](const Magazine& magazine) { return is_in(magazine, block); });
  }

  // The owner may be alive and fill the magazine again meanwhile: then the mask was not this filling's.
  bool is_in(const Magazine& magazine, Block block) const {
    const std::uint64_t wanted = space_.chunk_of(block) * kWordsPerChunk + space_.unit_of(block) / 64;
    for (std::uint64_t filling = magazine.filling(); Magazine::bitmap_word(filling) == wanted;) {
      const std::uint64_t mask = magazine.mask.load(std::memory_order_acquire);
      const std::uint64_t now = magazine.filling();
      if (now == filling) return (mask & bit(block)) != 0;
      filling = now;
    }
    return false;
  }

  // Taken from where it was free, and not yet filled.
  bool in_other_hands(Block block) const {
    const auto taken = [&](const Atomic<std::uint64_t>& word) {
      const Intent intent = unpack_intent(word.load(std::memory_order_acquire));
      return intent.block == block && !intent.filled;
    };
    for (std::uint32_t i = 0; i < space_.root().arenas.load(std::memory_order_acquire); ++i) {
      const Arena& other = space_.arena(i);
      if (i != index_ && (in_store(other, block) || taken(other.fresh) || taken(other.table))) return true;
    }
    return false;
  }

  bool is_free(Block block) const {
    const ChunkState state = space_.state_of(space_.chunk_of(block));
    if (state.has_blocks()) return (free_word(block).load(std::memory_order_acquire) & bit(block)) != 0;
    return state.kind != ChunkKind::run;
  }

  // Does a block begin there? Its chunk may have been given back since, and hold blocks of another size
  // or a large one by now: then there are bytes of somebody's item, whatever they look like.
  bool begins(Block block) const {
    const ChunkState state = space_.state_of(space_.chunk_of(block));
    const std::uint64_t unit = space_.unit_of(block);
    if (state.has_blocks()) return (full_word(state.size_class, unit / 64) & bit(block)) != 0;
    return state.kind == ChunkKind::run && unit == 0;
  }
  // Begins there one of those in which tables are?
  bool may_be_table(Block block) const {
    const ChunkState state = space_.state_of(space_.chunk_of(block));
    return begins(block) && (!state.has_blocks() || state.size_class >= kItemClasses);
  }
  std::uint64_t lives(Block block) const {
    acquire_fence();
    return space_.meta(space_.chunk_of(block)).lives.load(std::memory_order_acquire);
  }

  // Taken was what is noted in the magazine and no more free in the bitmap.
  void settle_magazines() {
    for (Magazine& magazine : arena_.magazines) {
      const std::uint64_t mask = magazine.mask.load(std::memory_order_acquire), filling = magazine.filling();
      if (mask != 0) {
        const std::uint64_t word = Magazine::bitmap_word(filling);
        const std::uint64_t free = space_.meta(word / kWordsPerChunk).free[word % kWordsPerChunk].load();
        magazine.mask.store(mask & ~free, std::memory_order_release);
      }
      magazine.word.store(filling, std::memory_order_release);
    }
  }

  // Is it the table of a partition? Asked of what may be one, by its size.
  bool is_table(Block block) const {
    const ChunkState state = space_.state_of(space_.chunk_of(block));
    if (state.has_blocks() && state.size_class < kItemClasses) return false;
    for (std::uint64_t at = 0; at < space_.root().partitions; ++at)
      if (Space::block_of_table(space_.directory(at).load(std::memory_order_acquire)) == block) return true;
    return false;
  }

  // Ends an insert of `block` that `control`, read from its home bucket, has pending: it is finished, or nobody can
  // finish it any more. False: the control word has changed meanwhile, so that it may be neither.
  static bool end_insert(const Table& table, Bucket& home, std::uint64_t control, Hash hash, Block block) {
    Atomic<std::uint64_t>& slot = table.slot(home, control, control::slot(control));
    // A helper that read the control word before it froze fills the slot as long as the slot is not frozen, and who
    // froze the one may have stopped before the other.
    if (control::is_frozen(control)) {
      slot.fetch_or(slot::kFrozen);
      return true;
    }
    std::uint64_t empty = slot.load();
    if (slot::is_empty(empty) && !slot::is_frozen(empty) && home.control.load() == control)
      slot.compare_exchange_strong(empty, slot::next(empty, hash.tag(), block));
    return home.control.load() == control;
  }

  enum class Found {
    in_table,
    not_there,  // nor can anybody put it there any more
    others,     // it has become something else meanwhile
  };

  // Is the block with this first word in the table? An insert of it that is pending is ended here.
  Found find(Block block, std::uint64_t first) const {
    const std::uint64_t* memory = space_.block(block);
    const BlockHead head = read_head(memory);
    if (!is_same(block, first)) return Found::others;
    if (head.bytes() > space_.room_of(block)) return Found::not_there;  // it was never finished
    std::string key(head.key, '\0');
    copy_out(memory, head.payload, head.key, key.data());
    if (!is_same(block, first)) return Found::others;
    const Hash hash = space_.hash(key);
    const Atomic<std::uint64_t>& entry =
        space_.directory(hash.partition(static_cast<unsigned>(std::countr_zero(space_.root().partitions))));
    while (true) {
      const std::uint64_t word = entry.load(std::memory_order_acquire);
      arena_.hazard.exchange(word);  // as a writer does (write.cc)
      if (entry.load() != word) continue;
      const Table table = space_.table(word);
      Bucket& home = table.home(hash);
      const std::uint64_t control = home.control.load(std::memory_order_seq_cst);
      if (control::is_pending(control) && control::block(control) == block) {
        // The insert is this key's if the block is what it was. Another key would come in under a wrong tag.
        const bool is_this_keys = is_same(block, first);
        if (!is_this_keys) return Found::others;
        if (!end_insert(table, home, control, hash, block)) continue;
      }
      const auto in = [&](const Bucket& bucket) {
        for (const auto& slot : bucket.slots)
          if (slot::block(slot.load(std::memory_order_acquire)) == block) return true;
        return false;
      };
      const Bucket* overflow = table.overflow(control);
      const bool found = in(home) || (overflow != nullptr && in(*overflow));
      if (entry.load(std::memory_order_acquire) == word) return found ? Found::in_table : Found::not_there;
    }
  }

  // What the owner had in hand and did not get into the table becomes stale. Each step can be done again.
  void abandon(Atomic<std::uint64_t>& word) {
    Intent intent = unpack_intent(word.load(std::memory_order_acquire));
    if (intent.block != 0 && !in_store(arena_, intent.block)) {
      if (!intent.filled) {
        if (&word == &arena_.table) forget_old_table(intent.block);
        const std::uint64_t before = first_word(intent.block);
        const auto next = static_cast<std::uint16_t>((before | 1) + 1);
        const std::uint64_t first = (before & ~std::uint64_t{0xffff}) | next;
        change_first_word(space_.block(intent.block), first);
        intent = filled_intent(intent.block, first);
        word.store(pack(intent), std::memory_order_release);
      }
      CRASH_POINT("lockfree.settle.named");
      arena_.stale.store(pack(intent), std::memory_order_release);
      CRASH_POINT("lockfree.settle.abandoned");
    }
    word.store(0, std::memory_order_release);
    settle_stale();
  }

  // Before the intent calls a table in hand filled that is not: who settles after us would believe what its memory was
  // before. So it says that it is no partition's that names it, and is not frozen. Slow readers may look at it still.
  void forget_old_table(Block block) const {
    release_fence();
    store_word(space_.block(block) + offsetof(TableHead, partition) / 8, 0);
    Table(reinterpret_cast<char*>(space_.block(block)), 0).at(0).control.store(0, std::memory_order_relaxed);
  }

  // True when no table is in hand, or the one that is has come into the directory. One that never did is the dead one's
  // alone, so it stays what it was: by its first word, by its chunk, by its partition. Where it is something else, it
  // was published, and whoever replaced it has retired and freed it; but nobody has retired the table that it replaced
  // itself. Where a settlement before us has freed it, it came into no directory; `stale_table` is 0 then.
  bool is_published() const {
    const Intent intent = unpack_intent(arena_.table.load(std::memory_order_acquire));
    const Block block = intent.block;
    if (block == 0) return true;
    if (!intent.filled) return false;
    const std::uint64_t life = lives(block), first = first_word(block);
    const auto is_as_it_was = [&] { return is_same(block, first) && lives(block) == life; };
    if (!is_of(intent, first) || !may_be_table(block)) return true;
    // It may be freed and something else at any moment. So all that is read of it is believed only if the block is the
    // same behind that.
    const std::uint32_t partition = space_.table_head(block).partition;
    if (partition >= space_.root().partitions || !is_as_it_was()) return true;
    if (Space::block_of_table(space_.directory(partition).load()) == block) return true;
    // A table that another has replaced since was frozen before; one that nobody knows never is.
    const Table table(reinterpret_cast<char*>(space_.block(block)), 0);
    const bool is_frozen = control::is_frozen(table.at(0).control.load(std::memory_order_acquire));
    return is_frozen || !is_as_it_was();
  }

  // In the order of Index::publish: `stale_table` means something as long as the table came into the directory.
  void settle_tables() {
    if (!is_published()) {
      arena_.stale_table.store(0, std::memory_order_release);
      abandon(arena_.table);
      return;
    }
    arena_.table.store(0, std::memory_order_release);
    const std::uint64_t word = arena_.stale_table.load(std::memory_order_acquire);
    const Block block = Space::block_of_table(word);
    if (word != 0 && !is_retired(block)) {
      space_.table_head(block).retired_next = arena_.retired.load();
      space_.table_head(block).retired_epoch = space_.root().epoch.fetch_add(1);
      arena_.retired.store(block, std::memory_order_release);
    }
    arena_.stale_table.store(0, std::memory_order_release);
  }

  bool is_retired(Block block) const {
    for (auto at = static_cast<Block>(arena_.retired.load()); at != 0;
         at = static_cast<Block>(space_.table_head(at).retired_next))
      if (at == block) return true;
    return false;
  }

  // A block, or a retired table, that was about to be freed, or could not be used. It may be from anybody's chunk. If
  // it is in no table, whoever claims it frees it; if the dead owner had claimed it, it is for us to see how far it
  // came: a free block goes from the bitmap to a magazine, to an intent, to a new generation, and we look in that
  // order. From a magazine back to the bitmap it goes only claimed by another (put_back). Where it was free, its whole
  // chunk may have become something else; so all looks must be at one life of the chunk, in which a block begins there.
  void settle_stale() {
    const Intent intent = unpack_intent(arena_.stale.load(std::memory_order_acquire));
    const Block block = intent.block;
    if (block == 0) return;
    if (!in_store(arena_, block) && !is_retired(block)) {
      claim_if_in_no_table(intent);
      if (is_claimed_and_nowhere(intent)) space_.free_block(block);
    }
    arena_.stale.store(0, std::memory_order_release);
  }

  void claim_if_in_no_table(Intent intent) {
    const Block block = intent.block;
    const std::uint64_t life = lives(block), first = first_word(block);
    if (!is_of(intent, first) || !begins(block) || is_table(block) || find(block, first) != Found::not_there) return;
    if (lives(block) == life) claim_block(space_.block(block), first, index_);
  }

  bool is_claimed_and_nowhere(Intent intent) const {
    const Block block = intent.block;
    const std::uint64_t life = lives(block);
    const auto is_ours = [&] { return is_claimed(space_.block(block), intent.generation, index_); };
    return is_ours() && begins(block) && !is_free(block) && !in_other_hands(block) && is_ours() && lives(block) == life;
  }

  Space& space_;
  std::uint32_t index_;
  Arena& arena_;
};

}  // namespace

void settle(Space& space, std::uint32_t arena) { Settlement(space, arena).run(); }

void put_back(Space& space, std::uint32_t index) {
  Arena& arena = space.arena(index);
  // A block may be of another's chunk, who takes it as soon as it is free. So the store forgets it before, and the
  // intent names it in between. It is claimed first: by its first word, whoever puts the arena in order after us sees
  // how far we came, and whoever puts another in order that freed it before sees that it is in other hands.
  const auto put_back_block = [&](Block block, const auto& forget) {
    std::uint64_t* const memory = space.block(block);
    const auto generation = static_cast<std::uint16_t>(load_word(memory) & ~std::uint64_t{1});
    change_first_word(memory, claimed_word(generation, index));
    arena.stale.store(pack(Intent{.block = block, .generation = generation, .filled = true}));
    CRASH_POINT("lockfree.put_back.noted");
    forget();
    CRASH_POINT("lockfree.put_back.taken");
    space.free_block(block);
    CRASH_POINT("lockfree.put_back.freed");
    arena.stale.store(0);
  };
  for (Magazine& magazine : arena.magazines) {
    const std::uint64_t word = magazine.at();
    for (std::uint64_t mask = magazine.mask.load(); mask != 0;) {
      const auto unit = word % kWordsPerChunk * 64 + static_cast<unsigned>(std::countr_zero(mask));
      mask &= mask - 1;
      put_back_block(space.block_at(word / kWordsPerChunk, unit), [&] { magazine.mask.store(mask); });
    }
  }
  for (auto& spare : arena.spare)
    if (const auto block = static_cast<Block>(spare.load()); block != 0) put_back_block(block, [&] { spare.store(0); });
}

}  // namespace dictbench::lockfree
