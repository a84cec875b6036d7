// What the processes of a `step` trial share: its plan, the other process's calls, the stepped process's answers.
//
// A trial leads one process through one operation and has another one do what hurts. The tracked keys are three that
// the operation may concern, new ones in each trial, and some bystanders. Of each call on a tracked key the answer is
// noted. So the driver knows in which states a key was, and judges by that.
//
// The page is a mapping that the driver makes and the others inherit. Each field has one writer at a time; the driver
// reads when the writer has told that it is done, has ended or stands still.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engines/error.h"
#include "harness/torture/placement.h"

namespace dictbench::torture {

// What is led through.
enum class Operation : std::uint8_t { get, overwrite, insert, erase, add, size, for_each, get_many };
inline constexpr std::array kOperations{Operation::get, Operation::overwrite, Operation::insert,   Operation::erase,
                                        Operation::add, Operation::size,      Operation::for_each, Operation::get_many};
std::string_view to_string(Operation operation);

// What the other process does meanwhile, or after the kill.
enum class Hurt : std::uint8_t {
  reuse,      // sets and erases the operation's keys again and again
  erase_all,  // erases every key, then sets some again
  restart,    // overwrites the bystanders with long values: some megabytes
  grow,       // sets new keys, thousands
  fill,       // sets new keys up to Error(full)
};
std::string_view to_string(Hurt hurt);

// What becomes of the stepped process at its instruction.
enum class Action : std::uint8_t {
  kill,   // at once
  stop,   // it stands still while the other process does its work, and is killed then
  go_on,  // it stands still likewise, and goes on then
};
std::string_view to_string(Action action);

inline constexpr unsigned kOwnKeys = 3, kBystanders = 12, kTracked = kOwnKeys + kBystanders;
inline constexpr std::size_t kMostCalls = 8192;
inline constexpr std::uint64_t kMostNewKeys = 16'384;
inline constexpr std::int64_t kOwnVersion = 1'000'000'001;  // that the operation sets; the other's versions are smaller
inline constexpr std::int64_t kOwnDelta = 7;                // that it adds

// The plan. Keys are told by the trial's number, which no other trial in the same dict has.
struct Trial {
  Operation operation = Operation::get;
  Hurt hurt = Hurt::reuse;
  std::uint64_t number = 0;
  bool ends_erased = false;  // after `reuse` the operation's keys are gone

  std::string key(unsigned tracked) const;  // [0, kOwnKeys): the operation's; then the bystanders
  std::string spare_key() const;            // for warming up
  bool is_counter(unsigned tracked) const { return operation == Operation::add && tracked == 0; }
  bool writes() const;

  State first_state(unsigned own) const;  // that the operation finds
  Call call_on(unsigned tracked) const;   // what it asks of that key, without an answer; nothing: it leaves it alone

  std::string text_of(unsigned tracked, std::int64_t version) const;  // the value
  State state_of(unsigned tracked, std::string_view value) const;     // kMixed when nobody set this

  // The number of a tracked key; kTracked for others.
  unsigned tracked_of(std::string_view key) const;
};

// Keys that are set by the thousand. To fill, all values are long; to grow, every eighth one is.
std::string new_key(Hurt hurt, std::uint64_t number);
std::string new_value(Hurt hurt, std::uint64_t number);

// What an engine's contract must allow at least, in bytes.
std::size_t key_size();          // of each key
std::size_t least_value_size();  // that a version takes

// A version whose value is short or long; greater than `version`.
std::int64_t next_version(std::int64_t version, bool is_long);

struct LoggedCall {
  unsigned tracked = 0;
  Call call;
};

// An Error that crosses from one process to another.
struct Refusal {
  bool given = false;
  ErrorCode code = ErrorCode::unavailable;
  std::array<char, 256> text{};

  void put(const Error& error);
  std::string describe() const;  // "Error(full): no room"
};

// A tracked key in a walk.
struct Seen {
  unsigned times = 0;
  std::array<State, 2> states;  // of its first visits
};

// What the stepped process got.
struct Answer {
  Refusal refusal;
  std::array<State, kOwnKeys> states;  // of get and get_many: found; of erase: 1 or 0; of add: the sum
  std::uint64_t number = 0;            // size; what get_many counts
  std::array<Seen, kTracked> seen;     // by for_each
  std::array<char, 160> strange{};     // a key or a value in the walk that nobody set
  // What the other process had begun when it was answered: calls on tracked keys, and new keys.
  std::size_t calls_before = 0;
  std::uint64_t new_before = 0;
};

struct StepPage {
  Trial trial;

  // The other process's.
  std::atomic<std::uint64_t> work = 0;  // calls of the engine: it gets on
  std::atomic<std::size_t> begun = 0;   // calls on tracked keys; all but the last have an answer
  std::array<LoggedCall, kMostCalls> log;
  std::atomic<std::uint64_t> new_begun = 0, new_done = 0;  // keys set by `grow` or `fill`
  std::atomic<bool> is_full = false;                       // Error(full) ended them
  Refusal failure;                                         // also of the process that reads all in the end

  Answer answer;
  std::array<State, kTracked> after;  // what a new process reads in the end

  // Whether a write may end in Error(full). In `fill` any process may be the first that has no room; in `grow` an
  // engine with a limit of its own may have none.
  bool may_be_full() const { return trial.hurt == Hurt::fill || is_full.load(); }
};

}  // namespace dictbench::torture
