#include "engines/stream_log/areas.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/spec.h"
#include "engines/stream_log/record.h"

namespace dictbench::stream_log {
namespace {

constexpr SegmentLayout kLayout{.name = "stream-log", .version = 1};

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kGap = kWord;  // between one generation's limit and the next one's base

// The shortest stream beside a full dict where `buffer` does not say.
constexpr std::uint64_t kLeastStream = 64 << 10;

// Growth of the homes by a quarter, within bounds: the lock is held meanwhile, and a page costs about 2 us.
constexpr std::uint64_t kLeastGrowth = 1 << 20;
constexpr std::uint64_t kMostGrowth = 64 << 20;

std::uint64_t round_up(std::uint64_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

std::uint64_t SharedStream::root_bytes() { return round_up(sizeof(Root)); }

Segment SharedStream::create(const Sizes& sizes) {
  const std::uint64_t area_bytes = sizes.most > root_bytes() ? (sizes.most - root_bytes()) / kHomes / kPage * kPage : 0;
  const std::uint64_t least_stream = sizes.buffer != 0 ? whole_words(sizes.buffer) : kLeastStream;
  if (area_bytes < least_stream + kLeastStream)
    throw SpecError(fmt::format("engine stream-log: max={} has no room for two streams of {} bytes; at least {}",
                                sizes.most, least_stream,
                                root_bytes() + kHomes * round_up(least_stream + kLeastStream)));
  Segment segment = Segment::create(kLayout, root_bytes() + kAreas * area_bytes, root_bytes());
  auto* root = new (segment.data()) Root;
  root->most = sizes.most;
  root->area_bytes = area_bytes;
  root->buffer = sizes.buffer == 0 ? 0 : least_stream;
  root->least_stream = least_stream;
  root->first_stream = std::clamp(whole_words(sizes.first_stream), least_stream, area_bytes / 2 / kPage * kPage);
  SharedStream(segment.name()).start(sizes.expected);
  return segment;
}

// The first generation: an empty dump and the first stream.
void SharedStream::start(std::uint64_t expected) {
  const std::uint64_t room = std::min(root_->area_bytes, expected + root_->least_stream);
  commit(0, std::max(room, root_->first_stream));
  commit(1, room);
  Area& first = root_->areas[0];
  first.base.store(kGap, kRelaxed);
  first.limit.store(kGap + root_->first_stream, kRelaxed);
  first.generation.store(1, kRelaxed);
  root_->published.store(kGap, std::memory_order_release);
  note(read(0), 0);
}

SharedStream::SharedStream(const std::string& segment_name)
    : segment_(Segment::open(segment_name, kLayout)), root_(reinterpret_cast<Root*>(segment_.data())) {}

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

Place SharedStream::read(std::uint32_t number) const noexcept {
  const Area& area = root_->areas[number];
  return {.generation = area.generation.load(std::memory_order_acquire),
          .area = number,
          .base = area.base.load(kRelaxed),
          .limit = area.limit.load(kRelaxed),
          .dump_at = area_at(number),
          .dump_bytes = area.dump_bytes.load(kRelaxed),
          .items = area.items.load(kRelaxed)};
}

Place SharedStream::newest(std::uint64_t published) const {
  Place newest;
  for (std::uint32_t i = 0; i < kAreas; ++i) {
    const Place place = read(i);
    if (place.generation != 0 && place.base <= published && place.base >= newest.base) newest = place;
  }
  return newest;
}

std::uint64_t SharedStream::end_of(const Place& place) const noexcept {
  return root_->areas[place.area].end.load(std::memory_order_acquire);
}

std::optional<Place> SharedStream::successor(const Place& place) const {
  for (std::uint32_t i = 0; i < kAreas; ++i) {
    const Place next = read(i);
    if (next.generation == place.generation + 1 && next.base == place.limit + kGap &&
        root_->areas[i].follows.load(kRelaxed) != 0)
      return next;
  }
  return std::nullopt;
}

bool SharedStream::take_room(std::uint64_t bytes, std::uint64_t growth) noexcept {
  Notes& notes = root_->writer;
  const std::uint64_t bound = notes.bound.load(kRelaxed) + growth;
  if (published() + bytes > notes.limit.load(std::memory_order_acquire) || bound > notes.capacity.load(kRelaxed))
    return false;
  notes.bound.store(bound, kRelaxed);
  return true;
}

std::uint64_t* SharedStream::tail() const noexcept { return words(root_->writer.origin.load(kRelaxed) + published()); }

void SharedStream::publish(std::uint64_t bytes) const noexcept {
  root_->published.store(published() + bytes, std::memory_order_release);
}

// The limit is stored last: a writer killed before that leaves one that lies below `published`.
void SharedStream::note(const Place& current, std::uint64_t bound) noexcept {
  Notes& notes = root_->writer;
  notes.bound.store(bound, kRelaxed);
  notes.capacity.store(capacity(), kRelaxed);
  notes.origin.store(current.at(0), std::memory_order_release);
  CRASH_POINT("stream-log.restart.noted");
  notes.limit.store(current.limit, std::memory_order_release);
}

Place SharedStream::adopt() {
  const Place current = newest(published());
  if (current.limit != root_->writer.limit.load(kRelaxed)) {
    CRASH_POINT("stream-log.adopt.begun");
    note(current, UINT64_MAX / 2);  // larger than any capacity: the next to ask for room counts anew
  }
  return current;
}

// Bytes that the dict may take as things are.
std::uint64_t SharedStream::capacity() const noexcept {
  const std::uint64_t committed =
      std::min(root_->areas[0].committed.load(kRelaxed), root_->areas[1].committed.load(kRelaxed));
  return committed > root_->least_stream ? committed - root_->least_stream : 0;
}

void SharedStream::commit(std::uint32_t number, std::uint64_t bytes) {
  Area& area = root_->areas[number];
  const std::uint64_t before = area.committed.load(kRelaxed);
  const std::uint64_t wanted = round_up(bytes);
  if (wanted <= before) return;
  std::uint64_t together = root_bytes() + wanted;
  for (std::uint32_t i = 0; i < kAreas; ++i)
    if (i != number) together += root_->areas[i].committed.load(kRelaxed);
  if (wanted > root_->area_bytes || together > root_->most)
    throw Error(ErrorCode::full,
                fmt::format("stream-log is full: {} bytes, half for the dict as it is and half for its "
                            "next dump, are all that it may take; raise max=",
                            root_->most));
  CRASH_POINT("stream-log.grow.begun");
  segment_.commit_range(area_at(number) + before, area_at(number) + wanted);
  CRASH_POINT("stream-log.grow.allocated");
  area.committed.store(wanted, kRelaxed);
  CRASH_POINT("stream-log.grow.done");
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

void SharedStream::make_room(std::uint64_t now, std::uint64_t then) {
  Notes& notes = root_->writer;
  const std::uint64_t bound = std::max(now, then);
  const std::uint64_t room = bound + root_->least_stream;
  // With little room left, the bound, which counts an overwritten value twice, would soon send everybody here again.
  if (const std::uint64_t spare = bound / 16 + kLeastStream; capacity() < bound + spare) {
    const std::uint64_t step = std::clamp(bound / 4, kLeastGrowth, kMostGrowth);
    const std::uint64_t generous = std::max(room, std::min(room + step, root_->area_bytes));
    for (std::uint32_t home = 0; home < kHomes; ++home)
      if (!try_commit(home, generous) && then > now) commit(home, room);
  }
  notes.capacity.store(capacity(), kRelaxed);
  notes.bound.store(bound, kRelaxed);
}

// Makes the area's generation unreadable; false where somebody reads it, and force is not allowed.
bool SharedStream::take_away(std::uint32_t number, bool by_force) {
  std::atomic<std::uint64_t>& generation = root_->areas[number].generation;
  const std::uint64_t old = generation.load(kRelaxed);
  if (old == 0) return true;
  generation.store(0, std::memory_order_seq_cst);
  CRASH_POINT("stream-log.restart.taken_away");
  if (!root_->slots.pinned(old)) return true;
  if (!by_force) {
    generation.store(old, std::memory_order_seq_cst);
    CRASH_POINT("stream-log.restart.left_to_reader");
    return false;
  }
  root_->slots.revoke(old);
  CRASH_POINT("stream-log.restart.revoked");
  return true;
}

// An area for a generation of at least so many bytes: the oldest one that is free; one of the others, grown for it; by
// force, a home.
std::uint32_t SharedStream::choose(const Place& current, std::uint64_t least) {
  std::array<std::uint32_t, kAreas> oldest_first{};
  for (std::uint32_t i = 0; i < kAreas; ++i) {
    oldest_first[i] = i;
    // Left by a writer that was killed before it came into force.
    if (read(i).generation > current.generation) root_->areas[i].generation.store(0, std::memory_order_seq_cst);
  }
  std::ranges::stable_sort(oldest_first, {}, [this](std::uint32_t i) { return read(i).generation; });
  const auto roomy = [&](std::uint32_t i) { return root_->areas[i].committed.load(kRelaxed) >= least; };
  for (const std::uint32_t i : oldest_first)
    if (i != current.area && roomy(i) && take_away(i, false)) return i;
  for (const std::uint32_t i : oldest_first)
    if (i != current.area && i >= kHomes && !roomy(i) && take_away(i, false) && try_commit(i, least)) return i;
  const std::uint32_t home = current.area == 0 ? 1 : 0;
  take_away(home, true);
  return home;
}

Place SharedStream::begin(const Place& current, std::uint64_t dump_bytes, std::uint64_t items) {
  const std::uint32_t number = choose(current, dump_bytes + root_->least_stream);
  const std::uint64_t stream =
      root_->buffer != 0 ? root_->buffer : std::max(root_->first_stream, whole_words(dump_bytes));
  Area& area = root_->areas[number];
  try_commit(number, std::min(dump_bytes + stream, root_->area_bytes));
  const Place next{.generation = current.generation + 1,
                   .area = number,
                   .base = current.limit + kGap,
                   .limit = current.limit + kGap + std::min(stream, area.committed.load(kRelaxed) - dump_bytes),
                   .dump_at = area_at(number),
                   .dump_bytes = dump_bytes,
                   .items = items};
  area.base.store(next.base, kRelaxed);
  area.limit.store(next.limit, kRelaxed);
  area.dump_bytes.store(dump_bytes, kRelaxed);
  area.items.store(items, kRelaxed);
  CRASH_POINT("stream-log.restart.placed");
  return next;
}

void SharedStream::install(const Place& current, const Place& next, std::uint64_t bound, bool follows) {
  CRASH_POINT("stream-log.restart.dumped");
  root_->areas[current.area].end.store(published(), kRelaxed);
  root_->areas[next.area].follows.store(follows ? 1 : 0, kRelaxed);
  root_->areas[next.area].generation.store(next.generation, std::memory_order_seq_cst);
  root_->dumps_written.store(root_->dumps_written.load(kRelaxed) + 1, kRelaxed);
  CRASH_POINT("stream-log.restart.installed");
  root_->published.store(next.base, std::memory_order_seq_cst);
  CRASH_POINT("stream-log.restart.published");
  note(next, bound);
  CRASH_POINT("stream-log.restart.done");
}

std::string SharedStream::broken(std::uint64_t dump_bytes) const {
  const Place current = newest(published());
  if (current.generation == 0) return fmt::format("no generation holds position {}", published());
  if (published() > current.limit)
    return fmt::format("published is {}, the stream ends at {}", published(), current.limit);
  std::uint64_t together = root_bytes();
  for (std::uint32_t i = 0; i < kAreas; ++i) {
    const std::uint64_t committed = root_->areas[i].committed.load(kRelaxed);
    together += committed;
    const Place place = read(i);
    if (place.generation != 0 && place.dump_bytes + (place.limit - place.base) > committed)
      return fmt::format("generation {} passes the memory of area {}", place.generation, i);
  }
  if (together > root_->most) return fmt::format("{} bytes are committed, {} are allowed", together, root_->most);
  if (dump_bytes > capacity())
    return fmt::format("the dict takes {} bytes, and the next dump has room for {}", dump_bytes, capacity());
  const Notes& notes = root_->writer;
  if (notes.limit.load(kRelaxed) == current.limit && notes.bound.load(kRelaxed) < dump_bytes)
    return fmt::format("the dict takes {} bytes, noted are {} at most", dump_bytes, notes.bound.load(kRelaxed));
  return {};
}

}  // namespace dictbench::stream_log
