#include "engines/stream_log/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

#include "engines/counter.h"
#include "engines/error.h"
#include "engines/shm/crash_point.h"

namespace dictbench::stream_log {
namespace {

// So far may the replica lag behind the stream before a set catches up: enough records for the hash map's memory
// accesses to overlap (applied one by one after each set they cost twice as much), few enough to be in the cache still.
constexpr std::uint64_t kLongestLag = 4 << 10;

// A reader whose generation was written over so many times while it read takes the lock.
constexpr int kAttempts = 4;

void check_size(std::string_view key, std::string_view value) {
  if (key.size() > kLargestKey)
    throw Error(ErrorCode::too_large,
                fmt::format("stream-log: a key of {} bytes; at most {}", key.size(), kLargestKey));
  if (value.size() > kLargestValue)
    throw Error(ErrorCode::too_large,
                fmt::format("stream-log: a value of {} bytes; at most {}", value.size(), kLargestValue));
}

Error no_memory() {
  return {ErrorCode::full, "stream-log: the process has no memory left for its replica; see `ulimit -v`"};
}

}  // namespace

// The writers' lock for a scope. That its holder before was killed needs no telling: see areas.h.
class Log::Turn {
 public:
  explicit Turn(Log& log) : lock_(log.shared_.lock()) {
    if (!lock_.lock_for(log.timeout_))
      throw Error(ErrorCode::timeout,
                  fmt::format("stream-log: another process has held the writers' lock for {} ms; see whether it is "
                              "stopped, or raise timeout=",
                              log.timeout_.count()));
    CRASH_POINT("stream-log.turn.taken");
  }
  ~Turn() {
    CRASH_POINT("stream-log.turn.ending");
    lock_.unlock();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  RobustMutex& lock_;
};

Log::Log(const std::string& segment_name, std::chrono::milliseconds timeout)
    : shared_(segment_name), timeout_(timeout), owner_(getpid()) {
  const Turn turn(*this);
  slot_ = shared_.slots().claim();
}

Log::~Log() {
  if (slot_ != nullptr && owner_ == getpid()) ReaderSlots::give_back(*slot_);
}

// --- reading -------------------------------------------------------------------------------------------------------

void Log::forget() { replica_ = Replica(); }

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
  if (!follow(pin))
    throw Error(ErrorCode::corrupt, "stream-log: the stream cannot be read; its memory is damaged, make the dict anew");
}

// Brings the replica up to date. False where what was read is not to be believed: then forget() and try again.
bool Log::follow(Pin& pin) try {
  Place& place = replica_.place;
  pin.set(place.generation);
  CRASH_POINT("stream-log.read.pinned");
  if ((place.generation == 0 || !shared_.still_there(place)) && !load(pin)) return false;
  while (true) {
    const std::uint64_t published = shared_.published_after_pin();
    const bool current = published <= place.limit;
    const std::uint64_t end = current ? published : shared_.end_of(place);
    if (end < replica_.position || end > place.limit) return false;
    if (!read(pin, place.at(replica_.position), end - replica_.position)) return false;
    replica_.position = end;
    if (current) return true;
    CRASH_POINT("stream-log.read.stream_ended");
    const auto next = shared_.successor(place);
    if (next) {
      if (!pin.move(next->generation)) return false;
      CRASH_POINT("stream-log.read.moved");
      if (shared_.still_there(*next)) {
        place = shared_.read(next->area);
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
  if (!shared_.still_there(newest)) return false;
  const Place place = shared_.read(newest.area);
  if (place.base > published) return false;
  replica_.map.reserve(place.items);
  if (!read(pin, place.dump_at, place.dump_bytes)) return false;
  replica_.place = place;
  replica_.position = place.base;
  shared_.count_load();
  CRASH_POINT("stream-log.load.done");
  return true;
}

bool Log::read(Pin& pin, std::uint64_t offset, std::uint64_t bytes) {
  if (bytes == 0 || reader_.apply(shared_.words(offset), bytes, replica_)) return true;
  if (!pin.holds()) return false;
  forget();
  throw Error(ErrorCode::corrupt,
              "stream-log: something in the stream is no record; its memory is damaged, make the "
              "dict anew");
}

std::uint64_t Log::size() {
  if (shared_.published() != replica_.position) catch_up();
  return replica_.map.size();
}

std::size_t Log::get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) {
  if (shared_.published() != replica_.position) catch_up();
  for (const std::string_view key : keys) replica_.map.prefetch(key);
  std::size_t hits = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    found[i] = find(keys[i], out[i]);
    hits += found[i];
  }
  return hits;
}

// Walks a replica that nothing changes meanwhile: a get from inside the walk that finds something new begins another.
void Log::for_each(const Visitor& visit) {
  if (shared_.published() != replica_.position) catch_up();
  struct Walk {
    explicit Walk(Replica& replica) : own(replica), walked(std::exchange(replica, Replica())) {}
    ~Walk() {
      if (own.position == 0) own = std::move(walked);
    }
    Replica& own;
    Replica walked;
  } walk(replica_);
  for (const auto& [key, value] : walk.walked.map)
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

// --- writing -------------------------------------------------------------------------------------------------------

void Log::set(std::string_view key, std::string_view value) {
  check_size(key, value);
  {
    const Turn turn(*this);
    append({Kind::set, key, value});
  }
  follow_own();
}

void Log::set_many(std::span<const KeyValue> items) {
  for (const KeyValue& item : items) check_size(item.key, item.value);
  {
    const Turn turn(*this);
    for (const KeyValue& item : items) append({Kind::set, item.key, item.value});
  }
  follow_own();
}

bool Log::erase(std::string_view key) {
  if (key.size() > kLargestKey) return false;
  if (shared_.published() != replica_.position) catch_up();  // most of it without the lock
  const Change change{Kind::erase, key};
  const Turn turn(*this);
  catch_up_locked();
  if (!replica_.map.contains(key)) return false;
  append(change);
  return true;
}

std::int64_t Log::add(std::string_view key, std::int64_t delta) {
  check_size(key, {});
  if (shared_.published() != replica_.position) catch_up();
  const Turn turn(*this);
  catch_up_locked();
  const auto found = replica_.map.find(key);
  const std::int64_t sum = checked_add(found == replica_.map.end() ? 0 : counter_value(found->second), delta);
  CRASH_POINT("stream-log.add.read");
  const CounterText text(sum);
  append({Kind::set, key, text.view()});
  return sum;
}

// Puts the change into force; under the lock. The replica follows later.
void Log::append(const Change& change) {
  const std::uint64_t bytes = change.bytes();
  if (!shared_.take_room(bytes, change.kind == Kind::set ? bytes : 0) && !take_room_slowly(change)) [[unlikely]]
    return;
  CRASH_POINT("stream-log.append.begun");
  store_record(shared_.tail(), change);
  CRASH_POINT("stream-log.append.written");
  shared_.publish(bytes);
  CRASH_POINT("stream-log.append.published");
}

// With an exact account of the dict, after which there is room, or Error(full). False: the change went into force with
// a new dump.
bool Log::take_room_slowly(const Change& change) try {
  const Place current = shared_.adopt();
  catch_up_locked();
  const std::uint64_t now = replica_.bytes, then = replica_.bytes_after(change);
  shared_.make_room(now, then);
  if (shared_.published() + change.bytes() <= current.limit) return true;
  const bool in_stream = shared_.fits_every_stream(change.bytes());
  if (!in_stream) replica_.apply(change);  // others cannot follow a stream that has no record of it
  restart(current, in_stream ? std::max(now, then) : then, in_stream);
  return in_stream;
} catch (const std::bad_alloc&) {
  throw no_memory();
}

void Log::restart(const Place& current, std::uint64_t bound, bool follows) {
  CRASH_POINT("stream-log.restart.begun");
  const Place next = shared_.begin(current, replica_.bytes, replica_.map.size());
  replica_.dump(shared_.words(next.dump_at));
  shared_.install(current, next, bound, follows);
  replica_.place = next;
  replica_.position = next.base;
}

// Keeps the replica from lagging far behind. The changes are in force, so nothing that goes wrong here is an error of
// the write: who reads next is told.
void Log::follow_own() noexcept try {
  if (shared_.published() - replica_.position > kLongestLag) catch_up();
} catch (const std::exception&) {
  forget();
}

}  // namespace dictbench::stream_log
