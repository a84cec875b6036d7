#include "engines/stream_log/areas.h"

#include <fmt/format.h>

#include <algorithm>

#include "engines/shm/crash_point.h"

namespace dictbench::stream_log {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kInOneOrder = std::memory_order_seq_cst;

}  // namespace

// What belongs to a generation is stored with release after the one before was taken away, and loaded with acquire: who
// has loaded something of the next one finds the generation gone (find_pinned()).
Place SharedStream::read(std::uint32_t number) const noexcept {
  const Area& area = root_->areas[number];
  const std::uint64_t generation = area.generation.load(kAcquire);
  return {.generation = (generation & kAway) == 0 ? generation : 0,
          .area = number,
          .base = area.base.load(kAcquire),
          .limit = area.limit.load(kAcquire),
          .dump_at = area_at(number),
          .dump_bytes = area.dump_bytes.load(kAcquire),
          .items = area.items.load(kAcquire)};
}

Place SharedStream::newest(std::uint64_t published) const {
  Place newest;
  for (std::uint32_t i = 0; i < kAreas; ++i) {
    const Place place = read(i);
    if (place.generation != 0 && place.base <= published && place.base >= newest.base) newest = place;
  }
  return newest;
}

std::optional<Place> SharedStream::find_pinned(const Place& place) const noexcept {
  const Place found = read(place.area);
  if (found.generation != place.generation || !still_there(place)) return std::nullopt;
  return found;
}

std::uint64_t SharedStream::end_of(const Place& place) const noexcept {
  return root_->areas[place.area].end.load(kAcquire);
}

std::optional<Place> SharedStream::successor(const Place& place) const {
  for (std::uint32_t i = 0; i < kAreas; ++i) {
    const Place next = read(i);
    if (next.generation == place.generation + 1 && next.base == place.limit + kGap &&
        root_->areas[i].follows.load(kAcquire) != 0)
      return next;
  }
  return std::nullopt;
}

bool SharedStream::take_room(std::uint64_t bytes, std::uint64_t growth) noexcept {
  Notes& notes = root_->writer;
  const std::uint64_t bound = notes.bound.load(kRelaxed) + growth;
  if (published() + bytes > notes.limit.load(kAcquire) || bound > notes.capacity.load(kRelaxed)) return false;
  notes.bound.store(bound, kRelaxed);
  return true;
}

std::uint64_t* SharedStream::tail() const noexcept { return words(root_->writer.origin.load(kRelaxed) + published()); }

void SharedStream::publish(std::uint64_t bytes) const noexcept {
  root_->published.store(published() + bytes, kRelease);
}

// The limit is stored last: a writer killed before that leaves one that lies below `published`.
void SharedStream::note(const Place& current, std::uint64_t bound) noexcept {
  Notes& notes = root_->writer;
  notes.bound.store(bound, kRelaxed);
  notes.capacity.store(capacity(), kRelaxed);
  notes.origin.store(current.at(0), kRelease);
  CRASH_POINT("stream-log.restart.noted");
  notes.limit.store(current.limit, kRelease);
}

Place SharedStream::adopt() {
  const Place current = newest(published());
  if (current.limit != root_->writer.limit.load(kRelaxed)) {
    CRASH_POINT("stream-log.adopt.begun");
    note(current, UINT64_MAX / 2);  // larger than any capacity: the next to ask for room counts anew
  }
  return current;
}

// Makes the area's generation unreadable; false where somebody reads it, and force is not allowed. When it returns
// true, whoever had pinned it has let go, or will find its pin revoked.
bool SharedStream::take_away(std::uint32_t number, bool by_force) {
  std::atomic<std::uint64_t>& generation = root_->areas[number].generation;
  const std::uint64_t before = generation.load(kRelaxed), old = before & ~kAway;
  if (old == 0) return true;
  // Looked at first while it can still be read: to ask whether a reader lives takes 5 us, in which whoever wants to
  // follow the stream would find it gone and load a whole dump.
  if (!by_force && root_->slots.pinned(old)) {
    CRASH_POINT("stream-log.restart.left_to_reader");
    return false;
  }
  CRASH_POINT("stream-log.restart.looked");
  generation.store(old | kAway, kInOneOrder);
  CRASH_POINT("stream-log.restart.taken_away");
  if (by_force) {
    root_->slots.revoke(old);
    CRASH_POINT("stream-log.restart.revoked");
    return true;
  }
  if (!root_->slots.pinned(old)) return true;
  // Somebody came between the two looks. This call has written nothing here; a writer before it may have.
  if (before == old) generation.store(old, kInOneOrder);
  CRASH_POINT("stream-log.restart.left_to_reader");
  return false;
}

// Generations of writers that were killed before these came into force. Nobody can have pinned one.
void SharedStream::drop_unborn(const Place& current) noexcept {
  for (std::uint32_t i = 0; i < kAreas; ++i)
    if (read(i).generation > current.generation) root_->areas[i].generation.store(0, kInOneOrder);
}

// An area for a generation of at least so many bytes: the oldest one that is free; one of the spares, grown for it; by
// force, a home.
std::uint32_t SharedStream::choose(const Place& current, std::uint64_t least, bool in_home) {
  drop_unborn(current);
  std::array<std::uint32_t, kAreas> oldest_first{};
  for (std::uint32_t i = 0; i < kAreas; ++i) oldest_first[i] = i;
  std::ranges::stable_sort(oldest_first, {}, [this](std::uint32_t i) { return read(i).generation; });
  const auto allowed = [&](std::uint32_t i) { return i != current.area && (i < kHomes || !in_home); };
  const auto roomy = [&](std::uint32_t i) { return committed(i) >= least; };
  for (const std::uint32_t i : oldest_first)
    if (allowed(i) && roomy(i) && take_away(i, false)) return i;
  for (const std::uint32_t i : oldest_first)
    if (allowed(i) && i >= kHomes && !roomy(i) && take_away(i, false) && try_commit(i, least)) return i;
  const std::uint32_t home = current.area == 0 ? 1 : 0;
  take_away(home, true);
  return home;
}

Place SharedStream::begin(const Place& current, std::uint64_t dump_bytes, std::uint64_t items, bool in_home) {
  const std::uint32_t number = choose(current, dump_bytes + root_->least_stream, in_home);
  const std::uint64_t stream =
      root_->buffer != 0 ? root_->buffer : std::max(root_->first_stream, whole_words(dump_bytes));
  Area& area = root_->areas[number];
  try_commit(number, std::min(dump_bytes + stream, root_->area_bytes));
  const Place next{.generation = current.generation + 1,
                   .area = number,
                   .base = current.limit + kGap,
                   .limit = current.limit + kGap + std::min(stream, committed(number) - dump_bytes),
                   .dump_at = area_at(number),
                   .dump_bytes = dump_bytes,
                   .items = items};
  area.base.store(next.base, kRelease);
  area.limit.store(next.limit, kRelease);
  area.dump_bytes.store(dump_bytes, kRelease);
  area.items.store(items, kRelease);
  CRASH_POINT("stream-log.restart.placed");
  return next;
}

void SharedStream::install(const Place& current, const Place& next, std::uint64_t bound, bool follows) {
  CRASH_POINT("stream-log.restart.dumped");
  root_->areas[current.area].end.store(published(), kRelease);
  root_->areas[next.area].follows.store(follows ? 1 : 0, kRelease);
  root_->areas[next.area].generation.store(next.generation, kInOneOrder);
  root_->dumps_written.store(root_->dumps_written.load(kRelaxed) + 1, kRelaxed);
  CRASH_POINT("stream-log.restart.installed");
  root_->published.store(next.base, kInOneOrder);
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
    together += committed(i);
    const Place place = read(i);
    if (place.generation != 0 && place.dump_bytes + place.stream_bytes() > committed(i))
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
