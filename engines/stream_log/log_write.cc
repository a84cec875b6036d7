// Writing: under the writers' lock a record at the end of the stream or, where that is full, a new generation.
#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "engines/counter.h"
#include "engines/error.h"
#include "engines/shm/crash_point.h"
#include "engines/stream_log/log.h"
#include "engines/stream_log/turn.h"

namespace dictbench::stream_log {
namespace {

// So far may the replica lag behind the stream before a set catches up: enough records for the hash map's memory
// accesses to overlap (applied one by one after each set they cost twice as much), few enough to be in the cache still.
constexpr std::uint64_t kLongestLag = 4 << 10;

void check_size(std::string_view key, std::string_view value) {
  if (key.size() > kLargestKey)
    throw Error(ErrorCode::too_large,
                fmt::format("stream-log: a key of {} bytes; at most {}", key.size(), kLargestKey));
  if (value.size() > kLargestValue)
    throw Error(ErrorCode::too_large,
                fmt::format("stream-log: a value of {} bytes; at most {}", value.size(), kLargestValue));
}

}  // namespace

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
  Place current = shared_.adopt();
  catch_up_locked();
  const std::uint64_t now = replica_.bytes, then = replica_.bytes_after(change);
  current = make_room(current, now, then);
  if (shared_.published() + change.bytes() <= current.limit) return true;
  CRASH_POINT("stream-log.restart.begun");
  const Place next = shared_.begin(current, now, replica_.map.size());
  if (change.bytes() > next.stream_bytes()) {
    restart_with(change, current);
    return false;
  }
  put_into_force(current, next, std::max(now, then), true);
  return true;
} catch (const std::bad_alloc&) {
  throw no_memory();
}

// Room for the dict as it is and as it will be, or Error(full). The current generation, which may be another
// afterwards: one that lies in a spare goes home before a write is refused for want of the spare's memory.
Place Log::make_room(const Place& current, std::uint64_t now, std::uint64_t then) try {
  shared_.make_room(now, then);
  return current;
} catch (const Error& error) {
  if (error.code() != ErrorCode::full || !shared_.homes_can_hold(then)) throw;
  Place home = current;
  if (!SharedStream::at_home(current)) {
    CRASH_POINT("stream-log.restart.begun");
    home = shared_.begin(current, now, replica_.map.size(), true);
    put_into_force(current, home, now, true);
  }
  shared_.give_back_spares(home);
  shared_.make_room(now, then);
  return home;
}

// For a record that is longer than a stream: with a dump that holds the change. Others cannot follow a stream that has
// no record of it, so everybody loads the dump.
void Log::restart_with(const Change& change, const Place& current) try {
  replica_.apply(change);
  const Place next = shared_.begin(current, replica_.bytes, replica_.map.size());
  put_into_force(current, next, replica_.bytes, false);
} catch (...) {
  forget();  // it may hold what never came into force
  throw;
}

// A new generation, with a dump of the replica.
void Log::put_into_force(const Place& current, const Place& next, std::uint64_t bound, bool follows) {
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
