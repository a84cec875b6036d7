// What an engine promises. Declared here by each engine, then tested: the conformance suite reads it
// to know what must hold, the driver to know how to verify, the table `contracts` prints it.
#pragma once

#include <cstddef>
#include <string_view>

namespace dictbench {

enum class Consistency {
  none,           // no promise across processes
  buffered_sets,  // linearizable, but a set takes effect before its process's next operation that is no set does, and
                  // perhaps not earlier; a killed process's last sets may be lost
  linearizable,   // every operation takes effect at one instant between its call and its return
};

std::string_view to_string(Consistency consistency);

struct Contract {
  bool stores = true;                    // false: accepts everything, keeps nothing (`null`)
  bool shared_between_processes = true;  // false: each attached process has a dict of its own
  bool shared_between_threads = false;  // of dicts that processes cannot share: all dicts of one Engine object are one,
                                        // linearizable, and each may have a thread of its own
  bool survives_killed_writer = false;  // SIGKILL of a process in mid-write leaves the dict usable and whole
  bool survives_stopped_process = false;  // SIGSTOP of a process in mid-operation holds nobody else up
  bool durable = false;                   // acknowledged writes survive a restart of the machine
  Consistency consistency = Consistency::linearizable;
  bool ordered = false;  // scan() works, for_each() goes in byte order of the keys
  bool atomic_add = true;
  std::size_t largest_key = 0;  // bytes, inclusive
  std::size_t largest_value = 0;
  std::size_t most_items = 0;  // keys; one more is Error(full). 0: as many as there is room for
  bool binary_keys = true;     // false: keys are 1 or more bytes without spaces or control characters
  bool empty_key = true;       // false: a key has at least one byte
  bool lists = true;           // false: size() is known, for_each() is unsupported
  bool needs_server = false;
};

}  // namespace dictbench
