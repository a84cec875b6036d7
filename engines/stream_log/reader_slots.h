// Who reads which generation of the stream: slots in shared memory, one a Dict, so that a generation's memory is not
// written anew while somebody reads it, and is when that somebody has died.
//
//   pin      the generation that the slot's owner is reading now, 0 for none. Stored by the owner; a writer that has
//            no other memory left may revoke it, and its reader finds out when it lets go
//   claimed  1 while the slot has an owner. Claimed and freed under the writers' lock, given back without it
//   owner    who that is
//
// Why no generation changes under a reader's eyes (Dekker's argument): the reader stores its pin, then looks whether
// the generation is still there; the writer takes the generation away, then looks at the pins. All four are seq_cst,
// so one of the two sees the other: the reader steps back, or the writer takes other memory (areas.h).
//
// A killed reader leaves its pin. Whoever wants that memory asks whether the owner lives, and frees a dead one's slot.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engines/shm/process_identity.h"

namespace dictbench::stream_log {

// 128 bytes: the prefetcher of x86 fetches lines in pairs.
struct alignas(128) Slot {
  std::atomic<std::uint64_t> pin = 0;
  std::atomic<std::uint32_t> claimed = 0;
  ProcessIdentity owner;
};

class ReaderSlots {
 public:
  static constexpr std::size_t kSlots = 128;  // dicts beyond these read under the writers' lock: right, but slower

  // Under the writers' lock. A free slot, or that of a dead process; null when there is none.
  Slot* claim();

  // By the slot's owner, without the lock.
  static void give_back(Slot& slot);

  // Under the writers' lock: whether a living process has pinned the generation. Frees the slots of dead ones.
  bool pinned(std::uint64_t generation);

  // Under the writers' lock: whoever has pinned the generation will find out when it lets go.
  void revoke(std::uint64_t generation);

  // Slots claimed now, those of killed processes included until another wants them. Any thread, without a lock.
  std::size_t claimed() const;

 private:
  std::atomic<std::uint32_t> used_ = 0;  // no slot from here on was ever claimed; only grows
  std::array<Slot, kSlots> slots_;
};

// One stretch of reading, by the owner of a slot; without a slot (the caller holds the writers' lock, so nothing is
// written anew) every call succeeds. Lets go at the end of its life.
class Pin {
 public:
  explicit Pin(Slot* slot) noexcept : slot_(slot) {}
  ~Pin();
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

  // From now on this generation, whatever it was before. Whether it is still there is to be looked at afterwards.
  void set(std::uint64_t generation) noexcept;

  // The same, and whether the pin before has held until now: if not, what was read under it is not to be believed.
  bool move(std::uint64_t generation) noexcept;

  // Lets go; whether the pin has held until now.
  bool release() noexcept { return move(0); }

  // Whether it holds still: where something read under it is wrong, the pin was revoked, or the memory is damaged.
  bool holds() const noexcept;

 private:
  Slot* slot_;
  std::uint64_t generation_ = 0;
};

}  // namespace dictbench::stream_log
