// The shared memory of a stream-log: where generations of the stream lie, and which of them is the current one.
//
// A *generation* is a dump of the dict followed by a stream of the changes since:
//
//     | dump: one record for each key | stream: one record for each change ... | not written yet |
//     ^ base                          ^ base                                   ^ published       ^ limit
//
// *Positions* count bytes of stream over the dict's whole life: the generation's dump is the dict at position `base`,
// its stream begins there and ends at `limit` at the latest, and the next generation has base = limit + 8. So a
// position belongs to one generation for ever, and one word, Root::published, says both how much there is and in which
// generation: storing it is the one step by which a change, or a new generation, comes into force.
//
// A generation lies in one of four *areas*. Two of them, the homes, have always room committed for a dump of the whole
// dict and a stream of `least_stream` bytes: a write that would make the dict larger than that is Error(full). So a new
// generation always finds a place, beside the current one, however full the dict. The other two areas, the spares, are
// taken when a reader still reads what lies in the free home, and memory is left; where none is, its pin is revoked.
// What the spares hold is given back before a write is refused.
//
// A generation is *taken away* before its memory is used again: its number gets the mark kAway, so that nobody begins
// to read it, and stays beside the mark until another generation is whole there, so that every writer who wants
// the memory looks at the pins of that number, also after one that was killed before it had looked.
//
// What changes under the writers' lock only: everything here but `published` is written by the lock's holder; readers
// read `published` and the areas' atomics, under a pin (reader_slots.h). A holder may be killed anywhere:
//  - before published is stored nothing has happened: the record beyond it is written over by the next, the new
//    generation beyond it (greater than the current one) is dropped by the next restart, and what was taken away stays
//    so: nobody puts a number back but the very call that took it away, as something may have been written there;
//  - after it, `writer` may still tell of the generation before. It cannot mislead: `limit` is stored last and read
//    first, and an old limit lies below `published`, so that the next writer sees no room and looks (adopt()).
//
// One SharedStream per Dict: used by one thread, of the process that made it. areas.cc holds the generations,
// area_sizes.cc the memory that they take.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "engines/error.h"
#include "engines/shm/robust_mutex.h"
#include "engines/shm/segment.h"
#include "engines/stream_log/reader_slots.h"
#include "engines/stream_log/record.h"

namespace dictbench::stream_log {

struct Sizes {
  std::uint64_t most = 0;    // bytes that the segment may take
  std::uint64_t buffer = 0;  // bytes of every stream; 0: first_stream, and as long as the dump when that is longer
  std::uint64_t first_stream = 0;  // bytes of the first stream; `buffer` where that is given
  std::uint64_t expected = 0;      // bytes of records that room is committed for at once
};

// A generation as its readers know it; copied out while the generation is pinned.
struct Place {
  std::uint64_t generation = 0;  // 0: none
  std::uint32_t area = 0;
  std::uint64_t base = 0, limit = 0;                     // positions
  std::uint64_t dump_at = 0, dump_bytes = 0, items = 0;  // offset in the segment's data, bytes, keys

  // Offset in the segment's data.
  std::uint64_t at(std::uint64_t position) const noexcept { return dump_at + dump_bytes + (position - base); }
  std::uint64_t stream_bytes() const noexcept { return limit - base; }
};

struct Statistics {
  std::uint64_t dumps_written = 0, dumps_loaded = 0;
};

class SharedStream {
 public:
  // A new segment with an empty stream. Throws Error as Segment::create does, SpecError where the sizes do not fit.
  static Segment create(const Sizes& sizes);
  static Statistics statistics(const Segment& segment);
  static std::uint64_t claimed_slots(const Segment& segment);

  // Attaches, without waiting for anybody. Throws Error as Segment::open does.
  explicit SharedStream(const std::string& segment_name);

  RobustMutex& lock() const noexcept { return root_->lock; }
  ReaderSlots& slots() const noexcept { return root_->slots; }

  // Up to where changes are in force. One load; equal to a reader's own position: there is nothing new.
  std::uint64_t published() const noexcept { return root_->published.load(std::memory_order_acquire); }
  std::uint64_t published_after_pin() const noexcept { return root_->published.load(std::memory_order_seq_cst); }

  std::uint64_t* words(std::uint64_t offset) const noexcept {
    return reinterpret_cast<std::uint64_t*>(segment_.data() + offset);
  }

  // --- for readers -----------------------------------------------------------------------------------------------

  // The newest generation that `published` tells of. Not pinned, so it may be half of one generation and half of
  // another: pin it, then ask find_pinned().
  Place newest(std::uint64_t published) const;

  // The generation whose number the reader has pinned, with all that belongs to it; nothing where it was taken away.
  std::optional<Place> find_pinned(const Place& place) const noexcept;

  // Asked before the memory of a pinned generation is read, and again afterwards: who has read a word that somebody has
  // written over it finds it taken away, whatever became of the pin.
  bool still_there(const Place& place) const noexcept {
    return root_->areas[place.area].generation.load(std::memory_order_seq_cst) == place.generation;
  }

  // Of a generation that is pinned and no longer the current one: where its stream has ended.
  std::uint64_t end_of(const Place& place) const noexcept;

  // The one after it, if it is there still and its dump is the state at the end of this one's stream. Not pinned: as
  // newest().
  std::optional<Place> successor(const Place& place) const;

  void count_load() const noexcept { root_->dumps_loaded.fetch_add(1, std::memory_order_relaxed); }

  // --- for the holder of the lock --------------------------------------------------------------------------------

  // Room for a record of `bytes` which makes the dict larger by at most `growth`: takes it and returns true, or false:
  // then the replica is to be brought up to date and make_room() or begin() decides.
  bool take_room(std::uint64_t bytes, std::uint64_t growth) noexcept;
  std::uint64_t* tail() const noexcept;              // where the record goes
  void publish(std::uint64_t bytes) const noexcept;  // after it has been written

  // Finds the current generation where a killed writer has left it unsaid.
  Place adopt();

  // The dict takes `now` bytes, and will take `then`. Throws Error(full) where it may not, or cannot: nothing has
  // changed then. Always succeeds where `then` is not more than `now`.
  void make_room(std::uint64_t now, std::uint64_t then);

  // Whether make_room() could succeed if only the spares held nothing.
  bool homes_can_hold(std::uint64_t dump_bytes) const noexcept {
    return dump_bytes <= root_->area_bytes - root_->least_stream;
  }
  static bool at_home(const Place& place) noexcept { return place.area < kHomes; }

  // Gives the memory of spares that nobody reads back to the file system. None of it while a reader whose pin was
  // revoked has not found out.
  void give_back_spares(const Place& current);

  // A new generation, in three steps: a place for it, outside of everybody's sight; then the dump is written there;
  // then it comes into force. begin() may be called anew instead of going on. `in_home`: in no spare.
  // `bound`: bytes of the dict at most, with the change for which room is being made.
  // `follows`: the dump is the state at the end of the stream before, so that readers who have read that to its end
  // need not load it.
  Place begin(const Place& current, std::uint64_t dump_bytes, std::uint64_t items, bool in_home = false);
  void install(const Place& current, const Place& next, std::uint64_t bound, bool follows);

  // What is broken, or empty. `dump_bytes`: what the dict takes now.
  std::string broken(std::uint64_t dump_bytes) const;

 private:
  static constexpr std::uint32_t kHomes = 2, kAreas = 4;
  static constexpr std::uint64_t kAway = std::uint64_t{1} << 63;
  static constexpr std::uint64_t kGap = kWord;  // between one generation's limit and the next one's base

  struct Area {
    std::atomic<std::uint64_t> generation = 0;  // that lies here, marked kAway once it is taken away; 0: none
    std::atomic<std::uint64_t> base = 0, limit = 0, end = 0;
    std::atomic<std::uint64_t> dump_bytes = 0, items = 0;
    std::atomic<std::uint64_t> follows = 0;
    std::atomic<std::uint64_t> committed = 0;  // bytes of the area that may be touched
  };

  // The writers' notes. Whatever a kill leaves here is on the safe side: see `limit` above; `bound` and `capacity` are
  // an upper bound of the dict's bytes and a lower one of the room for them.
  struct Notes {
    std::atomic<std::uint64_t> limit = 0;   // of the current generation
    std::atomic<std::uint64_t> origin = 0;  // offset of position 0 in the segment's data, modulo 2^64
    std::atomic<std::uint64_t> bound = 0;
    std::atomic<std::uint64_t> capacity = 0;
  };

  struct Root {
    std::uint64_t most = 0, area_bytes = 0, buffer = 0, first_stream = 0, least_stream = 0;
    alignas(128) RobustMutex lock;
    alignas(128) std::atomic<std::uint64_t> published = 0;
    Notes writer;
    alignas(128) std::array<Area, kAreas> areas;
    std::atomic<std::uint64_t> dumps_written = 0, dumps_loaded = 0;
    ReaderSlots slots;
  };

  explicit SharedStream(Segment segment);
  static SegmentLayout layout();
  static std::uint64_t root_bytes();
  void start(std::uint64_t expected);

  std::uint64_t area_at(std::uint32_t area) const noexcept;
  std::uint64_t committed(std::uint32_t area) const noexcept;
  std::uint64_t capacity() const noexcept;
  std::uint64_t room_for(std::uint32_t area) const noexcept;
  void allocate(std::uint32_t area, std::uint64_t bytes);
  void commit(std::uint32_t area, std::uint64_t bytes);
  bool try_commit(std::uint32_t area, std::uint64_t bytes);
  void commit_homes(std::uint64_t bytes);
  Error full() const;

  Place read(std::uint32_t area) const noexcept;
  void drop_unborn(const Place& current) noexcept;
  std::uint32_t choose(const Place& current, std::uint64_t least, bool in_home);
  bool take_away(std::uint32_t area, bool by_force);
  void note(const Place& current, std::uint64_t bound) noexcept;

  Segment segment_;
  Root* root_;
};

}  // namespace dictbench::stream_log
