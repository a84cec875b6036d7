#include "engines/blob/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <new>

#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/shm/spin.h"

namespace dictbench::blob {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kFirstSlot = 64 << 10;

std::uint64_t round_down_to_page(std::uint64_t bytes) { return bytes / kPage * kPage; }

struct alignas(64) Descriptor {
  std::atomic<std::uint64_t> number = 0;  // of the block it describes; 0: of none
  std::atomic<std::uint64_t> at = 0;      // from the first slot on
  std::atomic<std::uint64_t> room = 0;    // bytes of the slot
};

}  // namespace

struct Store::Root {
  MultilinearHash hash;
  std::uint64_t most_items = 0;
  std::uint64_t largest_slot = 0;  // half of what may be committed
  alignas(128) RobustMutex lock;
  std::uint64_t slot_bytes = 0;  // now; of the largest slot, as often halved
  alignas(128) std::atomic<std::uint64_t> current = 0;
  std::array<Descriptor, 2> descriptors;
};

SegmentLayout Store::layout() { return {.name = "blob", .version = 3, .least_bytes = slots_at() + 2 * kPage}; }

std::uint64_t Store::slots_at() { return (sizeof(Root) + kPage - 1) / kPage * kPage; }

Segment Store::create(std::uint64_t most_bytes, std::uint64_t most_items) {
  const std::uint64_t most = std::min(most_bytes, slots_at() + 2 * kLargestBlock);
  const std::uint64_t largest = round_down_to_page((most - slots_at()) / 2);
  std::uint64_t first = largest;
  while (round_down_to_page(first / 2) >= kFirstSlot) first = round_down_to_page(first / 2);
  Segment segment = Segment::create(layout(), slots_at() + 2 * largest, slots_at() + 2 * first);
  Root& root = *new (segment.data()) Root;
  root.hash = MultilinearHash(HashKey::random());
  root.most_items = most_items;
  root.largest_slot = largest;
  root.slot_bytes = first;
  Editor(segment.data() + slots_at(), first, root.hash).make_empty();
  Descriptor& descriptor = root.descriptors[1];
  descriptor.room.store(first, std::memory_order_relaxed);
  descriptor.number.store(1, std::memory_order_relaxed);
  root.current.store(1, std::memory_order_release);
  segment.publish();
  return segment;
}

const MultilinearHash& Store::hash() const { return root().hash; }

Store::View Store::current() const {
  const Root& shared = root();
  while (true) {
    const std::uint64_t number = shared.current.load(std::memory_order_acquire);
    const Descriptor& descriptor = shared.descriptors[number % 2];
    if (descriptor.number.load(std::memory_order_acquire) == number) [[likely]] {
      const std::uint64_t room = descriptor.room.load(std::memory_order_relaxed);
      const std::uint64_t at = descriptor.at.load(std::memory_order_relaxed);
      // Read from a descriptor that is being rewritten, they do not belong together.
      if (still(number)) return {number, Block(segment_.data() + slots_at() + at, room, shared.hash)};
    }
    spin_pause();
  }
}

bool Store::still(std::uint64_t number) const {
  std::atomic_thread_fence(std::memory_order_acquire);
  return root().descriptors[number % 2].number.load(std::memory_order_relaxed) == number;
}

// Sees to it that both slots have room for a block of `bytes`. Twice a slot's bytes at least, so that where the current
// block lies, in the second of the old slots at worst, is in the first of the new ones.
void Store::enlarge(std::uint64_t bytes) {
  Root& shared = root();
  if (bytes <= shared.slot_bytes) return;
  if (bytes > shared.largest_slot)
    throw Error(ErrorCode::full,
                fmt::format("blob is full: a block of {} bytes, and each of its two slots may have {}; raise max=",
                            bytes, shared.largest_slot));
  std::uint64_t slot = shared.largest_slot;
  while (round_down_to_page(slot / 2) >= bytes) slot = round_down_to_page(slot / 2);
  const std::uint64_t before = segment_.committed();
  segment_.commit(slots_at() + 2 * slot);
  segment_.join_pages(before, slots_at() + 2 * slot);
  CRASH_POINT("blob.enlarge.committed");
  shared.slot_bytes = slot;
  CRASH_POINT("blob.enlarge.done");
}

void Store::change(const std::function<std::optional<Growth>(const Block&)>& plan,
                   const std::function<void(Editor&)>& edit) {
  Root& shared = root();
  const RobustMutexGuard guard(shared.lock, timeout_);
  CRASH_POINT("blob.change.locked");
  // Nobody else writes: what is current now stays so.
  const View old = current();
  const std::optional<Growth> growth = plan(old.block);
  if (!growth) return;
  if (growth->items != 0 && old.block.items() + growth->items > shared.most_items)
    throw Error(ErrorCode::full,
                fmt::format("blob is full: {} items, as many as items= allows, since each set copies them all",
                            shared.most_items));
  const std::uint64_t bytes = room_for(old.block, growth->items, growth->bytes);
  enlarge(bytes);
  // In front of the current block where there is room, else in the second slot, which then lies behind it.
  const std::uint64_t old_at = shared.descriptors[old.number % 2].at.load(std::memory_order_relaxed);
  const bool in_front = bytes <= old_at;
  const std::uint64_t at = in_front ? 0 : shared.slot_bytes;
  const std::uint64_t room = in_front ? old_at : shared.slot_bytes;
  const std::uint64_t number = old.number + 1;
  Descriptor& descriptor = shared.descriptors[number % 2];
  // From here on readers of the block before the current one try again: its memory may be ours now.
  descriptor.number.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  CRASH_POINT("blob.change.begun");
  Editor editor(segment_.data() + slots_at() + at, room, shared.hash);
  editor.copy(old.block);
  CRASH_POINT("blob.change.copied");
  edit(editor);
  CRASH_POINT("blob.change.edited");
  descriptor.at.store(at, std::memory_order_relaxed);
  descriptor.room.store(room, std::memory_order_relaxed);
  CRASH_POINT("blob.change.described");
  descriptor.number.store(number, std::memory_order_release);
  CRASH_POINT("blob.change.numbered");
  shared.current.store(number, std::memory_order_release);
  CRASH_POINT("blob.change.published");
}

}  // namespace dictbench::blob
