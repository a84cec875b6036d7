// The dict of one process: a replica, and the shared stream that keeps it up to date.
//
// Reading: one atomic load tells whether there is anything new; if so, it is applied first. Writing: under the writers'
// lock a record goes to the end of the stream, and one store publishes it; the own replica learns of it from there like
// everybody's, with the next read or some dozens of records later. Setting needs no look at the old value, so a writer
// need not have caught up; erasing and adding do, under the lock.
//
// When the stream is full, the lock's holder catches up, writes a dump of its replica into other memory and begins a
// new stream there (areas.h). Whoever comes later finds the end of the old stream and goes on in the new one; whoever
// comes so late that the old stream has been written over loads the newest dump. Readers take no lock, nor does who
// attaches: they pin the generation that they read (reader_slots.h), and look whether it is still there when they have
// read. A reader that has lost its generation several times, or has found no slot free, reads under the writers' lock,
// where nothing is written over.
//
// Linearizable: a change takes effect at the store to `published`, a get at its load of it.
//
// Used by one thread of the process that made it. All operations may throw Error(full: no memory; timeout; corrupt).
// After Error(full) the dict is as it was, and can be used.
#pragma once

#include <chrono>
#include <string>

#include "engines/engine.h"
#include "engines/stream_log/areas.h"
#include "engines/stream_log/replica.h"

namespace dictbench::stream_log {

class Log final : public Dict {
 public:
  // `timeout`: how long to wait for the lock. Attaching itself waits for nobody. Throws Error as Segment::open and
  // ProcessIdentity::self do.
  Log(const std::string& segment_name, std::chrono::milliseconds timeout);
  ~Log() override;

  bool get(std::string_view key, Value& out) override {
    const Replica* replica = &replica_;
    if (shared_.published() != replica_.position) [[unlikely]]
      replica = &up_to_date();
    return find(*replica, key, out);
  }

  void set(std::string_view key, std::string_view value) override;
  bool erase(std::string_view key) override;
  std::int64_t add(std::string_view key, std::int64_t delta) override;
  std::uint64_t size() override;
  void for_each(const Visitor& visit) override;
  std::size_t get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) override;
  void set_many(std::span<const KeyValue> items) override;

  // For tests and Engine::check_integrity(): what is broken in the shared memory, or empty.
  std::string broken();

 private:
  class Turn;  // turn.h
  class Walk;

  static bool find(const Replica& replica, std::string_view key, Value& out) {
    const auto found = replica.map.find(key);
    if (found == replica.map.end()) return false;
    copy_out(found->second, out);
    return true;
  }

  const Replica& up_to_date();
  void catch_up();
  void catch_up_locked();
  bool follow(Pin& pin);
  bool load(Pin& pin);
  bool read(Pin& pin, const Place& place, std::uint64_t offset, std::uint64_t bytes);
  void forget();
  static Error no_memory();

  void append(const Change& change);
  bool take_room_slowly(const Change& change);
  Place make_room(const Place& current, std::uint64_t now, std::uint64_t then);
  void restart_with(const Change& change, const Place& current);
  void put_into_force(const Place& current, const Place& next, std::uint64_t bound, bool follows);
  void follow_own() noexcept;

  SharedStream shared_;
  std::chrono::milliseconds timeout_;
  Slot* slot_ = nullptr;
  pid_t owner_;
  Replica replica_;
  const Replica* walked_ = nullptr;  // that a for_each walks now
  RecordReader reader_;
};

}  // namespace dictbench::stream_log
