// The memory of the areas: how long they are, how much of each is committed, and when some is given back.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/spec.h"
#include "engines/stream_log/areas.h"

namespace dictbench::stream_log {
namespace {

// Areas begin at a multiple of this in the file, and grow in multiples of it: the largest pages that Linux has on Arm.
// A page that two areas share could lose what one has allocated when the other's allocation fails (segment.h).
constexpr std::uint64_t kStep = 64 << 10;

// The shortest stream beside a full dict where `buffer` does not say.
constexpr std::uint64_t kLeastStream = 64 << 10;

// Growth of the homes by a quarter, within bounds: the lock is held meanwhile, and a page costs about 2 us.
constexpr std::uint64_t kLeastGrowth = 1 << 20;
constexpr std::uint64_t kMostGrowth = 64 << 20;

// 32 TiB: four areas of half of that are half of what a process can map.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 45;

std::uint64_t round_up(std::uint64_t bytes, std::uint64_t step) { return (bytes + step - 1) / step * step; }

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

SegmentLayout SharedStream::layout() { return {.name = "stream-log", .version = 2, .least_bytes = sizeof(Root)}; }

// Up to where the first area begins.
std::uint64_t SharedStream::root_bytes() {
  return round_up(Segment::kHeaderBytes + sizeof(Root), kStep) - Segment::kHeaderBytes;
}

Segment SharedStream::create(const Sizes& sizes) {
  if (sizes.most > kMostBytes)
    throw SpecError(
        fmt::format("engine stream-log: max={} is more than a process can map; at most {}", sizes.most, kMostBytes));
  const std::uint64_t area_bytes = sizes.most > root_bytes() ? (sizes.most - root_bytes()) / kHomes / kStep * kStep : 0;
  const std::uint64_t buffer = whole_words(std::min(sizes.buffer, kMostBytes));
  const std::uint64_t least_stream = buffer != 0 ? buffer : kLeastStream;
  if (area_bytes < least_stream + kLeastStream)
    throw SpecError(fmt::format("engine stream-log: max={} has no room for two streams of {} bytes; at least {}",
                                sizes.most, least_stream,
                                root_bytes() + kHomes * round_up(least_stream + kLeastStream, kStep)));
  Segment segment = Segment::create(layout(), root_bytes() + kAreas * area_bytes, sizeof(Root));
  auto* root = new (segment.data()) Root;
  root->most = sizes.most;
  root->area_bytes = area_bytes;
  root->buffer = buffer;
  root->least_stream = least_stream;
  root->first_stream = std::max(least_stream, whole_words(std::min(sizes.first_stream, area_bytes / 2)));
  SharedStream stream(std::move(segment));
  stream.start(sizes.expected);
  stream.segment_.publish();
  return std::move(stream.segment_);
}

// The first generation: an empty dump and the first stream.
void SharedStream::start(std::uint64_t expected) {
  const std::uint64_t least = root_->least_stream;
  const std::uint64_t room = std::min(expected, root_->area_bytes - least) + least;
  commit(0, std::max(room, root_->first_stream));
  commit(1, room);
  Area& first = root_->areas[0];
  first.base.store(kGap, kRelaxed);
  first.limit.store(kGap + root_->first_stream, kRelaxed);
  first.generation.store(1, kRelaxed);
  root_->published.store(kGap, std::memory_order_release);
  note(read(0), 0);
}

SharedStream::SharedStream(Segment segment)
    : segment_(std::move(segment)), root_(reinterpret_cast<Root*>(segment_.data())) {}

SharedStream::SharedStream(const std::string& segment_name) : SharedStream(Segment::open(segment_name, layout())) {
  const std::uint64_t room = segment_.reserved();
  if (room < root_bytes() || root_->area_bytes > (room - root_bytes()) / kAreas)
    throw Error(ErrorCode::corrupt, fmt::format("shared memory {} has {} bytes, too few for four areas of {}",
                                                segment_name, room, root_->area_bytes));
}

Statistics SharedStream::statistics(const Segment& segment) {
  const auto* root = reinterpret_cast<const Root*>(segment.data());
  return {.dumps_written = root->dumps_written.load(kRelaxed), .dumps_loaded = root->dumps_loaded.load(kRelaxed)};
}

std::uint64_t SharedStream::claimed_slots(const Segment& segment) {
  return reinterpret_cast<const Root*>(segment.data())->slots.claimed();
}

std::uint64_t SharedStream::area_at(std::uint32_t area) const noexcept {
  return root_bytes() + area * root_->area_bytes;
}

std::uint64_t SharedStream::committed(std::uint32_t area) const noexcept {
  return root_->areas[area].committed.load(kRelaxed);
}

// Bytes that the dict may take as things are.
std::uint64_t SharedStream::capacity() const noexcept {
  const std::uint64_t least = std::min(committed(0), committed(1));
  return least > root_->least_stream ? least - root_->least_stream : 0;
}

// Bytes that the area may have committed in all, in whole steps.
std::uint64_t SharedStream::room_for(std::uint32_t number) const noexcept {
  std::uint64_t others = root_bytes();
  for (std::uint32_t i = 0; i < kAreas; ++i)
    if (i != number) others += committed(i);
  return std::min(root_->area_bytes, others < root_->most ? (root_->most - others) / kStep * kStep : 0);
}

Error SharedStream::full() const {
  return {ErrorCode::full, fmt::format("stream-log is full: {} bytes, half for the dict as it is and half for its next "
                                       "dump, are all that it may take; raise max=",
                                       root_->most)};
}

void SharedStream::allocate(std::uint32_t number, std::uint64_t bytes) {
  CRASH_POINT("stream-log.grow.begun");
  segment_.commit_range(area_at(number) + committed(number), area_at(number) + bytes);
  CRASH_POINT("stream-log.grow.allocated");
  root_->areas[number].committed.store(bytes, kRelaxed);
  CRASH_POINT("stream-log.grow.done");
}

// Commits at least so many bytes of the area, and up to an eighth more where there is room: an area keeps what it ever
// had, and without that a dict whose size wavers sets a new record, and pays for it, with every other dump.
void SharedStream::commit(std::uint32_t number, std::uint64_t bytes) {
  if (bytes <= committed(number)) return;
  const std::uint64_t room = room_for(number), least = round_up(bytes, kStep);
  if (least > room) throw full();
  const std::uint64_t step = std::max(kStep, std::bit_floor(least) / 8);
  try {
    allocate(number, std::min(room, round_up(least, step)));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::full) throw;
    allocate(number, least);
  }
}

bool SharedStream::try_commit(std::uint32_t area, std::uint64_t bytes) {
  try {
    commit(area, bytes);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::full) throw;
    return false;
  }
}

// So many bytes in each home. Asked first whether there is room for both: what the one had taken for itself alone would
// be of no use, and the other might lack it for ever.
void SharedStream::commit_homes(std::uint64_t bytes) {
  const std::uint64_t least = round_up(bytes, kStep);
  std::uint64_t missing = 0, together = root_bytes();
  for (std::uint32_t i = 0; i < kAreas; ++i) {
    together += committed(i);
    if (i < kHomes && least > committed(i)) missing += least - committed(i);
  }
  if (missing == 0) return;
  if (least > root_->area_bytes || together + missing > root_->most) throw full();
  if (const SharedMemorySpace space = shared_memory_space(); space.total != 0 && missing > space.free)
    throw Error(
        ErrorCode::full,
        fmt::format("no room in /dev/shm for {} bytes more of stream-log: {} bytes are free; free some or mount "
                    "it larger",
                    missing, space.free));
  for (std::uint32_t home = 0; home < kHomes; ++home)
    if (least > committed(home)) allocate(home, least);
}

void SharedStream::make_room(std::uint64_t now, std::uint64_t then) {
  Notes& notes = root_->writer;
  const std::uint64_t bound = std::max(now, then);
  const std::uint64_t room = bound + root_->least_stream;
  // With little room left, the bound, which counts an overwritten value twice, would soon send everybody here again.
  if (const std::uint64_t spare = bound / 16 + kLeastStream; capacity() < bound + spare) {
    const std::uint64_t step = std::clamp(bound / 4, kLeastGrowth, kMostGrowth);
    const std::uint64_t generous = std::max(room, std::min(room + step, root_->area_bytes));
    try {
      commit_homes(generous);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full) throw;
      if (then > now) commit_homes(room);
    }
  }
  notes.capacity.store(capacity(), kRelaxed);
  notes.bound.store(bound, kRelaxed);
}

// Counted as given back first: killed in between, the area has memory that nobody counts, until it grows again or the
// next who is short of room comes here, who gives back the whole area whatever is counted.
void SharedStream::give_back_spares(const Place& current) {
  // A revoked reader may look anywhere until it finds out, and its look at a hole would take memory again.
  if (root_->slots.any_revoked()) return;
  drop_unborn(current);
  for (std::uint32_t spare = kHomes; spare < kAreas; ++spare) {
    if (spare == current.area || !take_away(spare, false)) continue;
    root_->areas[spare].committed.store(0, kRelaxed);
    CRASH_POINT("stream-log.give_back.uncounted");
    segment_.release_range(area_at(spare), area_at(spare) + root_->area_bytes);
    CRASH_POINT("stream-log.give_back.released");
  }
}

}  // namespace dictbench::stream_log
