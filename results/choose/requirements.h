// What a service asks of a shared dict, as `dictbench choose` takes it: texts with units in, plain numbers out.
//
// Plain values and pure functions. Every option stands once, in questions(): the command line, the interactive mode
// and the command that is told for an answer are made of that list.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dictbench {

// A requirement that cannot be read: one line with the option, what was given and what is allowed.
class RequirementError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

enum class Guarantee {
  shared,         // between processes
  survives_kill,  // SIGKILL of a writer leaves the dict usable and whole
  survives_stop,  // a stopped process holds nobody else up
  durable,        // acknowledged writes survive a restart of the machine
  linearizable,
  ordered,     // scans in the order of the keys
  atomic_add,  // counters
  no_server,
  listing,      // all keys can be walked
  binary_keys,  // any bytes may be a key
};

// "survives-kill", and back; nothing for a text that names none.
std::string_view to_string(Guarantee promise);
std::optional<Guarantee> guarantee_named(std::string_view name);
const std::vector<Guarantee>& all_guarantees();

enum class ReadKind { gets, scans };
enum class WriteKind {
  sets,   // values of keys that are there, or new ones
  churn,  // keys come and go: inserts and erases
  adds,   // counters
};
enum class RankBy { ops, p99, memory };

struct Requirements {
  unsigned processes = 2;
  double reads = 0.95;  // share of the operations, 0 to 1
  ReadKind read_kind = ReadKind::gets;
  WriteKind write_kind = WriteKind::sets;
  std::optional<std::uint64_t> value_bytes;  // absent: any
  std::optional<std::uint64_t> items;        // absent: any
  std::set<Guarantee> must;
  std::optional<double> max_bytes_per_item;
  std::optional<double> p99_ns;     // at most
  std::optional<double> ops_per_s;  // at least, all processes together
  RankBy rank_by = RankBy::ops;
};

struct Question {
  std::string option;   // "--value-size"
  std::string ask;      // "How long is a value?"
  std::string allowed;  // "bytes, like 200 or 64K, or any"
  // Throws RequirementError.
  void (*set)(Requirements& requirements, std::string_view text);
  // The text that `set` reads back as the same; what stands for "not asked" is "any" or "none".
  std::string (*told)(const Requirements& requirements);
};

// In the order in which they are asked.
const std::vector<Question>& questions();

// "dictbench choose --processes 8 --reads 0.95 ...": only what differs from the defaults, processes and reads always.
std::string command_line(const Requirements& requirements);

// "8 processes, 95 % gets, 5 % sets, values of 200 B; must: survives-kill, durable; p99 at most 50.0 us".
std::string in_words(const Requirements& requirements);

}  // namespace dictbench
