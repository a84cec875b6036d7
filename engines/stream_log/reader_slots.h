// Who reads which generation of the stream: slots in shared memory, one a Dict, so that a generation's memory is not
// written anew while somebody reads it, and is when that somebody has died.
//
//   owner  who has the slot (owner_word.h), 0: nobody. Claimed by a compare-and-swap from 0 or from a dead owner's
//          word, by anybody, under no lock: who attaches waits for nobody
//   pin    the generation that the owner is reading now, 0 for none. Stored by the owner; a writer that has no other
//          memory left may revoke it, and its reader finds out when it lets go. Means nothing where nobody has the slot
//
// Why no generation changes under a reader's eyes (Dekker's argument): the reader stores its pin, then looks whether
// the generation is still there; the writer takes the generation away, then looks at the pins. All four are seq_cst,
// so one of the two sees the other: the reader steps back, or the writer takes other memory (areas.h). A writer looks
// at the slots below `used_` only. That is no hole in the argument: whoever claims a slot has raised `used_` over it
// before, seq_cst too, so in the one order of all these steps it comes before the pin, and before the writer's load of
// `used_` wherever the pin comes before the writer's look at the pin.
//
// A killed reader leaves its slot and its pin. Whoever wants that memory, or a slot, asks whether the owner lives.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace dictbench::stream_log {

// 128 bytes: the prefetcher of x86 fetches lines in pairs.
struct alignas(128) Slot {
  std::atomic<std::uint64_t> pin = 0;
  std::atomic<std::uint64_t> owner = 0;
};

class ReaderSlots {
 public:
  static constexpr std::size_t kSlots = 128;  // dicts beyond these read under the writers' lock: right, but slower

  // A free slot, or that of a dead process; null when there is none. Any process, without a lock. Asks after the owners
  // of the slots in use (5 us each) only where none of these is free. Throws Error as ProcessIdentity::self() does.
  Slot* claim();

  // By the slot's owner, without a lock.
  static void give_back(Slot& slot);

  // Under the writers' lock: whether a living process has pinned the generation (5 us for each that has, to see whether
  // it lives). Frees the slots of dead ones.
  bool pinned(std::uint64_t generation);

  // Under the writers' lock: whoever has pinned the generation will find out when it lets go.
  void revoke(std::uint64_t generation);

  // Under the writers' lock: whether a reader has not found out yet. It may look at memory that is not its any more.
  bool any_revoked() { return pinned(kRevoked); }

  // Slots claimed now, those of killed processes included until another wants them. Any thread, without a lock.
  std::size_t claimed() const;

 private:
  static constexpr std::uint64_t kRevoked = UINT64_MAX;

  bool claim(std::uint32_t number, std::uint64_t from, std::uint64_t to);

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
