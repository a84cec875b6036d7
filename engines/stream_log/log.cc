// Attaching and reading.
#include "engines/stream_log/log.h"

#include <unistd.h>

#include <new>
#include <utility>

#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/stream_log/turn.h"

namespace dictbench::stream_log {
namespace {

// A reader whose generation was written over so many times while it read takes the lock.
constexpr int kAttempts = 4;

}  // namespace

Error Log::no_memory() {
  return {ErrorCode::full, "stream-log: the process has no memory left for its replica; see `ulimit -v`"};
}

Log::Log(const std::string& segment_name, std::chrono::milliseconds timeout)
    : shared_(segment_name), timeout_(timeout), owner_(getpid()) {
  replica_hasher();  // drawn here, where there being none can be told
  slot_ = shared_.slots().claim();
}

Log::~Log() {
  if (slot_ != nullptr && owner_ == getpid()) ReaderSlots::give_back(*slot_);
}

void Log::forget() { replica_ = Replica(); }

// The replica that has all that is published: the own one, brought so far, or the one that is being walked.
const Replica& Log::up_to_date() {
  const std::uint64_t published = shared_.published();
  if (published == replica_.position) return replica_;
  if (walked_ != nullptr && published == walked_->position) return *walked_;
  catch_up();
  return replica_;
}

void Log::catch_up() {
  if (slot_ != nullptr)
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      Pin pin(slot_);
      if (follow(pin) && pin.release()) return;
      CRASH_POINT("stream-log.read.overtaken");
      forget();
    }
  const Turn turn(*this);
  catch_up_locked();
}

void Log::catch_up_locked() {
  if (shared_.published() == replica_.position) return;
  Pin pin(nullptr);
  if (follow(pin)) return;
  forget();
  throw Error(ErrorCode::corrupt, "stream-log: the stream cannot be read; its memory is damaged, make the dict anew");
}

// Brings the replica up to date. False where what was read is not to be believed: then forget() and try again.
bool Log::follow(Pin& pin) try {
  Place& place = replica_.place;
  pin.set(place.generation);
  CRASH_POINT("stream-log.read.pinned");
  if ((place.generation == 0 || !shared_.still_there(place)) && !load(pin)) return false;
  while (true) {
    CRASH_POINT("stream-log.read.begun");
    const std::uint64_t published = shared_.published_after_pin();
    const bool current = published <= place.limit;
    const std::uint64_t end = current ? published : shared_.end_of(place);
    // An end that belongs to another generation came there after this one was taken away.
    if (end < replica_.position || end > place.limit || !shared_.still_there(place)) return false;
    if (!read(pin, place, place.at(replica_.position), end - replica_.position)) return false;
    replica_.position = end;
    if (current) return true;
    CRASH_POINT("stream-log.read.stream_ended");
    if (const auto next = shared_.successor(place)) {
      if (!pin.move(next->generation)) return false;
      CRASH_POINT("stream-log.read.moved");
      if (const auto found = shared_.find_pinned(*next)) {
        place = *found;
        replica_.position = place.base;
        continue;
      }
    }
    if (!load(pin)) return false;
  }
} catch (const std::bad_alloc&) {
  forget();
  throw no_memory();
}

// Loads the newest dump in place of the replica. What was read under the pin before does not matter any more.
bool Log::load(Pin& pin) {
  forget();
  const std::uint64_t published = shared_.published();
  const Place newest = shared_.newest(published);
  if (newest.generation == 0) return false;
  pin.set(newest.generation);
  CRASH_POINT("stream-log.load.pinned");
  const auto place = shared_.find_pinned(newest);
  if (!place || place->base > published) return false;
  CRASH_POINT("stream-log.load.begun");
  replica_.reserve(place->items);
  if (!read(pin, *place, place->dump_at, place->dump_bytes)) return false;
  replica_.place = *place;
  replica_.position = place->base;
  shared_.count_load();
  CRASH_POINT("stream-log.load.done");
  return true;
}

// Applies a stretch of a pinned generation to the replica. False where it may have been written over meanwhile. The pin
// tells that of one that was revoked, and the generation itself of every one, also where the writer who took it away
// was killed before it could revoke anything.
bool Log::read(Pin& pin, const Place& place, std::uint64_t offset, std::uint64_t bytes) {
  bool whole = true, had_memory = true;
  try {
    whole = bytes == 0 || reader_.apply(shared_.words(offset), bytes, replica_);
  } catch (const std::bad_alloc&) {
    had_memory = false;  // what is written over meanwhile may seem to be of any size
  }
  CRASH_POINT("stream-log.read.applied");
  if (!pin.holds() || !shared_.still_there(place)) return false;
  if (!had_memory) throw std::bad_alloc();
  if (whole) return true;
  forget();
  throw Error(ErrorCode::corrupt,
              "stream-log: something in the stream is no record; its memory is damaged, make the "
              "dict anew");
}

std::uint64_t Log::size() { return up_to_date().map.size(); }

std::size_t Log::get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) {
  const Replica& replica = up_to_date();
  for (const std::string_view key : keys) replica.map.prefetch(key);
  std::size_t hits = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    found[i] = find(replica, keys[i], out[i]);
    hits += found[i];
  }
  return hits;
}

// What for_each walks: a replica that nothing changes meanwhile. Reads from inside the walk find it as long as nothing
// new is published; after that they begin another, by loading a dump.
class Log::Walk {
 public:
  explicit Walk(Log& log) : log_(log), before_(log.walked_) {
    if (&log.up_to_date() != &log.replica_) return;  // a walk within a walk: of the same replica
    walked_ = std::exchange(log.replica_, Replica());
    log.walked_ = &walked_;
  }
  ~Walk() {
    if (log_.walked_ != &walked_) return;
    log_.walked_ = before_;
    if (log_.replica_.position == 0) log_.replica_ = std::move(walked_);
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

 private:
  Log& log_;
  const Replica* before_;
  Replica walked_;
};

void Log::for_each(const Visitor& visit) {
  const Walk walk(*this);
  for (const auto& [key, value] : walked_->map)
    if (!visit(key.text, value)) return;
}

std::string Log::broken() {
  const Turn turn(*this);
  shared_.adopt();
  forget();
  try {
    catch_up_locked();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::corrupt) throw;
    return error.what();
  }
  if (replica_.place.items == 0 && replica_.place.dump_bytes != 0) return "a dump has bytes and no keys";
  return shared_.broken(replica_.bytes);
}

}  // namespace dictbench::stream_log
