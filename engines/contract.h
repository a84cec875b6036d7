// What an engine promises. Declared here by each engine, then tested: the conformance suite reads it
// to know what must hold, the driver to know how to verify, the table `contracts` prints it.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

namespace dictbench {

enum class Consistency {
  none,           // no promise across processes
  buffered_sets,  // like linearizable, but a set may take effect late: at the latest before its process's next
                  // operation other than a set. If the process is killed first, those sets may be lost.
  linearizable,   // every operation takes effect at one instant between its call and its return
};

std::string_view to_string(Consistency consistency);

// Of a size or a number: none is too large for the engine itself, only for the room that there is.
inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

struct Contract {
  bool stores = true;                    // false: accepts everything, keeps nothing (`null`)
  bool shared_between_processes = true;  // false: each attached process has a dict of its own
  bool shared_between_threads = false;   // only where processes cannot share it: the dicts that one Engine attaches are
                                         // one dict, linearizable, which several threads use, each its own Dict
  bool survives_killed_writer = false;   // SIGKILL of a process in mid-write leaves the dict usable and whole
  bool survives_stopped_process = false;  // SIGSTOP of a process in mid-operation holds nobody else up
  bool durable = false;                   // acknowledged writes survive a restart of the machine
  Consistency consistency = Consistency::linearizable;
  bool ordered = false;  // scan() works, for_each() goes in byte order of the keys
  bool atomic_add = true;
  std::size_t largest_key = kNoLimit;    // bytes; one more is Error(too_large)
  std::size_t largest_value = kNoLimit;  // bytes; one more is Error(too_large)
  std::size_t most_items = kNoLimit;     // keys; one more is Error(full)
  bool binary_keys = true;               // false: keys are 1 or more bytes without spaces or control characters
  bool empty_key = true;                 // false: a key has at least one byte
  bool lists = true;                     // false: size() is known, for_each() is unsupported
  bool needs_server = false;
};

}  // namespace dictbench
